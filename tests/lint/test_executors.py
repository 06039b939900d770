"""What is wrong with an executor is told from its code; where that is not certain, nothing is said."""

import ast
from pathlib import Path

import pytest

from bud_codegen.api import BUD, load_catalog
from bud_codegen.lint.executors import executor_problems, file_problems, uses
from bud_codegen.load import Source
from bud_codegen.problem import Problem, in_order
from bud_codegen.scaffold import executor_path, scaffolds
from bud_codegen.workspace import open_workspace

ROOT = Path(__file__).parents[2]
GREET = "actions/bud_actions/builtin/greet"
HEAD = """\
type: greet
version: "1.0.0"
name: Greet
description: Says hello.
category: Control Flow
params:
  - {name: who, label: Who, type: string, required: true}
  - {name: from, label: From, type: string, renamed_from: sender}
  - {name: token, label: Token, type: string, secret: true}
outputs: [{name: text, type: string}, {name: title, type: string, nullable: true}]
"""
SYNC = f"{HEAD}execution_mode: sync\n"
WAITS = f"{HEAD}execution_mode: event_driven\ntimeout_seconds: 60\n"
IMPORTS = """\
from bud_actions.base import ActionContext, ActionError, ActionResult, Awaiting, BaseActionExecutor, TypedExecutor
from bud_actions.base import EventAction, EventContext, EventResult, StepStatus
from bud_generated.builtin.greet import Outputs, Params
"""
TYPED = f"{IMPORTS}class Executor(TypedExecutor[Params, Outputs]):\n"
PLAIN = f"{IMPORTS}class Executor(BaseActionExecutor):\n"
RUN = "  async def run(self, params: Params, context: ActionContext) -> Outputs:\n"
EXECUTE = "  async def execute(self, context: ActionContext) -> ActionResult:\n"
ON_EVENT = "  async def on_event(self, context: EventContext) -> EventResult:\n"
LAST = "    return Outputs(text=params.who, title=params.from_)\n"
WAIT = "    return Awaiting(external_workflow_id=params.who)\n"
DONE = (
    "EventResult(action=EventAction.COMPLETE, status=StepStatus.COMPLETED, "
    "outputs=Outputs(text='', title='').to_dict())"
)
FAILED = "EventResult(action=EventAction.COMPLETE, status=StepStatus.FAILED, error='no')"
IGNORED = "EventResult(action=EventAction.IGNORE)"


def problems(source: Source, action: str = SYNC, **others: Source) -> tuple[Problem, ...]:
    catalog = load_catalog({f"{GREET}.yaml": action})
    python = {f"actions/bud_actions/builtin/{name}.py": text for name, text in others.items()}
    return in_order(executor_problems(BUD, catalog.actions, {f"{GREET}.py": source, **python}))


def rules(source: Source, action: str = SYNC, **others: Source) -> set[str]:
    """Return the rules that an executor breaks; that it leaves params unread is not what it is about."""
    return {problem.rule for problem in problems(source, action, **others)} - {"param-unused"}


def run(body: str, imports: str = "") -> str:
    return f"{imports}{TYPED}{RUN}{body}"


def waiting(on_event: str, wait: str = WAIT, imports: str = "") -> str:
    return f"{imports}{TYPED}{RUN}{wait}{ON_EVENT}{on_event}"


# Params

