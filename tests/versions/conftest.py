"""Each test imports the project that it is about, and leaves nothing of it behind."""

import os
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def forget_projects() -> Iterator[None]:
    """Forget the modules of a test's project, and where they were found."""
    path, inherited = sys.path.copy(), os.environ.get("PYTHONPATH")
    yield
    sys.path[:] = path
    os.environ.pop("PYTHONPATH", None)
    if inherited is not None:
        os.environ["PYTHONPATH"] = inherited
    for name in [name for name in sys.modules if name.partition(".")[0] in ("duo_actions", "duo_generated")]:
        del sys.modules[name]
