"""What expressions result in, with its type."""

import json
import re
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bud_server.expressions
from bud_server.expressions import (
    EvaluationError,
    ExpressionError,
    Reference,
    Scope,
    StepView,
    UnknownReferenceError,
    compile_text,
)
from bud_server.expressions.filters import FILTERS
from bud_server.expressions.questions import QUESTIONS

SCOPE = Scope(
    params=MappingProxyType(
        {
            "n": 5,
            "f": 2.5,
            "s": "Text",
            "digits": "42",
            "yes": True,
            "nothing": None,
            "empty": "",
            "l": [3, 1, 2],
            "rows": [{"name": "b", "size": 2}, {"name": "a", "size": 3}],
            "cfg": {"items": "mine", "a": {"b": [10, 20]}, "none": None, "_x": 7, "a b": 8},
        }
    ),
    steps={
        "a": StepView("completed", {"items": 3, "keys": ["k"], "text": "é"}),
        "my-step": StepView("COMPLETED", {"x": 1}),
        "my": StepView("completed", {"x": 9}),
        "2nd": StepView("completed", {"x": 2}),
        "skipped": StepView("SKIPPED", {}),
        "failed": StepView("failed", {"partial": 1}),
        "running": StepView("running", {}),
    },
)
STEP_IDS = tuple(SCOPE.steps)