READS = [
    ("an attribute", run(f"    params.whom\n{LAST}")),
    ("of a function that is given them", f"{IMPORTS}def f(params: Params): return params.whom\n{run('    f(params)')}"),
    ("of a function that says nothing", run(f"    f(params)\n{LAST}") + "def f(given): return given.whom\n"),
    ("of a method that says nothing", run(f"    self.f(params)\n{LAST}") + "  def f(self, given): return given.whom\n"),
    ("by another name", run(f"    p = params\n    p.whom\n{LAST}")),
    ("inside a lambda", run(f"    f = lambda _: params.whom\n{LAST}")),
    ("inside a comprehension", run(f"    [params.whom for _ in 'ab']\n{LAST}")),
    ("a quoted annotation", run(LAST) + "def f(given: 'Params'): return given.whom\n"),
    ("a union", run(LAST) + "def f(given: Params | None): return given and given.whom\n"),
    ("getattr", run(f"    getattr(params, 'whom')\n{LAST}")),
    ("is_given", run(f"    params.is_given('whom')\n{LAST}")),
    ("a pattern", run(f"    match params:\n      case Params(whom=x): pass\n{LAST}")),
    ("replace", run(f"    replace(params, whom='')\n{LAST}", "from dataclasses import replace\n")),
    (
        "made of a mapping",
        run(LAST) + "  def validate_params(self, params):\n    return [Params.from_dict(params).whom]\n",
    ),
    ("by key", run(f"    context.params['whom']\n{LAST}")),
    ("get", run(f"    context.params.get('whom')\n{LAST}")),
    ("the name in Python, by key", run(f"    context.params['from_']\n{LAST}")),
    ("the name on the wire, as an attribute", run(LAST + "def f(p: Params): return p.frm\n")),
    ("in validate_params", run(LAST) + "  def validate_params(self, params):\n    return [params['whom']]\n"),
    ("an alias of the module", run(LAST) + "import bud_generated.builtin.greet as g\ndef f(p: g.Params): p.whom\n"),
    ("a mapping that is passed on", run(f"    f(context.params)\n{LAST}") + "def f(given): return given['whom']\n"),
    ("in poll", run(LAST) + "  async def poll(self, context):\n    return context.params['whom']\n"),
]


@pytest.mark.parametrize("source", [source for _, source in READS], ids=[name for name, _ in READS])
def test_a_param_that_is_not_declared_is_found_however_it_is_read(source: str) -> None:
    assert "reads-undeclared-param" in rules(source)


NO_READS = [
    ("declared ones", run(f"    context.params['from'] and params.from_ and context.params.get('who')\n{LAST}")),
    ("methods of records", run(f"    params.to_dict(), params.is_given('who'), params._nulls\n{LAST}")),
    ("a default of getattr", run(f"    getattr(params, 'whom', None)\n{LAST}")),
    ("a question", run(f"    'whom' in context.params and hasattr(params, 'whom')\n{LAST}")),
    ("a name that is given again", run(f"    params = object()\n    params.whom\n{LAST}")),
    ("another function's argument", run(LAST) + "def f(params): return params.whom\n"),
    ("a function that is given others, too", run(f"    f(params); f(1)\n{LAST}") + "def f(given): return given.whom\n"),
    ("a function that is passed on", run(f"    f(params); map(f, [])\n{LAST}") + "def f(given): return given.whom\n"),
    ("a shadowing lambda", run(f"    f = lambda params: params.whom\n{LAST}")),
    ("a shadowing comprehension", run(f"    [params.whom for params in []]\n{LAST}")),
    ("other mappings", run(f"    context.step_outputs['whom'], context.workflow_params['whom']\n{LAST}")),
    ("inner members", run(f"    params.who.whom\n{LAST}")),
    (
        "types of somebody's own",
        run(LAST.replace("from_", "sender")).replace("bud_generated.builtin.greet", "acme.types"),
    ),
    (
        "the other branch of an import",
        f"try:\n  import a as Params\nexcept ImportError:\n  Params = None\n{PLAIN}{EXECUTE}"
        "    return ActionResult(success=False, error=Params.whom)\n",
    ),
]


@pytest.mark.parametrize("source", [source for _, source in NO_READS], ids=[name for name, _ in NO_READS])
def test_what_is_not_certain_to_be_a_param_is_left_alone(source: str) -> None:
    assert rules(source) == set()


def test_a_misspelt_param_comes_with_the_one_that_is_meant() -> None:
    (misspelt,) = problems(run("    return Outputs(text=params.wo, title=None)\n"))
    assert (misspelt.place.line, misspelt.hint) == (6, "did you mean `who`?")
    (renamed,) = problems(run("    return Outputs(text=params.sender, title=None)\n"))
    assert renamed.hint == "it is called `from_` now"


