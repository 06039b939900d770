"""What holds for every test."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def every_server_is_strict() -> Iterator[None]:
    """Let the servers that tests start hold what they answer to the OpenAPI document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUD_STRICT", "1")
        yield
