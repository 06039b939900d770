"""Saved pipelines are brought to the newest versions, each alone, and no secret is lost or shown on the way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Row, select, update

from bud_server.auth.identity import Subject
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines.content import content_of
from bud_server.pipelines.pins import pin_saved
from bud_server.pipelines.saved import SavedPipelines, pins_of
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets, masked
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.migrate import upgrade
from bud_server.runtime.store.tables import pipelines
from bud_server.terminal.upgrade import Report, upgrade_saved
from tests.versions.support import NEWEST, OLDER, catalog_of, generate, two_versions

TODAY = date(2030, 1, 1)
KEY = Fernet.generate_key().decode()
SECRET, PLAIN = "type: string, secret: true", "type: string"
OLD_PARAMS = f"""\
params:
  - {{name: password, label: Password, {SECRET}}}
  - {{name: key, label: Key, {PLAIN}}}
  - {{name: hue, label: Hue, {SECRET}}}
"""
NEW_PARAMS = f"""\
params:
  - {{name: word, label: Word, {PLAIN}}}
  - {{name: credential, label: Credential, {SECRET}}}
  - {{name: hue, label: Hue, {SECRET}}}
"""
GIVEN = {"password": "passw0rd", "key": "the-key", "hue": "scarlet"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project in whose newest version other params are secret."""
    root = two_versions(tmp_path_factory.mktemp("upgrade") / "project")
    actions = root / "actions/duo_actions/integration"
    newest = NEWEST.format(version="2.0.0").replace("params:\n", NEW_PARAMS)
    newest = newest.replace("rename: {", "rename: {password: word, key: credential, ")
    (actions / "greet.yaml").write_text(newest.replace("map: {", "map: {hue: {scarlet: crimson}, "))
    (actions / "greet.v1.yaml").write_text(OLDER.replace("params:\n", OLD_PARAMS))
    generate(root)
    return root


@dataclass(frozen=True)
class Store:
    """A database with pipelines, and the project whose actions they use."""

    url: str
    database: Database
    catalog: ServedCatalog
    project: Path

    def save(self, name: str, params: dict[str, Any], output: str = "") -> None:
        """Save a pipeline for version 1."""
        steps = [{"id": "greet", "action": "greet", "params": {"who": "Ada", **params}}]
        body = {"dag": {"name": name, "steps": steps, "outputs": {"said": output} if output else {}}}
        content = content_of(body, self.catalog.pinned({"greet": 1}), Secrets(KEY), TODAY)
        subject = Subject("ada", frozenset())
        SavedPipelines(self.database).create(content, None, subject, is_system=False).result()

    def rows(self) -> dict[str, Row[Any]]:
        """Return the pipelines by name."""
        with self.database.read() as on:
            return {row.name: row for row in on.connection.execute(select(pipelines)).all()}

    def forget_pins(self) -> None:
        """Make the pipelines ones that were saved before pins were kept."""
        self.database.write(lambda on: on.connection.execute(update(pipelines).values(pins=None))).result()

    def upgrade(self, *, write: bool = True) -> Report:
        """Upgrade them."""
        return upgrade_saved(self.url, self.project, write)


@pytest.fixture
def store(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("BUD_SECRET_KEY", KEY)
    url = f"sqlite:///{tmp_path}/bud.db"
    database = Database(url)
    upgrade(database)
    database.start()
    yield Store(url, database, catalog_of(project), project)
    database.close()


def params_of(row: Row[Any]) -> Any:
    return json.loads(row.definition)["steps"][0]["params"]


def test_what_becomes_secret_is_kept_encrypted_and_what_was_stays_so(store: Store) -> None:
    store.save("secrets", GIVEN)
    assert store.upgrade().changed == 1
    kept = params_of(store.rows()["secrets"])
    stars = "********"
    assert masked(kept) == {"whom": "Ada", "word": stars, "credential": stars, "hue": stars}
    opened = Secrets(KEY).open(kept, Found())
    assert opened == {"whom": "Ada", "word": "passw0rd", "credential": "the-key", "hue": "crimson"}


def test_stars_stand_for_a_secret_that_its_action_does_not_call_secret_any_more(store: Store) -> None:
    store.save("secrets", GIVEN)
    store.upgrade()
    stored = json.loads(store.rows()["secrets"].definition)
    content = content_of({"dag": masked(stored)}, store.catalog.pinned({"greet": 2}), Secrets(KEY), TODAY, stored)
    assert content.definition["steps"] == stored["steps"]


@pytest.mark.parametrize("write", [True, False])
def test_a_pipeline_that_cannot_be_upgraded_keeps_no_other_from_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, write: bool
) -> None:
    store.save("secrets", GIVEN)
    store.save("becomes secret", {"key": "the-key"})
    store.save("reads what is gone", {}, output="{{ steps.greet.outputs.said }}")
    store.save("plain", {})
    monkeypatch.delenv("BUD_SECRET_KEY")
    report = store.upgrade(write=write)
    assert (report.changed, report.blocked) == (1, 3)
    said = "\n".join(report.lines)
    assert "a secret value cannot be read without secret_key (BUD_SECRET_KEY)" in said
    assert "a secret value cannot be kept without a key" in said
    assert "Step 'greet' has no output 'said'" in said
    majors = {name: pins_of(row)["greet"] for name, row in store.rows().items()}
    assert majors == {"secrets": 1, "becomes secret": 1, "reads what is gone": 1, "plain": 2 if write else 1}


def test_pipelines_from_before_pins_were_kept_are_pinned_to_what_they_were_written_for(store: Store) -> None:
    store.save("older", GIVEN)
    store.save("older outputs", {}, output="{{ steps.greet.outputs.said }}")
    store.forget_pins()
    pin_saved(store.database, store.catalog, Secrets(KEY))
    assert [pins_of(row) for row in store.rows().values()] == [{"greet": 1}] * 2


def test_pipelines_from_before_pins_were_kept_are_upgraded_too(store: Store) -> None:
    store.save("older", GIVEN)
    store.forget_pins()
    assert store.upgrade().changed == 1
    assert pins_of(store.rows()["older"]) == {"greet": 2}


def test_a_pipeline_that_no_version_accepts_stays_without_pins(store: Store) -> None:
    store.save("older", {})
    store.forget_pins()
    newest_only = ServedCatalog("", store.catalog.categories, store.catalog.entries)
    pin_saved(store.database, newest_only, Secrets(KEY))
    assert store.rows()["older"].pins is None


def test_a_pipeline_whose_secrets_cannot_be_read_stays_without_pins(store: Store) -> None:
    store.save("older", GIVEN)
    store.forget_pins()
    pin_saved(store.database, store.catalog, Secrets(None))
    assert store.rows()["older"].pins is None