ALL_READ = [
    (
        "in a copy",
        run(f"    params = replace(params, who='')\n    params.token\n{LAST}", "from dataclasses import replace\n"),
        set(),
    ),
    ("given again", run(f"    if params.who: params = f()\n{LAST}"), set()),
    ("an attribute each", run("    params.token\n" + LAST), set()),
    ("none of one", run(LAST), {"token"}),
    ("passed on whole", run(f"    print(params)\n{LAST}"), set()),
    ("read by names that are worked out", run(f"    [getattr(params, n) for n in 'ab']\n{LAST}"), set()),
    ("unpacked", run(f"    dict(**context.params)\n{LAST}"), set()),
    ("items", run(f"    context.params.items()\n{LAST}"), set()),
    ("a helper", run(f"    help(context)\n{LAST}", "from bud_actions.builtin.helper import help\n"), set()),
    ("an unknown helper", run(f"    help(context)\n{LAST}", "from acme import help\n"), set()),
    (
        "a helper of the platform",
        run(f"    ask(context)\n{LAST}", "from bud_actions.platform.x import ask\n"),
        {"token"},
    ),
    (
        "another base class",
        run(LAST, "from acme import Base\n").replace("TypedExecutor[Params, Outputs]", "Base"),
        set(),
    ),
    ("a stub", run("    raise NotImplementedError\n"), set()),
]


@pytest.mark.parametrize(("source", "unused"), [case[1:] for case in ALL_READ], ids=[case[0] for case in ALL_READ])
def test_params_that_nothing_reads_are_named(source: str, unused: set[str]) -> None:
    helper = f"{IMPORTS}def help(context: ActionContext): return context.params['token']\n"
    found = [problem.message for problem in problems(source, helper=helper) if problem.rule == "param-unused"]
    assert {message.split("`")[1] for message in found} == unused


def test_deprecated_params_may_be_left_unread() -> None:
    action = SYNC.replace("secret: true", 'deprecated: {since: "1.0.0", message: No longer used.}')
    assert problems(run(LAST), action) == ()


# Outputs

OUTPUTS = [
    ("all", run(LAST), set()),
    ("a keyword too many", run("    return Outputs(text='', title='', size=1)\n"), {"emits-undeclared-output"}),
    ("a keyword too few", run("    return Outputs(text='')\n"), {"output-missing-on-some-path"}),
    ("more keywords", run("    more = {}\n    return Outputs(text='', **more)\n"), set()),
    ("a mapping too short", run("    return Outputs.from_dict({'text': ''})\n"), {"output-missing-on-some-path"}),
    ("a mapping too long", run("    return Outputs.from_dict({**{}, 'size': ''})\n"), {"emits-undeclared-output"}),
    ("more of a mapping", run("    return Outputs.from_dict({**{}, 'text': ''})\n"), set()),
    ("another mapping", run("    return Outputs.from_dict(params.who)\n"), set()),
    (
        "replaced",
        run("    return replace(Outputs(text='', title=''), size='')\n", "from dataclasses import replace\n"),
        {"emits-undeclared-output"},
    ),
    ("a failure", run("    raise ActionError('no', {'size': 1})\n"), {"emits-undeclared-output"}),
    ("a failure without any", run("    raise ActionError('no')\n"), set()),
    ("a failure with some", run("    raise ActionError('no', outputs={'text': ''})\n"), set()),
    (
        "a result",
        f"{PLAIN}{EXECUTE}    return ActionResult(success=True, outputs={{'text': ''}})\n",
        {"output-missing-on-some-path"},
    ),
    (
        "a result without any",
        f"{PLAIN}{EXECUTE}    return ActionResult(success=True)\n",
        {"output-missing-on-some-path"},
    ),
    ("a bad result", f"{PLAIN}{EXECUTE}    return ActionResult(success=False, error='no')\n", set()),
    ("a result that is worked out", f"{PLAIN}{EXECUTE}    return ActionResult(success=True, outputs=f())\n", set()),
    ("nothing", run("    return None\n"), {"result-missing"}),
    ("nothing at the end", run(f"    if params.who:\n  {LAST}"), {"result-missing"}),
    ("one of two", run(f"    if params.who:\n  {LAST}    elif params.from_:\n  {LAST}"), set()),
    ("nothing of an inner function", run(f"    def f(): return\n    f()\n{LAST}"), set()),
    ("nothing of a lambda that falls through", run(f"    with params.who:\n  {LAST}"), set()),
]


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in OUTPUTS], ids=[case[0] for case in OUTPUTS])
def test_outputs_are_all_that_are_declared_and_no_others(source: str, expected: set[str]) -> None:
    assert rules(source) == expected


