"""Known ways out of Jinja2 and of its sandbox have no effect here, and bombs cost next to nothing."""

import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

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

MOST_SECONDS = 1.0
"""Generous: what was seen is printed, and is far below."""
MOST_BYTES = 64 * 2**20
RUN = "__import__('os').system('touch CANARY')"
ESCAPES = [
    # by what Jinja2 brings along
    "cycler.__init__.__globals__.os.system('touch CANARY')",
    "joiner.__init__.__globals__.os.system('touch CANARY')",
    "namespace.__init__.__globals__.os.system('touch CANARY')",
    "lipsum.__globals__.os.system('touch CANARY')",
    "lipsum.__globals__['os'].popen('touch CANARY').read()",
    "lipsum|attr('__globals__')|attr('get')('os')|attr('system')('touch CANARY')",
    "lipsum['__glo' ~ 'bals__']['os']['system']('touch CANARY')",
    "lipsum[['__glo', 'bals__']|join]['os']['system']('touch CANARY')",
    "lipsum['__slabolg__'[::-1]]['os']['system']('touch CANARY')",
    "cycler|attr('\\x5f\\x5finit\\x5f\\x5f')|attr('\\x5f\\x5fglobals\\x5f\\x5f')",
    "lipsum.__globals__.__builtins__." + RUN,
    'lipsum.__globals__.__builtins__.eval("' + RUN + '")',
    'lipsum.__globals__.__builtins__.exec("' + RUN + '")',
    "lipsum.__globals__.__builtins__.open('CANARY', 'w')",
    "cycler.__init__.__globals__.__builtins__.open('CANARY', 'w').write('x')",
    "self.__init__.__globals__.__builtins__." + RUN,
    "self._TemplateReference__context.cycler.__init__.__globals__.os.system('touch CANARY')",
    "self._TemplateReference__context.namespace.__init__.__globals__.os.popen('touch CANARY').read()",
    "self._TemplateReference__context.environment.__init__.__globals__.__builtins__." + RUN,
    "dict.mro()[-1].__subclasses__()",
    "dict.__base__.__subclasses__()",
    "dict(x=lipsum.__globals__).x.os.system('touch CANARY')",
    "range.__class__.__mro__",
    # by what a pipeline is given
    "params.__class__.__mro__[1].__subclasses__()",
    "params.update.__self__.__class__.__base__.__subclasses__()",
    "params.items.__self__.__class__",
    "params.__init__.__globals__",
    "params.function.__globals__.__builtins__.open('CANARY', 'w')",
    "params.function.__globals__['__builtins__'].open('CANARY', 'w')",
    "params.function.__code__.co_consts",
    "params.function()",
    "params['function']()",
    "steps.a.__class__.__base__.__subclasses__()",
    "''.__class__.__mro__[1].__subclasses__()",
    "''.__class__.__base__.__subclasses__()|selectattr('__name__', 'equalto', 'Popen')|list",
    "().__class__.__bases__[0].__subclasses__()[40]('/etc/passwd').read()",
    "[].__class__.__base__.__subclasses__()|map(attribute='__init__')|map(attribute='__globals__')|list",
    "{}.__class__.__base__.__subclasses__()",
    "(1).__class__.__base__.__subclasses__()",
    "''|attr('__class__')|attr('mro')()|last|attr('__subclasses__')()",
    # ways out of the sandbox that were closed one after another
    "'{0.__class__.__mro__[1].__subclasses__}'.format('')",
    "'{x.__class__.__init__}'.format_map({'x': params})",
    "('{0.__class__}'|attr('format'))(params)",
    "'{0.__class__.__init__.__globals__}'|attr('format')|attr('__call__')(lipsum)",
    "['{0.__class__}']|map('format', params)|list",
    "['{0.__class__}'.format]|first|attr('__call__')(params)",
    "params|map(attribute='__class__')|list",
    "params.values()|map('attr', '__globals__')|list",
    "[lipsum]|map('attr', '__globals__')|map('attr', 'get')|list",
    "'a'|string|attr('__class__')|attr('__base__')",
    "'a'|tojson|attr('__html__')|attr('__func__')|attr('__globals__')",
    "'a'|e|attr('__class__')|attr('__mro__')",
    "(params|items|first)|attr('__class__')",
    "[]|groupby('x')|attr('__class__')",
    "'a'|xmlattr|attr('__globals__')",
    # and of web frameworks
    "config.__class__.__init__.__globals__['os'].system('touch CANARY')",
    "request.application.__globals__.__builtins__." + RUN,
    "url_for.__globals__.os.system('touch CANARY')",
    "get_flashed_messages.__globals__.__builtins__.open('CANARY', 'w')",
    "g.pop.__globals__.__builtins__.open('CANARY', 'w')",
]
STATEMENTS = [
    "{% for each in ''.__class__.__base__.__subclasses__() %}{{ each }}{% endfor %}",
    "{% set os = lipsum.__globals__.os %}{{ os.system('touch CANARY') }}",
    "{% with os = cycler.__init__.__globals__.os %}{{ os.system('touch CANARY') }}{% endwith %}",
    "{% if lipsum.__globals__.os.system('touch CANARY') %}{% endif %}{{ 1 }}",
    "{% macro m(f=lipsum.__globals__.os.system('touch CANARY')) %}{% endmacro %}{{ m() }}",
    "{% call lipsum.__globals__.os.system('touch CANARY') %}{% endcall %}{{ 1 }}",
    "{% filter attr('__class__') %}x{% endfilter %}{{ 1 }}",
    "{% include '/etc/passwd' %}{{ 1 }}",
    "{% import '/etc/passwd' as passwords %}{{ passwords }}",
]
BOMBS = [
    "9**9**9**9",
    "2**(10**9)",
    "(10**4000)**4000",
    "'a' * 10**10",
    "('a' * 10**5) * 10**5",
    "[0] * 10**10",
    "[[[0] * 1000] * 1000] * 1000",
    "([[[[[0] * 100] * 100] * 100] * 100] * 100)|tojson",
    "range(10**10)|list",
    "range(10**10)|sum",
    "lipsum(10**6)",
    "'%1000000000d' % 1",
    "'{:1000000000}'.format(1)",
    "'x'|center(10**10)",
    "'x'|indent(10**10)",
    "params.long * 10**4",
    "params.long|replace('x', params.long)",
    "params.long|join(params.long)",
    "(params.list|join(params.long))|length",
    "params.list|sort|sort|sort|sort|sort|sort",
    "params.list * 10**5",
    "params.list|map('upper')|list",
    "params.long ~ params.long ~ params.long ~ params.long|tojson|tojson|tojson|tojson",
    "1|round(10**9)",
    "'9' * 10**6|int",
    "1" + " + 1" * 10**4,
    "(" * 10**4 + "1" + ")" * 10**4,
    "[" * 10**4 + "]" * 10**4,
    "not " * 10**4 + "1",
    "params" + ".x" * 10**4,
    "1|int" * 10**4,
]
EFFECTS = frozenset({"os.system", "subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "socket.connect"})
_heard: list[str] | None = None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _heard is None:
        return
    is_file = event == "open" and str(arguments[0]).endswith(("canary", "passwd"))
    if event in EFFECTS or is_file:
        _heard.append(event)


sys.addaudithook(_hear)


@contextmanager
def effects() -> Iterator[list[str]]:
    """Yield what this process does meanwhile that others could notice."""
    global _heard
    heard: list[str] = []
    _heard = heard
    try:
        yield heard
    finally:
        _heard = None


def function() -> None:
    """Something callable, which no pipeline is ever given."""


SCOPE = Scope(
    {"long": "x" * 100_000, "list": [str(each) for each in range(10_000)]},
    {"a": StepView("completed", {"o": 1})},
)


def as_value(text: str) -> object:
    return compile_value({"nested": [text]}).evaluate(SCOPE)


def as_text(text: str) -> object:
    compiled = compile_text(f"before {text}")
    return None if compiled is None else compiled.evaluate(SCOPE)


def as_condition(text: str) -> object:
    return compile_condition(text).holds(SCOPE)


REFUSALS = (ExpressionError, CompileErrors, EvaluationError)
USES = (as_value, as_text, as_condition)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("escape", [*(f"{{{{ {each} }}}}" for each in ESCAPES), *STATEMENTS])
def test_a_known_escape_has_no_effect(escape: str, use: Callable[[str], object], tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    began = time.perf_counter()
    with effects() as heard, pytest.raises(REFUSALS):
        use(escape.replace("CANARY", str(canary)))
    took = time.perf_counter() - began

    print(f"{took * 1000:.1f} ms")  # noqa: T201
    assert (heard, canary.exists()) == ([], False)
    assert took < MOST_SECONDS


PLAIN_JINJA = """
import builtins, contextlib, io, json, os, subprocess, sys, jinja2
def function(): pass
for template in json.load(sys.stdin):
    with contextlib.suppress(BaseException):
        jinja2.Environment().from_string(template).render(params={"function": function}, steps={"a": {}})
"""


def test_the_escapes_are_real(tmp_path: Path) -> None:
    """Without this language, in plain Jinja2, many of them do what they are after."""
    escapes = [*(f"{{{{ {each} }}}}" for each in ESCAPES), *STATEMENTS]
    templates = [each.replace("CANARY", str(tmp_path / f"{number}-canary")) for number, each in enumerate(escapes)]
    command = [sys.executable, "-W", "ignore", "-c", PLAIN_JINJA]
    subprocess.run(command, input=json.dumps(templates), text=True, check=False, timeout=60, capture_output=True)

    assert len(list(tmp_path.glob("*-canary"))) >= 20


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: str(bomb)[:40])
def test_a_bomb_takes_neither_time_nor_memory(bomb: str, use: Callable[[str], object]) -> None:
    began = time.perf_counter()
    with suppress(*REFUSALS):
        use(f"{{{{ {bomb} }}}}")
    took = time.perf_counter() - began
    tracemalloc.start()
    with suppress(*REFUSALS):
        use(f"{{{{ {bomb} }}}}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    print(f"{took * 1000:.1f} ms, {peak / 2**20:.1f} MiB")  # noqa: T201
    assert took < MOST_SECONDS
    assert peak < MOST_BYTES
