"""Migrations turn the params of one major version into those of a later one, and do nothing else."""

from typing import Any

import pytest

from bud_schemas.migrations import edited, migration_edits
from bud_schemas.shapes import complete

Params = dict[str, Any]


def meta(*migrations: dict[str, Any], version: str = "2.0.0", **renamed: str) -> dict[str, Any]:
    """Return an action with migrations, and with params that were renamed: `new="old"`."""
    params = [{"name": new, "label": new, "type": "string", "renamed_from": old} for new, old in renamed.items()]
    about = {"type": "greet", "name": "Greet", "description": "Greets.", "category": "Model", "execution_mode": "sync"}
    return complete({**about, "version": version, "params": params, "migrations": list(migrations)})


def migrated(
    params: Params, *migrations: dict[str, Any], version: str = "2.0.0", since: int = 1, **renamed: str
) -> Params:
    return edited(params, migration_edits(meta(*migrations, version=version, **renamed), since, params))


@pytest.mark.parametrize(
    ("migration", "before", "after"),
    [
        ({"rename": {"a": "b"}}, {"a": 1}, {"b": 1}),
        ({"rename": {"a": "b"}}, {"c": 1}, {"c": 1}),
        ({"rename": {"a": "b"}}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"rename": {"a": "b", "b": "c"}}, {"a": 1, "b": 2}, {"b": 1, "c": 2}),
        ({"rename": {"b": "c", "a": "b"}}, {"a": 1, "b": 2}, {"b": 1, "c": 2}),
        ({"rename": {"a": "b", "b": "c"}}, {"a": 1}, {"b": 1}),
        ({"map": {"a": {"x": "y"}}}, {"a": "x"}, {"a": "y"}),
        ({"map": {"a": {"x": "y"}}}, {"a": "z"}, {"a": "z"}),
        ({"map": {"a": {"x": "y"}}}, {"a": "{{ params.x }}"}, {"a": "{{ params.x }}"}),
        ({"map": {"a": {"x": "y"}}}, {"a": ["x", "z"]}, {"a": ["y", "z"]}),
        ({"map": {"a": {"true": "always", "1": "once"}}}, {"a": True}, {"a": "always"}),
        ({"map": {"a": {"true": "always", "1": "once"}}}, {"a": 1.0}, {"a": "once"}),
        ({"map": {"a": {"1": 1}}}, {"a": "1"}, {"a": 1}),
        ({"map": {"a": {"1": True}}}, {"a": 1}, {"a": True}),
        ({"map": {"a": {"x": "y"}}}, {"a": {"$sealed": "x"}}, {"a": {"$sealed": "x"}}),
        ({"set": {"a": 5}}, {}, {"a": 5}),
        ({"set": {"a": 5}}, {"a": ""}, {"a": 5}),
        ({"set": {"a": 5}}, {"a": 0}, {"a": 0}),
        ({"drop": ["a"]}, {"a": 1, "b": 2}, {"b": 2}),
        ({"drop": ["a"]}, {}, {}),
        (
            {"rename": {"a": "b"}, "map": {"b": {"x": "y"}}, "set": {"c": 1}, "drop": ["d"]},
            {"a": "x", "d": 0},
            {"b": "y", "c": 1},
        ),
    ],
)
def test_a_migration_does_what_it_says(migration: dict[str, Any], before: Params, after: Params) -> None:
    found = migrated(before, {"from_major": 1, **migration})
    assert found == after
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in after.items()}


def test_migrations_follow_each_other() -> None:
    first, second = {"from_major": 1, "rename": {"a": "b"}}, {"from_major": 2, "rename": {"b": "c"}}
    assert migrated({"a": 1}, second, first, version="3.0.0") == {"c": 1}
    assert migrated({"b": 1}, second, first, version="3.0.0", since=2) == {"c": 1}
    assert migrated({"c": 1}, second, first, version="3.0.0", since=3) == {"c": 1}


def test_a_param_that_is_renamed_stays_where_it_is() -> None:
    assert list(migrated({"x": 1, "a": 2, "z": 3}, {"from_major": 1, "rename": {"a": "b"}})) == ["x", "b", "z"]


def test_names_of_before_become_those_of_now() -> None:
    assert migrated({"old": 1}, since=2, new="old") == {"new": 1}
    assert migrated({"old": 1, "new": 2}, since=2, new="old") == {"old": 1, "new": 2}


def test_what_is_given_is_not_changed() -> None:
    params = {"a": ["x"]}
    assert migrated(params, {"from_major": 1, "map": {"a": {"x": "y"}}}) == {"a": ["y"]}
    assert params == {"a": ["x"]}