def test_any_outputs_may_be_given_where_any_are_declared() -> None:
    action = SYNC.replace(
        "[{name: text, type: string}, {name: title, type: string, nullable: true}]", '[{name: "*", type: any}]'
    )
    assert rules(f"{PLAIN}{EXECUTE}    return ActionResult(success=True, outputs={{'size': 1}})\n", action) == set()


def test_outputs_of_a_wait_count_at_its_end() -> None:
    wait = f"{PLAIN}{EXECUTE}    return ActionResult(success=True, awaiting_event=True, external_workflow_id='x'"
    end = f"{ON_EVENT}    if context.event_type == 'failed': return {FAILED}\n    return EventResult("
    end += "action=EventAction.COMPLETE, status=StepStatus.COMPLETED, outputs={'text': ''})\n"
    assert rules(f"{wait}, outputs={{'title': ''}})\n{end}", WAITS) == set()
    assert rules(f"{wait}, outputs=f())\n{end}", WAITS) == set()
    assert rules(f"{wait})\n{end}", WAITS) == {"output-missing-on-some-path"}


# Events

EVENTS = [
    ("all", waiting(f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n"), set()),
    (
        "no failure",
        waiting(f"    if context.event_type == 'x': return {DONE}\n    return {IGNORED}\n"),
        {"on-event-without-failure-handling"},
    ),
    ("no filter", waiting(f"    return {DONE}\n"), {"event-not-filtered"}),
    ("judged elsewhere", waiting("    return judged(context)\n", imports="from acme import judged\n"), set()),
    (
        "judged elsewhere, told here",
        waiting(f"    if good(context): return {DONE}\n    return {IGNORED}\n", imports="from acme import good\n"),
        set(),
    ),
    (
        "judged in a function",
        waiting("    return self.f(context)\n") + f"  def f(self, c): return {DONE}\n",
        {"event-not-filtered"},
    ),
    ("an exception", waiting(f"    if context.event_type == 'x': raise ValueError\n    return {DONE}\n"), set()),
    (
        "a status that is worked out",
        waiting(
            "    return EventResult(action=EventAction.COMPLETE, status=f(context))\ndef f(c): return c.event_type\n"
        ),
        set(),
    ),
    ("a moment", waiting(f"    return {DONE}\n", "    return Awaiting(wake_at=context.now)\n"), set()),
    (
        "no id",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n", "    return Awaiting()\n"
        ),
        {"awaiting-without-correlation-id"},
    ),
    (
        "an id that is None",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    return Awaiting(external_workflow_id=None)\n",
        ),
        {"awaiting-without-correlation-id"},
    ),
    (
        "keys",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    return Awaiting(correlation_keys=(params.who,))\n",
        ),
        set(),
    ),
    (
        "a token",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    print(context.callback.token)\n    return Awaiting()\n",
        ),
        set(),
    ),
    ("no on_event", f"{TYPED}{RUN}{WAIT}", {"event-driven-without-on-event"}),
    (
        "no on_event of another class",
        f"from acme import Base\n{TYPED}{RUN}{WAIT}".replace("TypedExecutor[Params, Outputs]", "Base"),
        set(),
    ),
    (
        "only poll",
        f"{TYPED}{RUN}    return Awaiting(timeout_seconds=5)\n  async def poll(self, context): return None\n",
        set(),
    ),
    (
        "never",
        waiting(f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n", LAST),
        {"event-driven-never-waits"},
    ),
    (
        "sometimes",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            f"    if params.who: return Awaiting(external_workflow_id='x')\n{LAST}",
        ),
        set(),
    ),
    (
        "sometimes, by a function",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    return await begun(params)\n",
            "async def begun(params) -> 'Outputs | Awaiting': ...\n",
        ),
        set(),
    ),
    (
        "sometimes, by a function of an open type",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    return await begun(params)\n",
        )
        + "async def begun(params: Params) -> Outputs | Awaiting: ...\n",
        set(),
    ),
    (
        "never, by a function",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    return await begun(params)\n",
        )
        + "async def begun(params: Params) -> Outputs: ...\n",
        {"event-driven-never-waits"},
    ),
    (
        "elsewhere",
        waiting(
            f"    if context.event_type == 'failed': return {FAILED}\n    return {DONE}\n",
            "    return await begun(params)\n",
            "from acme import begun\n",
        ),
        set(),
    ),
]


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_events_are_told_apart(source: str, expected: set[str]) -> None:
    assert rules(source, WAITS) == expected


