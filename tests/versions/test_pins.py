"""A saved pipeline is looked at with the versions that it is pinned to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_schemas.shapes import complete, entry_of
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import ServedCatalog, served
from bud_server.pipelines.upgrade import upgraded
from tests.support.api import serving, settings_in


def version(number: str, param: str, *aliases: str) -> dict[str, Any]:
    params = [{"name": param, "label": param, "type": "string", "required": True}]
    about = {"type": "greet", "name": "Greet", "description": "Greets.", "category": "Model", "execution_mode": "sync"}
    meta = complete({**about, "version": number, "params": params, "aliases": [*aliases]})
    return entry_of(meta, "greet.yaml", "duo_actions.model.greet:Executor")


OLDER, NEWEST = version("1.0.0", "who", "salute"), version("2.0.0", "whom", "hello")


def catalog(newest: dict[str, Any], older: dict[str, Any] | None = None) -> ServedCatalog:
    categories = [{"name": "Model", "icon": "box", "order": 1}]
    beside = {"greet@1": older} if older else {}
    return served({"digest": "", "categories": categories, "actions": {"greet": newest}, "older": beside})


BOTH = catalog(NEWEST, OLDER)


@pytest.fixture
def holder() -> CatalogHolder:
    return CatalogHolder(catalog(OLDER))


@pytest.fixture
def client(tmp_path: Path, holder: CatalogHolder) -> Iterator[TestClient]:
    with serving(settings_in(tmp_path), {}, holder=holder) as client:
        yield client


def body(action: str = "greet", **params: str) -> dict[str, Any]:
    return {"dag": {"name": "greetings", "steps": [{"id": "greet", "action": action, "params": params}]}}


def saved(client: TestClient, **params: str) -> str:
    answer = client.post("/pipelines", json=body(**params))
    assert answer.json()["pins"] == {"greet": 1}, answer.text
    return f"/pipelines/{answer.json()['id']}"


def test_a_refused_change_says_that_the_pipeline_is_pinned_and_how_to_leave_that(
    client: TestClient, holder: CatalogHolder
) -> None:
    path = saved(client, who="Ada")
    holder.current = BOTH
    refused = client.put(path, json=body(whom="Ada"))
    assert refused.status_code == 400
    assert "the pipeline is pinned to greet@1; write greet@2 for the newest version" in refused.text
    assert client.put(path, json=body("greet@2", whom="Ada")).json()["pins"] == {}


def test_a_pipeline_whose_version_is_gone_can_be_saved_for_the_newest(
    client: TestClient, holder: CatalogHolder
) -> None:
    path = saved(client, who="Ada")
    holder.current = catalog(NEWEST)
    refused = client.put(path, json=body(who="Ada"))
    assert "version 1 of action 'greet' is not installed; there is 2.0.0" in refused.json()["detail"]
    assert client.put(path, json=body(whom="Ada")).json()["pins"] == {"greet": 2}


@pytest.mark.parametrize(
    ("name", "major"), [("greet", 1), ("salute", 1), ("hello", 1), ("hello@2", 2), ("salute@1", 1)]
)
def test_every_alias_stands_for_the_pinned_version(name: str, major: int) -> None:
    entry = BOTH.pinned({"greet": 1}).entry(name)
    assert entry is not None
    assert entry["meta"]["version"] == f"{major}.0.0"


def test_an_alias_that_is_gone_is_unknown_without_a_pin() -> None:
    assert BOTH.entry("salute") is None


@pytest.mark.parametrize(("name", "after"), [("salute", "greet"), ("salute@1", "greet@2"), ("hello", "greet")])
def test_an_alias_is_upgraded_whichever_version_has_it(name: str, after: str) -> None:
    found = upgraded(body(name, who="Ada")["dag"], {"greet": 1}, BOTH)
    assert found.definition["steps"][0]["action"] == after
