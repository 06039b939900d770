"""Approvals: what they let pass, until when, and what is wrong with them."""

from datetime import date

import pytest

from bud_codegen.diff.approvals import FILE, approvals_of, check_approvals, offered, read_approvals
from bud_codegen.diff.finding import Bump, Finding, Verdict, Verdicts
from bud_codegen.load import Source

FINDING = Finding("param-removed", "greet", "params.person", "it is gone", Verdicts(Verdict.error), Bump.major)
DAY = date(2026, 6, 30)
ENTRY = f"""\
- fingerprint: "{FINDING.fingerprint}"
  reason: Nobody uses it.
  owner: Ada
  expires: 2026-06-30
"""


def faults(text: Source, today: date = DAY) -> list[str]:
    found = check_approvals(read_approvals(FILE, text), [FINDING], today)
    return [f"{problem.place.line}:{problem.place.column} {problem.rule} {problem.message}" for problem in found]


def test_an_approval_counts_on_its_last_day_and_not_on_the_next() -> None:
    approvals = read_approvals(FILE, ENTRY)
    assert approvals_of(approvals, [FINDING], DAY)[FINDING.fingerprint].owner == "Ada"
    assert approvals_of(approvals, [FINDING], date(2026, 7, 1)) == {}
    assert faults(ENTRY) == []
    (fault,) = faults(ENTRY, date(2026, 7, 1))
    assert fault.startswith("1:16 approval-expired the approval of ")


def test_an_approval_of_nothing_is_unused_even_if_it_is_expired() -> None:
    entry = ENTRY.replace(FINDING.fingerprint, "000000000000").replace("2026-06-30", "2020-01-01")
    assert faults(entry) == ["1:16 approval-unused the approval of 000000000000 belongs to no finding"]


def test_an_approval_of_another_rule_does_not_count() -> None:
    entry = f"{ENTRY}  rule: output-removed\n"
    (fault,) = faults(entry)
    assert "the approval is for output-removed" in fault
    assert approvals_of(read_approvals(FILE, entry), [FINDING], DAY) == {}
    assert faults(f"{ENTRY}  rule: param-removed\n") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reason: no list\n", "1:1 approval-invalid approvals must be a list"),
        ("- just a text\n", "1:3 approval-invalid an approval must be a mapping"),
        (ENTRY.replace("  owner: Ada\n", ""), "1:3 approval-invalid the approval has no owner"),
        (ENTRY.replace("owner: Ada", "owner: ''"), "3:10 approval-invalid the approval has no owner"),
        (ENTRY.replace("owner: Ada", "owner: [Ada]"), "3:10 approval-invalid the approval has no owner"),
        (ENTRY.replace("reason: Nobody uses it.", "reason:"), "2:10 approval-invalid the approval has no reason"),
        (ENTRY.replace("reason:", "raeson:"), "2:3 approval-invalid raeson is no key of an approval"),
        (ENTRY.replace("2026-06-30", "2026-13-30"), "4:12 approval-invalid 2026-13-30 is no day"),
        (ENTRY.replace("2026-06-30", "20260630"), "4:12 approval-invalid 20260630 is no day"),
        (ENTRY.replace(FINDING.fingerprint, "*"), "1:16 approval-invalid * is no fingerprint"),
        (ENTRY + "  rule: 7.5\n  rule: x\n", "6:3 yaml-duplicate-key"),
        (ENTRY + "  rule: []\n", "5:9 approval-invalid rule must be a text"),
        (ENTRY + ENTRY, "5:16 approval-invalid"),
        ("", "1:1 yaml-syntax"),
        (b"- \xff\n", "1:3 yaml-syntax file is not UTF-8"),
        ("- {\n", "yaml-syntax"),
    ],
)
def test_a_form_that_is_not_known_is_a_fault_with_its_place(text: Source, said: str) -> None:
    assert any(said in fault for fault in faults(text)), faults(text)


@pytest.mark.parametrize("fingerprint", ["123456789012", "012345678901", "1234567890e1", "12345678e901"])
def test_digits_need_no_quotes(fingerprint: str) -> None:
    approvals = read_approvals(FILE, ENTRY.replace(f'"{FINDING.fingerprint}"', fingerprint))
    assert approvals.problems == ()
    assert [entry.fingerprint for entry in approvals.entries] == [fingerprint]


def test_what_is_offered_for_pasting_has_to_be_filled_in() -> None:
    snippet = offered([FINDING], DAY)
    assert [fault.split(" ", 1)[1] for fault in faults(snippet)] == [
        "approval-invalid the approval has no reason",
        "approval-invalid the approval has no owner",
    ]
    filled = snippet.replace("reason:", "reason: Nobody uses it.").replace("owner:", "owner: Ada")
    assert faults(filled) == []


def test_nothing_is_offered_for_nothing() -> None:
    assert offered([], DAY) == ""
