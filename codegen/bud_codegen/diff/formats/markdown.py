"""Markdown, fit for a comment on a pull request."""

import re
from collections.abc import Iterable, Iterator, Sequence

from bud_codegen.diff.finding import Verdict
from bud_codegen.diff.formats.words import VERDICTS, approval_line, counted, verdict_line
from bud_codegen.diff.outcome import AUDIENCES, Judged, Outcome, counts
from bud_codegen.report import visible

MOST_ROWS = 50
"""Rows of a table; GitHub takes no comment of more than 65,536 characters."""
_INERT = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "@\u2060"), ("://", ":\u2060//"))
"""What a word joiner keeps from being a mention or a link, among others."""
_SPECIAL = re.compile(r"[\\`*\[\]|~#]|(?<!\w)_|_(?!\w)")


def as_markdown(outcome: Outcome) -> str:
    """Return a table per audience that has to know, and details to fold out."""
    parts = ["## Changes of the actions", f"{text(outcome.headline)}. {_verdict(outcome)}"]
    if outcome.proof:
        parts.append(f"{text(outcome.proof)}.")
    for audience in AUDIENCES:
        parts += _audience(audience, outcome.judged)
    parts += _problems(outcome)
    if outcome.judged:
        parts.append(_folded("All findings", [_details(each, outcome) for each in outcome.judged]))
    return "\n\n".join(parts)


def _verdict(outcome: Outcome) -> str:
    return "**Somebody has to look at this.**" if outcome.has_failed else "Nothing stands in the way."


def _audience(audience: str, judged: Sequence[Judged]) -> Iterator[str]:
    number = counts([each.finding for each in judged], audience)
    if not number[Verdict.error] and not number[Verdict.danger]:
        return
    yield f"### {audience.capitalize()}: {counted(number)}"
    rows = [
        (VERDICTS[verdict], each)
        for verdict in (Verdict.error, Verdict.danger)
        for each in judged
        if getattr(each.finding.verdicts, audience) is verdict
    ]
    yield _table(rows)


def _table(rows: Sequence[tuple[str, Judged]]) -> str:
    lines = ["| | Action | Change | Where |", "|---|---|---|---|"]
    for verdict, each in rows[:MOST_ROWS]:
        said = f"{verdict}, approved" if each.approval else verdict
        finding = each.finding
        lines.append(f"| {said} | {code(finding.action)} | {text(finding.message)} | {_where(each)} |")
    return "\n".join([*lines, *_more(rows)])


def _where(judged: Judged) -> str:
    """Return where a finding stands, or stood before it was gone."""
    return f"{'before: ' if judged.finding.after is None else ''}{code(str(judged.place))}"


def _more(rows: Sequence[object]) -> list[str]:
    return [f"\nand {len(rows) - MOST_ROWS} more"] * (len(rows) > MOST_ROWS)


def _problems(outcome: Outcome) -> Iterator[str]:
    if outcome.problems:
        yield "### Approvals"
        yield _list(
            f"{code(str(each.place))}: {text(each.message)}; {text(each.hint or '')}" for each in outcome.problems
        )
    if outcome.usage.unexplained:
        yield "### Pipelines that fail too"
        yield _list(f"{code(use.where)}: {text(use.message)}" for use in outcome.usage.unexplained)


def _list(items: Iterable[str]) -> str:
    rows = list(items)
    return "\n".join([*(f"- {item}" for item in rows[:MOST_ROWS]), *_more(rows)])


def _folded(title: str, items: Sequence[str]) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{_list(items)}\n\n</details>"


def _details(judged: Judged, outcome: Outcome) -> str:
    finding = judged.finding
    lines = [
        f"{_where(judged)} **{finding.rule}** {text(finding.message)}",
        f"{verdict_line(finding)} · fingerprint {code(finding.fingerprint)}",
        *map(text, judged.affected(outcome.usage)),
        *map(text, filter(None, (approval_line(judged), finding.hint))),
    ]
    return "<br>\n  ".join(lines)


def text(words: str) -> str:
    """Write words so that nothing in them is markup, a mention or a link; what stands in backticks is code."""
    parts = visible(words).split("`")
    if len(parts) % 2 == 0:
        return _escaped(visible(words))
    return "".join(code(part) if index % 2 and part else _escaped(part) for index, part in enumerate(parts))


def _escaped(plain: str) -> str:
    markup = _SPECIAL.sub(lambda found: f"\\{found[0]}", plain)
    for character, written in _INERT:
        markup = markup.replace(character, written)
    return markup


def code(words: str) -> str:
    """Write words as code, also within a table."""
    plain = visible(words).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`"
