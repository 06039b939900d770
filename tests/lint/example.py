"""A project that lint has nothing against, for tests that change one thing."""

from collections.abc import Mapping
from datetime import date

from bud_codegen.lint import Settings, lint
from bud_codegen.load import Source
from bud_codegen.model import Project
from bud_codegen.problem import Problem

GREET = "actions/bud_actions/builtin/greet.yaml"
ACTION = """\
type: greet
version: "1.0.0"
name: Greet
description: Says hello to somebody.
category: Control Flow
icon: hand
execution_mode: sync
params:
  - name: person
    label: Person
    type: string
    description: Who is greeted.
examples:
  - title: Greet Ada
    params: {person: Ada}
"""
EXECUTOR = '''\
"""Says hello."""

from bud_actions import base
from bud_actions.base import ActionContext
from bud_generated.builtin.greet import Outputs, Params


class Executor(base.TypedExecutor[Params, Outputs]):
    """Says hello."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        context.log.info("greeted", person=params.person)
        return Outputs()
'''
WITHOUT_ICON = ACTION.replace("icon: hand\n", "")
TODAY = date(2026, 1, 1)


def problems(
    sources: str | Mapping[str, Source], settings: Settings | None = None, python: Mapping[str, Source] | None = None
) -> tuple[Problem, ...]:
    """Lint {path: text}, or one action file."""
    files = {GREET: sources} if isinstance(sources, str) else sources
    return lint(Project(), files, python or {}, settings or Settings(), TODAY)


def rules(sources: str | Mapping[str, Source], settings: Settings | None = None) -> list[str]:
    """Return the ids of the rules that are broken, in the order of the report."""
    return [problem.rule for problem in problems(sources, settings)]