# Habits

SERVICES = SYNC + "required_services: [budapp]\n"
HABITS = [
    (
        "a sleep in a thread",
        run(f"    await asyncio.to_thread(time.sleep, 1)\n{LAST}", "import asyncio, time\n"),
        set(),
    ),
    ("a sleep in a function", run(LAST, "import time\ndef f(): time.sleep(1)\n"), set()),
    (
        "a sleep by another name",
        run(f"    nap(1)\n{LAST}", "from time import sleep as nap\n"),
        {"blocking-call-in-async"},
    ),
    (
        "a sleep in a function of its own",
        run(f"    time.sleep(1)\n{LAST}", "import time\n").replace(
            "  async def run", "  isolation = 'thread'\n  async def run"
        ),
        set(),
    ),
    ("an error that is swallowed", run(f"    try: f()\n    except Exception: ...\n{LAST}"), {"exception-swallowed"}),
    (
        "an error that is suppressed",
        run(f"    with contextlib.suppress(Exception): f()\n{LAST}", "import contextlib\n"),
        {"exception-swallowed"},
    ),
    ("an error that is expected", run(f"    try: f()\n    except KeyError: pass\n{LAST}"), set()),
    ("everything, raised again", run(f"    try: await f()\n    except:\n      g()\n      raise\n{LAST}"), set()),
    ("everything", run(f"    try: await f()\n    except: g()\n{LAST}"), {"cancellation-caught"}),
    (
        "cancellation by name",
        "import asyncio\n" + run(f"    try: await f()\n    except (OSError, asyncio.CancelledError): g()\n{LAST}"),
        {"cancellation-caught"},
    ),
    (
        "the cancellation of a task of one's own",
        "import asyncio\n" + run(f"    t.cancel()\n    try: await t\n    except asyncio.CancelledError: pass\n{LAST}"),
        set(),
    ),
    ("everything, kept", run(f"    try: await f()\n    except BaseException as e: g(e)\n{LAST}"), set()),
    ("everything of what cannot be cancelled", run(f"    try: f()\n    except: g()\n{LAST}"), set()),
    ("a client", run(LAST, "import urllib.request\n"), {"network-past-context"}),
    ("a client for types", run(LAST, "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import httpx\n"), set()),
    ("no client", run(LAST, "from urllib.parse import quote\nfrom .requests import x\nimport httpx_like\n"), set()),
    ("state", run(f"    self.who = params.who\n{LAST}"), {"state-on-self"}),
    ("state by another name", run(f"    who = params.who\n    self.who = who\n{LAST}"), {"state-on-self"}),
    ("a client that is kept", run(f"    self.client = f()\n{LAST}"), set()),
    ("state of another class", run(LAST) + "class Other:\n  def f(self, context): self.c = context.params\n", set()),
    ("a secret that is printed", run(f"    print(f'{{params.token}}')\n{LAST}"), {"secret-logged"}),
    ("a secret that is printed by key", run(f"    print({{'a': context.params['token']}})\n{LAST}"), {"secret-logged"}),
    (
        "a secret that is printed by another name",
        run(f"    t = params.token\n    print('a' + t)\n{LAST}"),
        {"secret-logged"},
    ),
    ("all params that are printed", run(f"    print(context.params)\n{LAST}"), {"secret-logged"}),
    (
        "a secret that is logged",
        run(f"    log.info('x', t=params.token)\n{LAST}", "import structlog\nlog = structlog.get_logger()\n"),
        {"secret-logged"},
    ),
    (
        "a secret that is masked",
        run(f"    context.log(params.token)\n    print(params, len(params.token))\n{LAST}"),
        set(),
    ),
    (
        "a service",
        run(f"    await context.invoke_service('budsim')\n{LAST}"),
        {"service-not-declared", "service-unused"},
    ),
    ("a service by its name", run(f"    await context.invoke_service(app_id=APP)\n{LAST}", "APP = 'budapp'\n"), set()),
    (
        "a service that is asked for",
        run(f"    await ask_budsim(context)\n{LAST}", "from bud_actions.platform.calls import ask_budsim\n"),
        {"service-not-declared"},
    ),
    ("an unknown service", run(f"    await context.invoke_service(params.who)\n{LAST}"), set()),
    ("a helper that may call one", run(f"    await f(context)\n{LAST}", "from acme import f\n"), set()),
]


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in HABITS], ids=[case[0] for case in HABITS])
def test_habits_that_hurt_are_found_and_others_are_not(source: str, expected: set[str]) -> None:
    action = SERVICES if "service" in source or "ask_" in source or "from acme" in source else SYNC
    assert rules(source, action) == expected


