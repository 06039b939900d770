"""The examples on the pages of rules."""

import re
from collections.abc import Sequence

from bud_codegen.rules import page

Files = dict[str, str]
"""{path: text} of one example."""


def projects_of(rule: str, kind: str) -> list[Files]:
    """Return the projects under the headings of one kind, Wrong or Right: one per block, or one of several."""
    projects: list[Files] = []
    for section in re.split(r"^## ", page(rule), flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        blocks = [_block(text) for text in re.findall(r"^```yaml\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)]
        assert blocks, f"{rule}: nothing under {heading}"
        if heading == f"{kind} (together)":
            projects.append(dict(blocks))
            assert len(projects[-1]) == len(blocks), "two blocks have one path"
        elif heading == kind:
            projects += [dict([block]) for block in blocks]
        else:
            assert heading in ("Wrong", "Right", "Wrong (together)", "Right (together)")
    return projects


def _block(text: str) -> tuple[str, str]:
    first = text.split("\n", 1)[0]
    assert first.startswith("# actions/bud_actions/"), first
    return first.removeprefix("# "), text


def case_ids(cases: Sequence[tuple[str, Files]]) -> list[str]:
    """Name each example after its rule."""
    return [f"{rule}-{number}" for number, (rule, _) in enumerate(cases)]
