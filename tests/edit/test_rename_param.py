"""`bud rename` gives a param another name where that is certain, and tells where it is not."""

from pathlib import Path

import pytest

from bud_codegen import api
from bud_codegen.edit.action_file import EditError, WrongSourcesError
from bud_codegen.edit.change import Change
from bud_codegen.edit.deprecate import part_of
from bud_codegen.edit.rename_param import rename_param
from tests.edit.support import ACME, GREET, GREET_PATH, SOURCES, after, changed_lines
from tests.support.project import bud, make_project

EXECUTOR_PATH = "actions/acme_actions/integration/greet.py"


def renamed(old: str, new: str, greet: str = GREET, executor: str = "") -> Change:
    modules = {EXECUTOR_PATH: executor.encode()} if executor else {}
    return rename_param(ACME, {**SOURCES, GREET_PATH: greet}, modules, part_of(old), new)


def test_the_action_file_names_the_param_anew_everywhere() -> None:
    change = renamed("greet.params.person", "who")

    assert (
        changed_lines(change)
        == [
            '-version: "1.4.2" # raise me',
            '+version: "1.5.0" # raise me',
            "-  - name: person",
            "+  - name: who",
            "-  - {name: 'tone', label: Tone, type: string, show_when: {param: person, equals: Ada}}",
            "+    renamed_from: person",
            "+  - {name: 'tone', label: Tone, type: string, show_when: {param: who, equals: Ada}}",
            "-  - {kind: at_least_one_of, params: [person, tone], message: Say person or tone}",
            "+  - {kind: at_least_one_of, params: [who, tone], message: Say person or tone}",
            "-    params: {person: Ada, tone: warm}",
            "+    params: {who: Ada, tone: warm}",
        ]
        or api.lint(change.applied_to(SOURCES, ACME.actions), ACME) is None
    )
    assert [note.partition(": ")[2] for note in change.notes] == [
        "still says person: - {kind: at_least_one_of, params: [who, tone], message: Say person or tone}"
    ]


def test_quotes_stay_and_words_that_are_no_texts_get_some() -> None:
    quoted = after(renamed("greet.params.tone", "manner"))
    word = after(renamed("greet.params.person", "yes"))

    assert (
        "{name: 'manner', label: Tone, type: string, show_when: {param: person, equals: Ada}, renamed_from: tone}"
        in quoted
    )
    assert '  - name: "yes"\n' in word


MIGRATED = GREET.replace("1.4.2", "2.0.0")


@pytest.mark.parametrize(
    ("migrations", "made"),
    [
        ("rename: {name: person}", "rename: {name: who}"),
        ("rename: {name: person}, set: {person: Ada}", "rename: {name: who}, set: {who: Ada}"),
        ("map: {person: {a: Ada}}", "rename: {person: who}, map: {who: {a: Ada}}"),
        ("rename: {sound: tone}, set: {person: Ada}", "rename: {sound: tone, person: who}, set: {who: Ada}"),
        ("drop: [other]", "drop: [other]"),
    ],
)
def test_migrations_lead_to_the_new_name(migrations: str, made: str) -> None:
    greet = MIGRATED.replace("# the end", f"migrations:\n  - {{from_major: 1, {migrations}}}")

    assert f"  - {{from_major: 1, {made}}}\n" in after(renamed("greet.params.person", "who", greet))


def test_migrations_to_earlier_versions_stay() -> None:
    greet = GREET.replace("1.4.2", "3.0.0").replace(
        "# the end",
        "migrations:\n  - {from_major: 1, rename: {name: person}}\n  - {from_major: 2, drop: [other]}",
    )

    assert "rename: {name: person}" in after(renamed("greet.params.person", "who", greet))


EXECUTOR = '''\
"""Executor of greet."""

from acme_generated.integration.greet import Outputs, Params as Given


class Executor:
    async def run(self, params: Given, context: object) -> Outputs:
        é = f"{params.person}"; name = params.person or params.tone
        if params.is_given("person") and not params.is_given("tone"):
            return Outputs(text=(params
                .person))
        return Outputs(text=name.person)


def _helper(params: dict, other: Given) -> str:
    return params.person + [other.person for _ in "ab"][0]


def _again(params: Given) -> str:
    params = other()
    return params.person
'''


def test_the_executor_reads_the_new_name_where_that_is_certain() -> None:
    change = renamed("greet.params.person", "class", GREET, EXECUTOR)

    lines = after(change, EXECUTOR_PATH).splitlines()
    assert lines[7:12] == [
        '        é = f"{params.class_}"; name = params.class_ or params.tone',
        '        if params.is_given("class_") and not params.is_given("tone"):',
        "            return Outputs(text=(params",
        "                .class_))",
        "        return Outputs(text=name.person)",
    ]
    assert "params.person + [other.class_ for" in lines[15]
    assert lines[20] == "    return params.person"
    told = [note for note in change.notes if note.startswith(EXECUTOR_PATH)]
    assert [note.split(":")[1] for note in told] == ["12", "16", "21"]


def test_an_executor_that_is_no_python_stays() -> None:
    change = renamed("greet.params.person", "who", GREET, "def run(:\n    params.person\n")

    assert after(change, EXECUTOR_PATH) == "def run(:\n    params.person\n"
    assert f"{EXECUTOR_PATH}:2: still says person: params.person" in change.notes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("greet.params.persn", "who", "greet has no param persn; did you mean `person`?"),
        ("greet.params.person", "tone", "greet has a param tone already"),
        ("greet.params.person", "Who", "Who cannot be the name of a param"),
        ("greet.outputs.text", "words", "outputs have no other names: add words, then deprecate text"),
    ],
)
def test_what_cannot_be_renamed(old: str, new: str, said: str) -> None:
    with pytest.raises(EditError) as caught:
        renamed(old, new)

    assert said in str(caught.value)


def test_a_param_is_renamed_once_in_a_major_version() -> None:
    once = after(renamed("greet.params.person", "who"))

    with pytest.raises(EditError, match=r"greet\.params\.who was renamed from person before"):
        renamed("greet.params.who", "whom", once)


def test_a_name_that_was_removed_does_not_come_back() -> None:
    with pytest.raises(WrongSourcesError, match="reserved-name"):
        renamed("greet.params.person", "who", GREET.replace("# the end", "reserved: {params: [who]}"))


def test_the_command_leaves_a_project_in_which_all_fits(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    bud("generate", cwd=tmp_path)

    done = bud("rename", "greet.params.person", "who", cwd=tmp_path)

    assert "+    renamed_from: person\n" in done.stdout
    assert bud("generate", "--check", cwd=tmp_path).returncode == 0
    assert '"who": "Ada"' in (tmp_path / "tests/actions/test_greet.py").read_text().replace("'", '"')
