"""`bud deprecate` writes a notice and a version, and nothing else."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from bud_codegen import api
from bud_codegen.edit.action_file import EditError, WrongSourcesError, minor_raised
from bud_codegen.edit.change import Change
from bud_codegen.edit.deprecate import Notice, deprecate, part_of
from tests.edit.support import ACME, GREET, GREET_PATH, SOURCES, after, changed_lines
from tests.support.project import bud, make_project

TODAY = date(2026, 5, 17)
LONG = "Give the name of the person in the message instead, which every version since the first one understands."
VERSIONS = ['-version: "1.4.2" # raise me', '+version: "1.5.0" # raise me']


def deprecated(what: str, notice: Notice, sources: Mapping[str, str] = SOURCES) -> Change:
    return deprecate(ACME, sources, part_of(what), notice, TODAY)


@pytest.mark.parametrize(
    ("what", "notice", "added"),
    [
        (
            "greet",
            Notice("Use wave.", replacement="wave", sunset="2027-01-01"),
            [
                'deprecated: {since: "1.5.0", message: Use wave., date: "2026-05-17", '
                'replacement: wave, sunset: "2027-01-01"}'
            ],
        ),
        (
            "greet.params.person",
            Notice("yes", since="1.4.0"),
            ['    deprecated: {since: "1.4.0", message: "yes", date: "2026-05-17"}'],
        ),
        (
            "greet.outputs.text",
            Notice(LONG, replacement="length"),
            [
                "    deprecated:",
                '      since: "1.5.0"',
                f"      message: {LONG}",
                '      date: "2026-05-17"',
                "      replacement: length",
            ],
        ),
    ],
)
def test_a_notice_is_written_in_its_place(what: str, notice: Notice, added: list[str]) -> None:
    change = deprecated(what, notice)

    assert changed_lines(change) == [*VERSIONS, *(f"+{line}" for line in added)]
    assert api.lint(change.applied_to(SOURCES, ACME.actions), ACME) is None


def test_a_mapping_in_braces_stays_in_braces() -> None:
    change = deprecated("greet.outputs.length", Notice("Count it, 'yourself'."))

    notice = """deprecated: {since: "1.5.0", message: \"Count it, 'yourself'.\", date: "2026-05-17"}"""
    assert f"  - {{name: length, type: number, {notice}}}\n" in after(change)


def test_comments_and_line_ends_stay() -> None:
    change = deprecated("greet.params.person", Notice("No."), {**SOURCES, GREET_PATH: GREET.replace("\n", "\r\n")})

    notice = '    deprecated: {since: "1.5.0", message: No., date: "2026-05-17"}'
    assert f"    type: string\r\n{notice}\r\n    # nothing below this\r\n" in after(change)
    assert "\n" not in after(change).replace("\r\n", "")


def test_an_action_without_a_version_gets_one() -> None:
    change = deprecated("greet", Notice("No."), {GREET_PATH: GREET.replace('version: "1.4.2" # raise me\n', "")})

    assert 'type: greet\nversion: "1.1.0"\n' in after(change)


@pytest.mark.parametrize(
    ("what", "notice", "said"),
    [
        ("gret", Notice("No."), "there is no action gret; did you mean `greet`?"),
        ("greet@2", Notice("No."), "greet has no major version 2; there is 1"),
        ("greet.params.persn", Notice("No."), "greet has no param persn; did you mean `person`?"),
        ("greet.outputs.tone", Notice("No."), "greet has no output tone"),
        ("greet.tone", Notice("No."), "greet.tone names nothing; write TYPE, TYPE.params.NAME or TYPE.outputs.NAME"),
        ("greet", Notice("No.", sunset="2027-02-30"), "--sunset: there is no day 2027-02-30"),
        ("greet", Notice("No.", sunset="2020-02-01"), "--sunset: 2020-02-01 is not to come"),
        ("greet", Notice("No.", sunset="20270201"), "--sunset: there is no day 20270201"),
        ("greet", Notice("No.", replacement="wav"), "--replacement: there is no action wav; did you mean `wave`?"),
        ("greet", Notice("No.", replacement="greet"), "--replacement: greet is what is being deprecated"),
        ("greet.params.person", Notice("No.", replacement="text"), "--replacement: there is no param text"),
    ],
)
def test_what_cannot_be_deprecated(what: str, notice: Notice, said: str) -> None:
    with pytest.raises(EditError) as caught:
        deprecated(what, notice)

    assert said in str(caught.value)


def test_nothing_is_deprecated_twice() -> None:
    once = deprecated("greet.params.tone", Notice("No."))

    with pytest.raises(EditError, match=r"greet\.params\.tone is deprecated since 1\.5\.0 already"):
        deprecate(ACME, once.applied_to(SOURCES, ACME.actions), part_of("greet.params.tone"), Notice("No."), TODAY)


@pytest.mark.parametrize(
    ("notice", "rule"),
    [(Notice(" "), "invalid-value"), (Notice("a\nb"), "text-unsafe"), (Notice("a", since="1"), "version-not-semver")],
)
def test_what_lint_would_refuse_is_not_written(notice: Notice, rule: str) -> None:
    with pytest.raises(WrongSourcesError) as caught:
        deprecated("greet", notice)

    assert [problem.rule for problem in caught.value.problems] == [rule]


@pytest.mark.parametrize(
    ("version", "raised"), [("1.4.2", "1.5.0"), ("0.9.1", "0.10.0"), ("2.0.0-rc.1", "2.1.0"), ("1.2.3+x", "1.3.0")]
)
def test_a_minor_is_raised(version: str, raised: str) -> None:
    assert minor_raised(version) == raised


def test_the_command_shows_what_it_changes(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    path = tmp_path / "actions/acme_actions/integration/greet.yaml"
    before = path.read_text()

    shown = bud("deprecate", "greet", "--message", "No.", "--dry-run", cwd=tmp_path)
    assert path.read_text() == before
    done = bud("deprecate", "greet", "--message", "No.", "--sunset", "2030-01-01", cwd=tmp_path)
    refused = bud("deprecate", "greet", "--message", "No.", cwd=tmp_path)
    wrong = bud("deprecate", "greet.params.person", "--message", "No.", "--since", "1", cwd=tmp_path)

    assert '+version: "1.1.0"' in shown.stdout
    assert 'sunset: "2030-01-01"' in path.read_text()
    assert done.stdout.endswith("next: bud generate\n")
    assert (refused.returncode, refused.stderr[:46]) == (2, "error: greet is deprecated since 1.1.0 already")
    assert wrong.returncode == 1
    assert "error[version-not-semver]" in wrong.stderr
    assert wrong.stderr.endswith("nothing was written\n")
