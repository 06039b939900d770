"""Nothing in an expression has an effect, costs much, or fails in another way than with the errors of the language."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bud_server.expressions import (
    CompileErrors,
    EvaluationError,
    ExpressionError,
    Scope,
    StepView,
    compile_condition,
    compile_text,
    compile_value,
)

CANARY = "/tmp/bud-expression-canary"

ESCAPES = [
    f"cycler.__init__.__globals__.os.popen('touch {CANARY}').read()",
    f"lipsum.__globals__['os'].popen('touch {CANARY}').read()",
    f"self.__init__.__globals__.__builtins__.__import__('os').system('touch {CANARY}')",
    f"joiner.__init__.__globals__.os.system('touch {CANARY}')",
    f"namespace.__init__.__globals__.os.system('touch {CANARY}')",
    f"get_flashed_messages.__globals__.__builtins__.open('{CANARY}', 'w')",
    f"params.__class__.__init__.__globals__.__builtins__.open('{CANARY}', 'w')",
    "''.__class__.__mro__",
    "''.__class__.__base__.__subclasses__()",
    "().__class__",
    "[].__class__",
    "{}.__class__",
    "''['__class__']",
    "params['__class__']['__mro__']",
    "params['__getitem__']",
    "params.l['__len__']",
    "''|attr('__class__')",
    "''|attr('\\x5f\\x5fclass\\x5f\\x5f')",
    "params|attr('get')",
    "params.get('l')",
    "params.items()",
    "params.l.append(1)",
    "params.l.clear()",
    "params.update({'l': 1})",
    "'{0.__class__}'.format(1)",
    "'{0.__class__}'|format(1)",
    "'{x}'.format_map({'x': 1})",
    "'%s' % params",
    "'%1000000000d' % 1",
    "params.l|map('upper')",
    "params.l|map(attribute='__class__')",
    "params.l|select('odd')",
    "params.l|groupby('x')",
    "range(10**9)",
    "range(10)|list",
    "range",
    "dict(a=1)",
    "cycler(1)",
    "lipsum(1000)",
    "joiner()",
    "namespace()",
    "self",
    "loop",
    "caller()",
    "super()",
    "varargs",
    "kwargs",
    "context",
    "environment",
    "config",
    "request",
    "url_for",
    "_",
    "__builtins__",
    "__import__('os')",
    "open('/etc/passwd').read()",
    "eval('1')",
    "exec('1')",
    "print(1)",
    "(lambda: 1)()",
    "[x for x in params.l]",
    "x := 1",
    "params.l = 1",
    "import os",
    "params|pprint",
    "params|xmlattr",
    "1|filesizeformat",
    "'x'|urlize",
    "'x'|safe",
    "'x'|escape",
    "params is sameas params",
    "'x' is filter",
    "params is callable",
    "steps.a.outputs.__class__",
    "steps['a'].__class__",
    "steps.a._replace()",
    "steps.a.count",
    "steps.a.index",
    "params.s.real",
    "params.l.__class__.__name__",
    "params.l|sum(start=[])",
    "params.l|join(attribute='__class__')",
    "params.l|sort(attribute='__class__')",
    "\uff50arams.l",
    "params.\uff4c",
    "params.__\uff43lass__",
    "params\u200b.l",
    "\u1d56arams",
    "\U0001d429arams.l",
    "params.l|\U0001d5c5ength",
    "params.l.\u0661",
]
BLOCKS = [
    "{% for x in range(10**9) %}{{ x }}{% endfor %}",
    "{% import 'os' as os %}{{ os }}",
    "{% set x = 1 %}{{ x }}",
    "{% include '/etc/passwd' %}{{ 1 }}",
    "{% extends 'x' %}{{ 1 }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% raw %}{{ 1 }}{% endraw %}",
    "{{ 1 }}{% do x %}",
    "{{ '{% x %}' }}{% print 1 %}",
    "{{ 1 }}{#",
    "{%- if 1 -%}{{ 1 }}{%- endif -%}",
]
BOMBS = [
    "'a' * 10**9",
    "10**9 * 'a'",
    "[0] * 10**9",
    "2**10**9",
    "2**(10**9)",
    "9**9**9**9",
    "('a'*1000)*1000*1000*1000",
    "[[[0]*1000]*1000]*1000",
    "([[[[0]*100]*100]*100]*100)|tojson",
    "([[[[0]*100]*100]*100]*100) == 1",
    "1.5**10**6",
    " ~ ".join(["params.s"] * 300),
    "[" + ",".join(["params.s"] * 400) + "]",
    "params.s * 2",
    "params.l|join(params.s)",
    "(params.l|join(','))|join(params.l|join(','))",
    "params.h * params.h",
    "params.h ** 2",
    "params.h ~ ''",
    "params.h|tojson",
    "params.h|float",
    "params.h * 1.5",
    "params.h / 3.5",
    "10 ** 400 * 1.5",
    "params.l|sort|sort|sort|sort|sort|sort|sort|sort",
    "params.c|unique|length",
    "params.c|sum",
    "params.s|int",
    "('9'*100000)|int",
    "('f'*100000)|int(base=16)",
    "('9'*4000)|int",
    "1|round(10**9)",
    "1|round(-10**9)",
    "params.l|tojson(indent=10**9)",
    "params.l|tojson(8)",
    "params.d|tojson(8)",
    "params.d == params.d",
    "params.d ~ ''",
    "params.d in [params.d]",
    " and ".join(["params.l == params.l"] * 100),
    "params.s|upper" + "|lower|upper" * 45,
    "([params.s]*1000)|sort|length",
    "([params.s]*100000)|join",
    "([params.s ~ '']*9)|unique|length",
    "params.s in params.s",
    "('a'*100000 ~ 'b') in ('a'*1000000)",
    "[params.l, params.l, params.l, params.l]|sum",
    "(params.l + params.l)|length",
    "params.s|sort|length",
    "params.s|unique|length",
    "1" + "+1" * 2000,
    "-" * 3000 + "1",
    "not " * 2000 + "1",
    "(" * 2000,
    "[" * 3000,
    "{" * 3000,
    "1 if 1 else " * 700 + "1",
    "a." * 3000 + "a",
    "1" * 9000,
    "0x" + "f" * 9000,
    "1|int" * 1500,
    "params" + "['x']" * 1500,
    "params" + ".x" * 3000,
    "'\\" * 2000,
    "1 in " * 1800 + "1",
]


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


SCOPE = Scope(
    {
        "l": list(range(60_000)),
        "s": "x" * 1_000_000,
        "h": 10**4000,
        "c": [(2**61 - 1) * each for each in range(50_000)],
        "d": nested(5_000),
    },
    {"a": StepView("completed", {"o": 1})},
)


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_is_refused(escape: str) -> None:
    for text in (f"{{{{ {escape} }}}}", f"x {{{{ {escape} }}}}"):
        with pytest.raises((ExpressionError, EvaluationError)):
            evaluate(text)
    assert not Path(CANARY).exists()


@pytest.mark.parametrize("text", BLOCKS)
def test_a_block_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_text(text)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_little(bomb: str) -> None:
    started = time.thread_time()
    for text in (f"{{{{ {bomb} }}}}", f"{{{{ ({bomb})|default(1) }}}}"):
        try:
            evaluate(text)
        except (ExpressionError, EvaluationError):
            continue
    assert time.thread_time() - started < 5  # measured: below 0.5


def evaluate(text: str) -> object:
    expression = compile_text(text, ("a", "my-step"))
    assert expression is not None
    return expression.evaluate(SCOPE)


def test_many_texts_share_what_they_may_spend() -> None:
    compiled = compile_value(["{{ params.s }}"] * 1_000)
    with pytest.raises(EvaluationError, match="too much work"):
        compiled.evaluate(SCOPE)


SMALL = Scope({"n": 1, "s": "a", "l": [1], "o": {"k": None}}, {"a": StepView("completed", {"o": 1})})
WORDS = st.sampled_from(
    [
        "params",
        "steps",
        ".",
        ".n",
        ".s",
        ".l",
        ".o.k",
        "steps.a.outputs.o",
        "steps.my-step.outputs",
        "a",
        "1",
        "0",
        "2.5",
        "'t'",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ":",
        ",",
        "|",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        "~",
        "==",
        "<",
        ">=",
        "=",
        " in ",
        " is ",
        " not ",
        " and ",
        " or ",
        " if ",
        " else ",
        "none",
        "true",
        "default",
        "defined",
        "length",
        "join",
        "sort",
        "round",
        "int",
        "keys",
        "first",
        "tojson",
        "divisibleby",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "\\",
        '"',
        "\n",
        " ",
        "_",
        "__class__",
        "é",
        "\u0663",
        "\ud800",
        "params.n",
        "params.l|sort",
    ]
)
ANY_TEXT = st.text() | st.lists(WORDS, max_size=25).map("".join) | st.lists(WORDS, max_size=12).map(" ".join)


@given(ANY_TEXT)
@example("07")
@example("0.\u0660")
@example("'\\N{nothing}'")
@example("''|default(1, 2, 3)")
@example("1|default(default_value=1, default_value=2)")
@example("params.l|int(base='x')")
@example("params.l|join(attribute=1.5)")
@example("params.l[none:'a']")
@example("1,")
@example("params.n is")
@example("|")
def test_any_text_fails_only_with_the_errors_of_the_language(text: str) -> None:
    for each in (text, "{{ " + text + " }}", "{{ (" + text + ")|default(1) }}", "a {{" + text):
        try:
            expression = compile_text(each, ("my-step", "a"))
            assert expression is None or not isinstance(expression.evaluate(SMALL), complex)
        except (ExpressionError, EvaluationError):
            pass
        try:
            compile_condition(each, ("my-step",)).holds(SMALL)
        except (ExpressionError, EvaluationError):
            continue


def test_errors_of_a_value_are_collected_with_their_paths() -> None:
    with pytest.raises(CompileErrors) as caught:
        compile_value({"a": ["{{ x }}", "fine", {"b": "{{ 1"}]})
    assert [(path, error.position) for path, error in caught.value.errors] == [(("a", 0), 3), (("a", 2, "b"), 0)]
