"""Pipelines in files are upgraded where their steps stand; all around those stays as it was written."""

from pathlib import Path

import pytest

from bud_server.terminal.upgrade import upgrade_files
from tests.versions.support import two_versions


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_versions(tmp_path_factory.mktemp("rewriting") / "project")


CASES = {
    "comments, empty lines and indentation": (
        """\
# Greets.
steps:
    - id: a
      action: greet@1   # pinned
      params:
          who: Ada      # a friend
          loud: true    # shouts

          # How it sounds.
          tone: friendly
    - id: b
      action: 'greet@1'
      params:
          tone: "friendly"
          who: |
              Bob
          loud: false
    # The last one.
    - {id: c, action: greet@1, params: {loud: true, who: "{{ params.x }}"}}  # flow
    # The end.
parameters: [{name: x, type: string}]
""",
        """\
# Greets.
steps:
    - id: a
      action: greet@2   # pinned
      params:
          whom: Ada      # a friend

          # How it sounds.
          tone: warm
    - id: b
      action: 'greet@2'
      params:
          tone: "warm"
          whom: |
              Bob
    # The last one.
    - {id: c, action: greet@2, params: {whom: "{{ params.x }}"}}  # flow
    # The end.
parameters: [{name: x, type: string}]
""",
    ),
    "steps that share all their params": (
        "steps:\n- {id: a, action: greet@1, params: &p {who: A, loud: true}}\n- {id: b, action: greet@1, params: *p}\n",
        "steps:\n- {id: a, action: greet@2, params: &p {whom: A}}\n- {id: b, action: greet@2, params: *p}\n",
    ),
    "steps that share names and values": (
        "steps:\n- {id: a, action: &g greet@1, params: {who: &w A}}\n- {id: b, action: *g, params: {who: *w}}\n",
        "steps:\n- {id: a, action: &g greet@2, params: {whom: &w A}}\n- {id: b, action: *g, params: {whom: *w}}\n",
    ),
    "ends of lines, and the mark of the encoding": (
        "\ufeffsteps:\r\n- id: a\r\n  action: greet@1\r\n  params:\r\n    who: Ada\r\n    loud: true",
        "\ufeffsteps:\r\n- id: a\r\n  action: greet@2\r\n  params:\r\n    whom: Ada\r\n",
    ),
    "a step without params": (
        "steps:\n  - id: a\n    action: greet@1\n    name: A\n",
        "steps:\n  - id: a\n    action: greet@2\n    params: {whom: everybody}\n    name: A\n",
    ),
    "params that are empty": (
        "steps:\n  - {id: a, action: hello@1, params: {}}\n  - id: b\n    action: greet@1\n    params:\n",
        "steps:\n  - {id: a, action: greet@2, params: {whom: everybody}}\n"
        "  - id: b\n    action: greet@2\n    params: {whom: everybody}\n",
    ),
    "only params that are dropped": (
        "steps:\n  - id: a\n    action: greet@1\n    params:\n      loud: true\n"
        "  - {id: b, action: greet@1, params: {loud: true}}\n",
        "steps:\n  - id: a\n    action: greet@2\n    params:\n      whom: everybody\n"
        "  - {id: b, action: greet@2, params: {whom: everybody}}\n",
    ),
    "a param that is empty": (
        "steps:\n  - id: a\n    action: greet@1\n    params:\n      who:\n      tone: friendly\n",
        "steps:\n  - id: a\n    action: greet@2\n    params:\n      whom: everybody\n      tone: warm\n",
    ),
    "a step that does not say its version": (
        "steps:\n- {id: a, action: greet, params: {who: Ada}}\n",
        "steps:\n- {id: a, action: greet, params: {whom: Ada}}\n",
    ),
}


def upgrade(path: Path, before: str, project: Path) -> tuple[str, list[str]]:
    path.write_bytes(before.encode())
    report = upgrade_files([path], project, write=True)
    return path.read_bytes().decode(), report.lines


@pytest.mark.parametrize("case", CASES)
def test_what_surrounds_a_change_stays(case: str, tmp_path: Path, project: Path) -> None:
    before, after = (text.replace("steps:", "name: g\nsteps:", 1) for text in CASES[case])
    if "\r" in before:
        before, after = (text.replace("name: g\n", "name: g\r\n") for text in (before, after))
    changed, said = upgrade(tmp_path / "p.yaml", before, project)
    assert changed.rstrip() == after.rstrip(), said
    assert upgrade(tmp_path / "p.yaml", changed, project) == (changed, ["0 upgraded, 1 up to date"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"name":"g","steps":[{"id":"a","action":"greet@1","params":{"who":"A"}}]}', '{"name": "g", "steps": [{'),
        (
            '{\n    "dag": {"name": "g", "steps": [{"id": "a", "action": "greet@1", "params": {"who": "A"}}]}\n}\n',
            '{\n    "dag": {\n        "name": "g",',
        ),
    ],
)
def test_json_keeps_its_indentation(before: str, after: str, tmp_path: Path, project: Path) -> None:
    changed, _ = upgrade(tmp_path / "p.json", before, project)
    assert changed.startswith(after)
    assert '"whom": "A"' in changed
    assert changed.endswith("\n") == before.endswith("\n")


def test_what_only_one_of_two_steps_changes_cannot_be_shared(tmp_path: Path, project: Path) -> None:
    before = (
        "name: g\nsteps:\n- {id: a, action: greet@1, params: {tone: &tone friendly, who: A}}\n"
        "- {id: b, action: greet, params: {whom: *tone}}\n"
    )
    changed, said = upgrade(tmp_path / "p.yaml", before, project)
    assert changed == before
    assert said[2] == "  error: steps share parts through anchors that do not change alike: write them out"


@pytest.mark.parametrize("action", ["greet@7", "nope@1", "nope"])
def test_a_file_that_no_version_takes_is_not_up_to_date(action: str, tmp_path: Path, project: Path) -> None:
    _, said = upgrade(tmp_path / "p.yaml", f"name: g\nsteps:\n- {{id: a, action: {action}}}\n", project)
    assert said[0].endswith("p.yaml: is wrong, and no migration mends it")
    assert said[-1] == "0 upgraded, 0 up to date, 1 not possible"
