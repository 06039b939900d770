"""A canary for every test of addresses."""

from collections.abc import Iterator

import pytest

from tests.net.watch import Canary


@pytest.fixture
def canary() -> Iterator[Canary]:
    listening = Canary()
    yield listening
    listening.close()