# Files

SIGNATURES = [
    ("async def run(self, params, context, more=1): return await f(params)", set()),
    ("async def run(self, *given): return await f(given)", set()),
    ("def run(self, params, context): return self.f(params)", set()),
    ("run = f", set()),
    ("@f\n  def run(self): return f()", set()),
    ("def run(self, params, context): return Outputs(text='', title='')", {"executor-signature"}),
    ("async def run(self, params): return await f(params)", {"executor-signature"}),
    ("async def run(self, params, context, more): return await f(params)", {"executor-signature"}),
    ("async def run(self, params, context, *, more): return await f(params)", {"executor-signature"}),
    ("async def run(self, params, context): yield Outputs(text='', title='')", {"executor-signature"}),
    ("async def perform(self, params, context): return await f(params)", {"executor-signature"}),
]


@pytest.mark.parametrize(("method", "expected"), SIGNATURES)
def test_methods_can_be_called_as_workers_call_them(method: str, expected: set[str]) -> None:
    assert rules(f"{TYPED}  {method}\n") == expected


UNREADABLE: list[tuple[Source, str]] = [
    ("def f(:\n", "this is not Python"),
    ("x = '\0'\n", "null bytes"),
    (b"\xff\xfe", "this is not Python"),
    (b"# coding: nonsense\n", "unknown encoding"),
    ("(" * 1000, "too many nested parentheses"),
    (PermissionError(13, "Permission denied"), "Permission denied"),
]


