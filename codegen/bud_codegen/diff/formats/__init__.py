"""Show what a comparison comes to, to a person, a program or a code review."""

from collections.abc import Callable, Mapping

from bud_codegen.diff.formats.github import as_github
from bud_codegen.diff.formats.json import as_json
from bud_codegen.diff.formats.markdown import as_markdown
from bud_codegen.diff.formats.sarif import as_sarif
from bud_codegen.diff.formats.text import as_text
from bud_codegen.diff.outcome import Outcome

FORMATS: Mapping[str, Callable[[Outcome], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
    "markdown": as_markdown,
}
