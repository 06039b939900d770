"""Plans are kept with the executions that follow them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bud_server.runtime.planning import PlanStore, WrittenPlan, read_plan, written_plan
from bud_server.runtime.secrets import Secrets
from bud_server.runtime.store.database import Database, Transaction
from bud_server.runtime.store.migrate import upgrade
from bud_server.runtime.store.tables import plans
from tests.runtime.support import plan, step


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/bud.db")
    upgrade(opened)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def written() -> WrittenPlan:
    return written_plan(plan(step("a"), step("b", "a")), {"name": "tried"})


def test_a_plan_is_found_by_its_digest(database: Database, written: WrittenPlan) -> None:
    database.write(lambda on: PlanStore(database, Secrets(None)).put(on, written)).result()

    with database.read() as on:
        found, _ = PlanStore(database, Secrets(None)).get(on, written.digest)
        with pytest.raises(KeyError):
            PlanStore(database, Secrets(None)).get(on, "0" * 64)
    assert found == written.plan


def test_a_plan_keeps_its_warnings(written: WrittenPlan) -> None:
    warned = replace(written.plan, warnings=({"code": "deprecated_action"},))

    assert read_plan(json.loads(written_plan(warned, {}).document)) == warned


def test_a_plan_from_before_there_were_warnings_has_none(written: WrittenPlan) -> None:
    document = json.loads(written.document)
    del document["warnings"]

    assert read_plan(document) == written.plan


def test_a_plan_that_was_not_committed_is_kept_by_the_next_execution(database: Database, written: WrittenPlan) -> None:
    store = PlanStore(database, Secrets(None))

    def fail(on: Transaction) -> None:
        store.put(on, written)
        assert store.get(on, written.digest)[0] == written.plan
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        database.write(fail).result()
    database.write(lambda on: store.put(on, written)).result()

    with database.read() as on:
        assert on.connection.execute(select(plans.c.digest)).scalars().all() == [written.digest]