@pytest.mark.parametrize(("source", "message"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_problem(source: Source, message: str) -> None:
    (problem,) = problems(source)
    assert problem.rule == "executor-syntax"
    assert message in problem.message
    assert problem.hint


def test_warnings_about_code_are_left_to_python() -> None:
    assert rules(run(LAST, "PATTERN = '\\d'\n")) == set()


def test_places_count_characters_not_bytes() -> None:
    (problem,) = problems(run("    return Outputs(text='grüß' + params.whom, title=None)\n").encode())
    line = "    return Outputs(text='grüß' + params.whom, title=None)"
    assert line[problem.place.column - 1 :][: problem.place.length] == "params.whom"


def test_places_are_exact_with_the_line_ends_of_windows_and_a_byte_order_mark() -> None:
    text = run("    return Outputs(text=params.whom, title=None)\n").replace("\n", "\r\n")
    for source in (text, text.encode(), b"\xef\xbb\xbf" + text.encode()):
        (problem,) = problems(source)
        assert (problem.place.line, problem.place.column) == (6, 25)


def test_an_executor_may_stand_elsewhere() -> None:
    shared = run(LAST + "    params.token\n")
    assert rules("from bud_actions.builtin.shared import Executor\n", shared=shared) == set()
    assert rules("from .shared import Executor\n", shared=shared) == set()
    assert rules(run(LAST), shared=shared) == {"executor-orphaned"}


def test_an_executor_without_an_action_is_told_which_one_may_be_meant() -> None:
    catalog = load_catalog({f"{GREET}.yaml": SYNC})
    found = in_order(executor_problems(BUD, catalog.actions, {f"{GREET}s.py": run(LAST)}))
    assert [problem.rule for problem in found] == ["executor-missing", "executor-orphaned"]
    assert f"did you mean `{GREET}.py`?" in (found[1].hint or "")


def test_nothing_is_said_of_executors_whose_action_file_is_wrong() -> None:
    python = {f"{GREET}.py": run(LAST), f"{GREET}_v1.py": run(LAST), "tests/actions/test_greet.py": run(LAST)}
    assert list(executor_problems(BUD, (), python, [f"{GREET}.yaml", f"{GREET}.v1.yaml"])) == []


def test_an_older_version_has_an_executor_and_types_of_its_own() -> None:
    catalog = load_catalog({f"{GREET}.yaml": SYNC.replace("1.0.0", "2.0.0"), f"{GREET}.v1.yaml": SYNC})
    older = run(f"    params.token\n{LAST}").replace("builtin.greet", "builtin.greet_v1")
    python = {f"{GREET}.py": run(f"    params.token\n{LAST}"), f"{GREET}_v1.py": older}
    assert list(executor_problems(BUD, catalog.versions, python)) == []
    python[f"{GREET}_v1.py"] = python[f"{GREET}.py"]
    assert {problem.rule for problem in executor_problems(BUD, catalog.versions, python)} == {"executor-wrong-types"}


@pytest.mark.parametrize("name", ["log", "model_add"])
def test_actions_that_are_classes_are_left_alone(name: str) -> None:
    source = (ROOT / "tests" / "class_style" / f"{name}.py.txt").read_text()
    assert rules(run(LAST), old=source) == set()


def test_the_first_version_of_an_executor_is_only_not_written_yet() -> None:
    for action in (SYNC, WAITS):
        catalog = load_catalog({f"{GREET}.yaml": action})
        path = executor_path(catalog.actions[0])
        found = executor_problems(BUD, catalog.actions, {path: scaffolds(catalog)[path]})
        assert {(problem.rule, problem.severity) for problem in found} == {("executor-still-stub", "warning")}


def test_our_own_executors_keep_every_rule() -> None:
    workspace = open_workspace(ROOT)
    catalog = load_catalog(workspace.read_sources(), workspace.project)
    paths = (ROOT / workspace.project.actions).rglob("*.py")
    python = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    assert len(python) > len(catalog.actions)
    assert list(executor_problems(workspace.project, catalog.actions, python)) == []


def test_helpers_need_no_executor() -> None:
    assert file_problems("helper.py", "x = 1\n", is_executor=False) == []
    assert [problem.rule for problem in file_problems("e.py", "x = 1\n", is_executor=True)] == [
        "executor-class-missing"
    ]


# What is used


def test_uses_are_all_members_with_their_places() -> None:
    found = uses(
        f"{GREET}.py", run("    context.params['who']\n    return Outputs(text=params.who, title=params.from_)\n")
    )
    assert {name: [place.line for place in places] for name, places in found.params.items()} == {
        "from_": [7],
        "who": [6, 7],
    }
    assert set(found.outputs) == {"text", "title"}
    assert not found.is_whole


def test_params_that_are_passed_on_whole_are_used() -> None:
    assert uses(f"{GREET}.py", run(f"    print(params)\n{LAST}")).is_whole
    assert uses(f"{GREET}.py", "def (:") == uses(f"{GREET}.py", "x = 1\n")


# Any Python


def test_any_code_can_be_read() -> None:
    """The files of Python itself hold everything that its grammar has."""
    for path in sorted(Path(ast.__file__).parent.glob("*.py"))[::4]:
        text = path.read_bytes()
        problems(IMPORTS.encode() + text if b"from __future__" not in text else text)
