"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from tests.support.postgresql import VARIABLE, new_database, postgres_server


@pytest.fixture(scope="session", autouse=True)
def every_server_is_strict() -> Iterator[None]:
    """Let the servers that tests start hold what they answer to the OpenAPI document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUD_STRICT", "1")
        patch.delenv(VARIABLE, raising=False)  # it is for the tests: servers would take it for a wrong setting
        yield


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """Return the URL of the PostgreSQL server of this run."""
    base = tmp_path_factory.getbasetemp()
    with postgres_server(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of an empty database for the tests of a module, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/bud.db"
        return
    with new_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def postgres_url(postgres: URL) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database."""
    with new_database(postgres) as url:
        yield url
