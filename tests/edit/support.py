"""A project in memory, whose files tests edit."""

from bud_codegen.edit.change import Change
from bud_codegen.model import Project

ACME = Project("acme")
GREET = """\
# yaml-language-server: $schema=x.json
type: greet
version: "1.4.2" # raise me
name: Greet
description: Says hello.
category: Integration
execution_mode: sync
params:
  # who is greeted
  - name: person
    label: Person
    type: string
    # nothing below this
  - {name: 'tone', label: Tone, type: string, show_when: {param: person, equals: Ada}}
rules:
  - {kind: at_least_one_of, params: [person, tone], message: Say person or tone}
outputs:
  - name: text
    type: string
  - {name: length, type: number}
examples:
  - title: Greet somebody
    params: {person: Ada, tone: warm}
# the end
"""
WAVE = GREET.replace("type: greet", "type: wave")
GREET_PATH = "actions/acme_actions/integration/greet.yaml"
SOURCES = {GREET_PATH: GREET, GREET_PATH.replace("greet", "wave"): WAVE}


def after(change: Change, path: str = GREET_PATH) -> str:
    """Return what a file shall be."""
    return change.after[path].decode()


def changed_lines(change: Change) -> list[str]:
    """Return the lines that come and go in all files, each with + or -."""
    return [line for line in change.diff() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
