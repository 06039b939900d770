"""Conditions, compiled values, and the kinds that expressions are known to have."""

from typing import Any

import pytest

from bud_server.expressions import (
    ANY,
    ARRAY,
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    EvaluationError,
    ExpressionError,
    Kind,
    Reference,
    Scope,
    StepView,
    compile_condition,
    compile_text,
    compile_value,
    infer_kind,
)

SCOPE = Scope(
    {"n": 5, "s": "text", "no": "no", "l": [], "nothing": None, "yes": True},
    {"a": StepView("completed", {"ok": False})},
)

CONDITIONS: list[tuple[str | bool | None, bool]] = [
    (None, True),
    ("", True),
    (" \n", True),
    (True, True),
    (False, False),
    ("true", True),
    ("False", False),
    (" YES ", True),
    ("no", False),
    ("1", True),
    ("0", False),
    ("{{ params.n > 3 }}", True),
    ("{{ params.n }}", True),
    ("{{ params.n - 5 }}", False),
    ("{{ params.nothing }}", False),
    ("{{ params.l }}", False),
    ("{{ [0] }}", True),
    ("{{ {} }}", False),
    ("{{ params.no }}", False),
    ("{{ 'Yes' }}", True),
    ("{{ 'none' }}", False),
    ("{{ '' }}", False),
    ("{{ steps.a.outputs.ok }}", False),
    ("{{ not false }}", True),
]


@pytest.mark.parametrize(("value", "holds"), CONDITIONS)
def test_a_condition_holds_or_not(value: str | bool | None, holds: bool) -> None:
    assert compile_condition(value).holds(SCOPE) is holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("params.n > 3", "must be an expression such as {{ ... }}, or true or false"),
        ("maybe", "must be an expression"),
        ("{{ params.n }} == 5", "put all of it inside the braces"),
        ("{{ 1 }}{{ 2 }}", "put all of it inside the braces"),
        ("{{ 1", "not closed"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_condition(text)
    assert message in caught.value.message


def test_a_text_that_is_neither_true_nor_false_is_no_answer() -> None:
    with pytest.raises(EvaluationError, match="neither true nor false"):
        compile_condition("{{ params.s }}").holds(SCOPE)


def test_a_condition_lists_its_references() -> None:
    assert compile_condition("{{ params.n }}").references == (Reference("params", None, None, "n", False, 3),)
    assert compile_condition("yes").references == ()


def test_a_value_is_compiled_at_every_depth_but_not_its_keys() -> None:
    value = {"{{ k }}": ["{{ params.n }}", {"t": "n={{ params.n }}", "p": [1, None, "plain"]}]}
    compiled = compile_value(value)
    assert compiled.evaluate(SCOPE) == {"{{ k }}": [5, {"t": "n=5", "p": [1, None, "plain"]}]}
    assert [placed.path for placed in compiled.references] == [("{{ k }}", 0), ("{{ k }}", 1, "t")]


def test_each_evaluation_makes_containers_of_its_own() -> None:
    compiled = compile_value({"a": [1]})
    compiled.evaluate(SCOPE)["a"].append(2)
    assert compiled.evaluate(SCOPE) == {"a": [1]}


def test_a_fault_in_a_value_has_its_path() -> None:
    with pytest.raises(EvaluationError) as caught:
        compile_value({"a": [0, "{{ params.nope }}"]}).evaluate(SCOPE)
    assert caught.value.path == ("a", 1)


def test_a_value_nested_too_deep_is_refused() -> None:
    value: Any = "x"
    for _ in range(5_000):
        value = [value]
    with pytest.raises(Exception, match="nested deeper"):
        compile_value(value)


def test_equal_texts_are_compiled_once() -> None:
    assert compile_text("{{ params.n }}", ["b-c"]) is compile_text("{{ params.n }}", ["d"])


KNOWN = {"n": NUMBER, "i": INTEGER, "s": STRING, "m": STRING | NULL, "b": BOOLEAN, "l": ARRAY, "x": ANY}
KINDS: list[tuple[str, Kind]] = [
    ("{{ params.s }}", STRING),
    ("{{ params.m }}", STRING | NULL),
    ("n={{ params.n }}", STRING),
    ("{{ params.s.x }}", ANY),
    ("{{ params.l[0] }}", ANY),
    ("{{ params.n > 1 }}", BOOLEAN),
    ("{{ not params.s }}", BOOLEAN),
    ("{{ params.s is none }}", BOOLEAN),
    ("{{ params.s or params.n }}", STRING | NUMBER),
    ("{{ params.s and params.x }}", ANY),
    ("{{ params.i + 1 }}", INTEGER),
    ("{{ params.n + 1 }}", NUMBER),
    ("{{ params.i / 2 }}", NUMBER),
    ("{{ params.s + 'a' }}", STRING),
    ("{{ params.l + [1] }}", ARRAY),
    ("{{ params.x + 1 }}", ANY),
    ("{{ params.x - 1 }}", NUMBER),
    ("{{ params.s * 2 }}", ANY),
    ("{{ -params.i }}", INTEGER),
    ("{{ params.s ~ 1 }}", STRING),
    ("{{ params.l|length }}", INTEGER),
    ("{{ params.s|int }}", INTEGER),
    ("{{ params.s|int(none) }}", INTEGER | NULL),
    ("{{ params.s|float }}", NUMBER),
    ("{{ params.l|join }}", STRING),
    ("{{ params.l|sum }}", NUMBER),
    ("{{ params.l|sort }}", ARRAY),
    ("{{ params.l|first }}", ANY),
    ("{{ params.m|default('') }}", STRING),
    ("{{ params.m|default(1) }}", STRING | INTEGER),
    ("{{ params.x|default(1) }}", ANY),
    ("{{ params.s if params.b else 1 }}", STRING | INTEGER),
    ("{{ 1 if params.b }}", INTEGER | NULL),
    ("{{ [1] }}", ARRAY),
    ("{{ {} }}", OBJECT),
    ("{{ none }}", NULL),
    ("{{ true }}", BOOLEAN),
    ("{{ 1.5 }}", NUMBER),
    ("{{ params }}", OBJECT),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_the_kind_of_an_expression_is_inferred(text: str, kind: Kind) -> None:
    expression = compile_text(text)
    assert expression is not None
    assert infer_kind(expression, lambda reference: KNOWN[reference.name] if reference.name else OBJECT) == kind
