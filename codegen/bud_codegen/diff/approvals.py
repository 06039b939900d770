"""Approvals: findings that somebody has said yes to, for a reason and for a time."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bud_codegen.diff.finding import Finding
from bud_codegen.load import Document, Source, load
from bud_codegen.problem import Place, Problem, in_order
from bud_codegen.validate.structure import suggestion

FILE = ".bud-approvals.yaml"
"""Where approvals stand by default, in the project's root."""
USUAL_TERM = timedelta(days=90)
"""How long the approvals that are offered for pasting last."""
NEEDED = ("fingerprint", "reason", "owner", "expires")
KNOWN = (*NEEDED, "rule")


@dataclass(frozen=True, slots=True)
class Approval:
    """One entry of the file."""

    place: Place
    fingerprint: str
    reason: str
    owner: str
    expires: date
    """The last day on which it counts."""
    rule: str | None = None
    """The rule of what it approves, if it says so."""


@dataclass(frozen=True, slots=True)
class Approvals:
    """A file's entries, and what is wrong with it."""

    path: str = FILE
    source: Source | None = None
    """The file's content; None if there is no file."""
    entries: tuple[Approval, ...] = ()
    problems: tuple[Problem, ...] = ()


NONE = Approvals()


def read_approvals(path: str, source: Source) -> Approvals:
    """Read a file of approvals; what is wrong with it is in `problems`, never raised."""
    document = load(path, source)
    problems = [each for each in document.problems if not _is_word_of_ours(document, each)]
    if document.data is None:
        return Approvals(path, source, problems=tuple(problems))
    if not isinstance(document.data, list):
        message = "approvals must be a list"
        problem = _invalid(document.place(), message, "start each with: - fingerprint: ...")
        return Approvals(path, source, problems=(problem,))
    entries: list[Approval] = []
    for index in range(len(document.data)):
        found = list(_entry_problems(document, index))
        problems += found
        if not found:
            entries.append(_entry(document, index))
    return Approvals(path, source, tuple(entries), in_order([*problems, *_repeated(entries)]))


def _is_word_of_ours(document: Document, problem: Problem) -> bool:
    """Whether what some readers of YAML misread is a fingerprint or a day, which is a text here in any case."""
    places = (
        document.place((index, key))
        for index, entry in enumerate(document.data if isinstance(document.data, list) else ())
        if isinstance(entry, dict)
        for key in ("fingerprint", "expires")
    )
    return problem.rule == "yaml-ambiguous" and problem.place in places


def _entry_problems(document: Document, index: int) -> Iterator[Problem]:
    entry = document.data[index]
    if not isinstance(entry, dict):
        yield _invalid(document.place((index,)), "an approval must be a mapping", "start it with: fingerprint: ...")
        return
    for key in entry:
        if key not in KNOWN:
            hint = suggestion(key, list(KNOWN)) or f"an approval has {', '.join(KNOWN)}"
            yield _invalid(document.place((index, key), of_key=True), f"{key} is no key of an approval", hint)
    for key in NEEDED:
        if not _text(document, index, key):
            place = document.place((index, key) if key in entry else (index,))
            yield _invalid(place, f"the approval has no {key}", f"give it: {key}: {_MEANT[key]}")
    yield from _form_problems(document, index)


_MEANT = {
    "fingerprint": "the 12 digits that bud diff shows",
    "reason": "why the change is right",
    "owner": "who answers for it",
    "expires": "the last day, such as 2030-12-31",
    "rule": "the rule of the finding",
}


def _form_problems(document: Document, index: int) -> Iterator[Problem]:
    fingerprint, expires = _text(document, index, "fingerprint"), _text(document, index, "expires")
    if fingerprint and not re.fullmatch("[0-9a-f]{12}", fingerprint):
        yield _invalid(
            document.place((index, "fingerprint")), f"{fingerprint} is no fingerprint", _MEANT["fingerprint"]
        )
    if expires and _day(expires) is None:
        yield _invalid(document.place((index, "expires")), f"{expires} is no day", "write it as YYYY-MM-DD")
    if "rule" in document.data[index] and not _text(document, index, "rule"):
        yield _invalid(document.place((index, "rule")), "rule must be a text", _MEANT["rule"])


def _text(document: Document, index: int, key: str) -> str:
    """Return a text of an entry, as it is written if it looks like a number; empty if there is none."""
    value: Any = document.data[index].get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = document.plain_text((index, key))
    return value.strip() if isinstance(value, str) else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2030-12-31") else None
    except ValueError:
        return None


def _entry(document: Document, index: int) -> Approval:
    values = {key: _text(document, index, key) for key in KNOWN}
    expires = date.fromisoformat(values.pop("expires"))
    rule = values.pop("rule") or None
    return Approval(document.place((index, "fingerprint")), **values, expires=expires, rule=rule)


def _repeated(entries: Sequence[Approval]) -> Iterator[Problem]:
    first: dict[str, Approval] = {}
    for entry in entries:
        earlier = first.setdefault(entry.fingerprint, entry)
        if earlier is not entry:
            message = f"{entry.fingerprint} is approved twice, first at {earlier.place}"
            yield Problem(entry.place, "approval-invalid", message, "keep one of them", (earlier.place,))


def _invalid(place: Place, message: str, hint: str) -> Problem:
    return Problem(place, "approval-invalid", message, hint)


def check_approvals(approvals: Approvals, findings: Iterable[Finding], today: date) -> tuple[Problem, ...]:
    """Return everything wrong with approvals, beside these findings and on this day."""
    by_fingerprint = {finding.fingerprint: finding for finding in findings}
    problems = list(approvals.problems)
    for entry in approvals.entries:
        found = by_fingerprint.get(entry.fingerprint)
        if found is None:
            message = f"the approval of {entry.fingerprint} belongs to no finding"
            problems.append(Problem(entry.place, "approval-unused", message, "remove it"))
        elif entry.rule not in (None, found.rule):
            message = f"the approval is for {entry.rule}, but {entry.fingerprint} is a finding of {found.rule}"
            problems.append(_invalid(entry.place, message, f"write rule: {found.rule}, or leave it out"))
        elif entry.expires < today:
            message = f"the approval of {entry.fingerprint} ({found.rule}) expired after {entry.expires}"
            hint = f"undo the change, or let {entry.owner} say a later day"
            problems.append(Problem(entry.place, "approval-expired", message, hint))
    return in_order(problems)


def approvals_of(approvals: Approvals, findings: Iterable[Finding], today: date) -> dict[str, Approval]:
    """Return {fingerprint: approval} of the findings that are approved on this day."""
    rules = {finding.fingerprint: finding.rule for finding in findings}
    return {
        entry.fingerprint: entry
        for entry in approvals.entries
        if entry.fingerprint in rules and entry.rule in (None, rules[entry.fingerprint]) and entry.expires >= today
    }


def offered(findings: Iterable[Finding], today: date) -> str:
    """Return entries for a file of approvals, whose reasons and owners somebody has to fill in; empty for none."""
    return "\n".join(
        f'- fingerprint: "{finding.fingerprint}"  # {finding.action} {finding.subject}'.rstrip()
        + f"\n  rule: {finding.rule}\n  reason:  # {_MEANT['reason']}\n  owner:  # {_MEANT['owner']}"
        + f"\n  expires: {today + USUAL_TERM}"
        for finding in findings
    )