VALUES: list[tuple[str, Any]] = [
    # references keep their type
    ("{{ params.n }}", 5),
    ("  {{params.n}}\n", 5),
    ("{{ params.f }}", 2.5),
    ("{{ params.yes }}", True),
    ("{{ params.nothing }}", None),
    ("{{ params.l }}", [3, 1, 2]),
    ("{{ params.digits }}", "42"),
    ("{{ params.cfg.items }}", "mine"),
    ("{{ params['cfg']['a'].b[1] }}", 20),
    ("{{ params.cfg.a.b.0 }}", 10),
    ("{{ params.l[-1] }}", 2),
    ("{{ params.l[1:] }}", [1, 2]),
    ("{{ params.l[::-1] }}", [2, 1, 3]),
    ("{{ params.s[0:2] }}", "Te"),
    ("{{ params.cfg['_x'] }}", 7),
    ("{{ params.cfg['a b'] }}", 8),
    ("{{ steps.a.outputs.items }}", 3),
    ("{{ steps.a.outputs.keys }}", ["k"]),
    ("{{ steps['a'].outputs['text'] }}", "é"),
    ("{{ steps.a.status }}", "completed"),
    ("{{ steps.my-step.outputs.x }}", 1),
    ("{{ steps['my-step'].outputs.x }}", 1),
    ("{{ steps.my.outputs.x }}", 9),
    ("{{ steps.2nd.outputs.x }}", 2),
    ("{{ 'steps.my-step' }}", "steps.my-step"),
    ("{{ steps.my.outputs.x - steps.my-step.outputs.x }}", 8),
    ("{{ steps.my-step.outputs }}", {"x": 1}),
    ("{{ params.l[params.l[1]] }}", 1),
    ("{{ params[params.empty ~ 'n'] }}", 5),
    # what a skipped or failed step lacks is null
    ("{{ steps.skipped.outputs.o }}", None),
    ("{{ steps.failed.outputs.o }}", None),
    ("{{ steps.failed.outputs.partial }}", 1),
    ("{{ steps.skipped.outputs.o|default('d') }}", "d"),
    ("{{ steps.skipped.outputs.o is defined }}", False),
    ("{{ steps.skipped.outputs.o.deeper|default(1) }}", 1),
    # literals
    ("{{ 1 }}", 1),
    ("{{ -1 }}", -1),
    ("{{ 1.5e3 }}", 1500.0),
    ("{{ 1_000 }}", 1000),
    ("{{ 0x1f }}", 31),
    ("{{ '42' }}", "42"),
    ('{{ "{{" }}', "{{"),
    ('{{ "}}" }}', "}}"),
    ("{{ none }}", None),
    ("{{ True }}", True),
    ("{{ [1, 'a', [none]] }}", [1, "a", [None]]),
    ("{{ (1, 2) }}", [1, 2]),
    ("{{ {'a': params.n} }}", {"a": 5}),
    ("{{ {} }}", {}),
    ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
    (r"{{ 'a\n\t\x41\u00e9\d' }}", "a\n\tAé\\d"),
    (r"{{ '\ud83d\ude00' }}", "😀"),
    ("{{ 'a' 'b' }}", "ab"),
    # operators
    ("{{ params.n + 1 }}", 6),
    ("{{ params.n - 1.5 }}", 3.5),
    ("{{ params.n * 2 }}", 10),
    ("{{ params.n / 2 }}", 2.5),
    ("{{ params.n // 2 }}", 2),
    ("{{ params.n % 3 }}", 2),
    ("{{ 2 ** 10 }}", 1024),
    ("{{ 'a' + 'b' }}", "ab"),
    ("{{ [1] + [2] }}", [1, 2]),
    ("{{ 'ab' * 2 }}", "abab"),
    ("{{ 2 * [0] }}", [0, 0]),
    ("{{ params.n ~ params.yes ~ params.nothing ~ [1] }}", "5true[1]"),
    ("{{ -params.n }}", -5),
    ("{{ +params.n }}", 5),
    ("{{ 1 < params.n <= 5 }}", True),
    ("{{ params.n != 5 }}", False),
    ("{{ params.n > 3 and params.s == 'Text' }}", True),
    ("{{ not params.yes }}", False),
    ("{{ params.empty or 'x' }}", "x"),
    ("{{ params.n and 'x' }}", "x"),
    ("{{ 1 in params.l }}", True),
    ("{{ 'ex' in params.s }}", True),
    ("{{ 'a' not in params.cfg }}", False),
    ("{{ 'y' if params.yes else 'n' }}", "y"),
    ("{{ 'y' if not params.yes }}", None),
    ("{{ 1 if params.yes else params.unknown }}", 1),
    ("{{ [1, {'a': 2}] == [1, {'a': 2}] }}", True),
    ("{{ 'a' < 'b' }}", True),
    ("{{ false or params.unknown|default(3) }}", 3),
    # tests
    ("{{ params.unknown is defined }}", False),
    ("{{ params.n is defined }}", True),
    ("{{ params.cfg.a.c.d is undefined }}", True),
    ("{{ params.unknown is not defined }}", True),
    ("{{ params.nothing is none }}", True),
    ("{{ params.yes is true }}", True),
    ("{{ params.n is number }}", True),
    ("{{ params.yes is number }}", False),
    ("{{ params.f is float }}", True),
    ("{{ params.n is integer and params.n is odd }}", True),
    ("{{ params.n is divisibleby 5 }}", True),
    ("{{ params.n is even }}", False),
    ("{{ params.s is string }}", True),
    ("{{ params.cfg is mapping }}", True),
    ("{{ params.l is sequence }}", True),
    ("{{ params.yes is boolean }}", True),
    ("{{ params.yes is false }}", False),
    # filters
    ("{{ params.unknown|default('07') }}", "07"),
    ("{{ params.digits|default(1) }}", "42"),
    ("{{ params.unknown|default }}", ""),
    ("{{ params.a.b.c|default(none) }}", None),
    ("{{ params.nothing|default(1) }}", 1),
    ("{{ params.empty|default(1) }}", ""),
    ("{{ params.empty|default(1, true) }}", 1),
    ("{{ params.empty|default(1, boolean=true) }}", 1),
    ("{{ []|first|default(1) }}", 1),
    ("{{ params.nothing.x|default(1) }}", 1),
    ("{{ params.n.x|default(1) }}", 1),
    ("{{ params.l[9]|default(1) }}", 1),
    ("{{ params.l|length }}", 3),
    ("{{ params.cfg|length }}", 5),
    ("{{ params.s|lower }}", "text"),
    ("{{ params.digits|upper }}", "42"),
    ("{{ '7'|int + 1 }}", 8),
    ("{{ 'x'|int(3) }}", 3),
    ("{{ '1f'|int(base=16) }}", 31),
    ("{{ '2.9'|int }}", 2),
    ("{{ '2.5'|float }}", 2.5),
    ("{{ 'nan'|float }}", 0.0),
    ("{{ params.n|string }}", "5"),
    ("{{ params.l|join(',') }}", "3,1,2"),
    ("{{ params.rows|join('-', 'name') }}", "b-a"),
    ("{{ params.cfg.a|keys }}", ["b"]),
    ("{{ {'a': 1, 'b': 2}|values }}", [1, 2]),
    ("{{ params.l|first }}", 3),
    ("{{ params.l|last }}", 2),
    ("{{ params.l|min }}", 1),
    ("{{ params.rows|max(attribute='size') }}", {"name": "a", "size": 3}),
    ("{{ params.l|sum }}", 6),
    ("{{ params.rows|sum('size') }}", 5),
    ("{{ 2.567|round(2) }}", 2.57),
    ("{{ 2.5|round(method='floor') }}", 2.0),
    ("{{ 7|round }}", 7),
    ("{{ params.l|sort }}", [1, 2, 3]),
    ("{{ params.l|sort(reverse=true) }}", [3, 2, 1]),
    ("{{ ['b', 'A']|sort }}", ["A", "b"]),
    ("{{ [1, 2, 1.0, true, 'a', 'A']|unique }}", [1, 2, True, "a"]),
    ("{{ {'b': '<é>', 'a': 1}|tojson }}", '{"a": 1, "b": "<\\u00e9>"}'),
    ("{{ '[1]'|tojson }}", '"[1]"'),
    ("{{ params.l|sort|join|int }}", 123),
    # mixed text is a string
    ("n={{ params.n }}", "n=5"),
    ("{{ params.n }}{{ params.f }}", "52.5"),
    ("{{ params.nothing }}|{{ params.yes }}", "|true"),
    ("x: {{ {'a': [1, none, 'é']} }}\n", 'x: {"a":[1,null,"é"]}\n'),
    ("a {{- params.n -}} b", "a5b"),
    ('{{ "{{" }} x', "{{ x"),
    ('{"a": {"b": 1}, "n": {{ params.n }}}', '{"a": {"b": 1}, "n": 5}'),
    ("\r\n{{ params.n }}.\r\n", "\r\n5.\r\n"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_an_expression_has_a_typed_value(text: str, value: object) -> None:
    found = evaluate(text)
    assert (type(found), found) == (type(value), value)


def evaluate(text: str, scope: Scope = SCOPE) -> Any:
    expression = compile_text(text, STEP_IDS)
    assert expression is not None
    return expression.evaluate(scope)


@pytest.mark.parametrize("text", ["", "plain", "{% if x %}", "{# c #}", "}} {", "{ {x} }"])
def test_a_text_without_double_braces_is_no_expression(text: str) -> None:
    assert compile_text(text) is None


UNKNOWN = [
    ("{{ params.nope }}", "params.nope"),
    ("{{ steps.nope.outputs.x }}", "steps.nope"),
    ("{{ steps.a.outputs.nope }}", "steps.a.outputs.nope"),
    ("{{ steps.running.outputs.x }}", "steps.running.outputs.x"),
    ("{{ params.cfg.a.nope }}", "params.cfg.a.nope"),
    ("{{ params.cfg['no pe'] }}", "params.cfg['no pe']"),
    ("{{ params.l[7] }}", "params.l[7]"),
    ("{{ steps.my-step.outputs.nope }}", "steps.my-step.outputs.nope"),
]


@pytest.mark.parametrize(("text", "reference"), UNKNOWN)
def test_an_unknown_reference_is_named(text: str, reference: str) -> None:
    with pytest.raises(UnknownReferenceError, match=re.escape(reference)) as caught:
        evaluate(text)
    assert caught.value.reference == reference


FAULTS = [
    ("{{ params.cfg.none.y }}", "params.cfg.none is null, so it has no .y"),
    ("{{ params.n.y }}", "params.n is a number, so it has no .y"),
    ("{{ params.s.upper }}", "params.s is a text, so it has no .upper"),
    ("{{ params.cfg[1] }}", "params.cfg is looked up with a number: its keys are texts"),
    ("{{ params.n + params.s }}", "cannot add a number and a text"),
    ("{{ params.yes + 1 }}", "cannot add a boolean and a number"),
    ("{{ params.s % 1 }}", "cannot take the remainder of a text by a number"),
    ("{{ params.l - 1 }}", "cannot subtract a list and a number"),
    ("{{ 1 < 'a' }}", "cannot order a number and a text"),
    ("{{ 1 in 5 }}", "cannot look for a number in a number"),
    ("{{ -params.s }}", "cannot negate a text"),
    ("{{ 1 / 0 }}", "cannot divide by zero"),
    ("{{ (-8) ** 0.5 }}", "not a finite number"),
    ("{{ 1e308 * 10 }}", "not a finite number"),
    ("{{ params.n|length }}", "a number has no length"),
    ("{{ params.s|round }}", "cannot round a text"),
    ("{{ ['a']|sum }}", "cannot sum up a text"),
    ("{{ [1, 'a']|sort }}", "sort takes numbers, or texts"),
    ("{{ []|first }}", "there is no first of nothing"),
    ("{{ params.l[::0] }}", "params.l is cut with None:None:0"),
    ("{{ params.l|keys }}", "keys takes an object, not a list"),
    ("{{ (params.n + 'a')|default(1) }}", "cannot add a number and a text"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_a_fault_of_the_values_is_told_in_words(text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=re.escape(message)):
        evaluate(text)


REFUSED = [
    ("{{ params.n", 0, "not closed"),
    ("a {{ 1 }} b }}", 12, "this }} has no {{"),
    ("{{ 1 }} {% if x %}", 8, "{% is not allowed"),
    ("{# x #} {{ 1 }}", 0, "{# is not allowed"),
    ("{{ }}", 0, "nothing in these braces"),
    ("{{ 1 2 }}", 5, "expected '}}'"),
    ("{{ (1 }}", 6, "closes nothing"),
    ("{{ 'a }}", 3, "quote is not closed"),
    ("{{ 1 ? 2 }}", 5, "unexpected character '?'"),
    ("{{ 1e999 }}", 3, "too large"),
    ("{{ 1" + "0" * 5000 + " }}", 3, "too large"),
    (r"{{ '\xg' }}", 3, "escape"),
    ("{{ param.n }}", 3, "did you mean params?"),
    ("{{ inputs.x }}", 3, "there are params and steps"),
    ("{{ hello }}", 3, "put a text in quotes"),
    ("{{ params.s|uper }}", 12, "did you mean upper?"),
    ("{{ params.s is sting }}", 12, "did you mean string?"),
    ("{{ params.s.upper() }}", 17, "write | upper instead"),
    ("{{ params.l|round(1, 2, 3) }}", 12, "round takes precision, method"),
    ("{{ params.l|round(digits=1) }}", 12, "round takes precision, method"),
    ("{{ params.l|join(*params.l) }}", 12, "* and **"),
    ("{{ steps }}", 3, "needs the id of a step"),
    ("{{ steps[params.s].outputs.x }}", 3, "needs the id of a step"),
    ("{{ steps.a }}", 3, "steps.a is a whole step"),
    ("{{ steps.a.output.x }}", 3, "did you mean outputs?"),
    ("{{ steps.my-stop.outputs.x }}", 3, "there is no step my-stop"),
    ("{{ {1: 2} }}", 4, "keys of an object are texts"),
    ("{{ params._x }}", 9, 'write ["_x"]'),
    ("{{ " + "(" * 31 + "1" + ")" * 31 + " }}", 33, "nested deeper"),
    ("{{ " + "not " * 200 + "1 }}", 0, "nested deeper"),
    ("{{ [" + "1," * 1001 + "] }}", 0, "more than 1,000 parts"),
    ("{{ 1 }}" + " " * 10_000, 0, "at most 10,000 characters"),
]


@pytest.mark.parametrize(("text", "position", "message"), REFUSED)
def test_what_is_not_in_the_language_is_refused_where_it_stands(text: str, position: int, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)) as caught:
        compile_text(text, STEP_IDS)
    if position:
        assert caught.value.position == position


def test_references_are_listed_with_their_guards_and_positions() -> None:
    text = (
        "{{ params.n + (steps.my-step.outputs.x.deep|default(params.d)) }} {{ steps.a.status }} {{ params is defined }}"
    )
    expression = compile_text(text, STEP_IDS)
    assert expression is not None
    assert expression.references == (
        Reference("params", None, None, "n", False, 3),
        Reference("steps", "my-step", "outputs", "x", True, 15),
        Reference("params", None, None, "d", False, 52),
        Reference("steps", "a", "status", None, False, 69),
        Reference("params", None, None, None, True, 90),
    )


def test_spaces_around_a_hyphen_make_a_difference_of_steps() -> None:
    with pytest.raises(ExpressionError):
        compile_text("{{ steps.my - step.outputs.x }}", STEP_IDS)
    assert evaluate("{{ params.cfg.steps.my-1 }}", Scope({"cfg": {"steps": {"my": 3}}}, {})) == 2


def test_the_documentation_lists_all_filters_and_tests() -> None:
    lines = (bud_server.expressions.__doc__ or "").splitlines()
    listed = {
        line.split(":")[0]: set(line.split(":")[1].split()) for line in lines if line.startswith(("- `is`", "- `|`"))
    }
    assert listed == {"- `is` with": {"defined", "undefined", *QUESTIONS}, "- `|` with": {"default", *FILTERS}}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_a_value_passes_through_unchanged(value: Any) -> None:
    assert repr(evaluate("{{ params.v }}", Scope({"v": value}, {}))) == repr(value)


@given(JSON)
def test_a_value_survives_as_json(value: Any) -> None:
    assert json.loads(evaluate("{{ params.v|tojson }}", Scope({"v": value}, {}))) == value


@given(JSON)
def test_a_literal_keeps_its_type(value: Any) -> None:
    literal = json.dumps(value).replace("null", "none") if not isinstance(value, str) else json.dumps(value)
    if "none" in literal and "null" in json.dumps(value) and '"' in literal:
        return  # texts may say null themselves
    assert repr(evaluate("{{ " + literal + " }}")) == repr(value)
