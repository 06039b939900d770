"""What a rule is."""

from typing import Literal, NamedTuple

Category = Literal["minimal", "standard", "strict"]
Severity = Literal["error", "danger", "warning", "info"]
About = Literal["file", "executor", "change", "approval"]


class Rule(NamedTuple):
    """One rule."""

    id: str
    severity: Severity
    """How bad it is to break it. Of a change, the worst that it can be for anybody."""
    summary: str
    """What the rule demands."""
    category: Category = "minimal"
    """The least strict category that holds files to it; `minimal` always does."""
    about: About = "file"
    """What is held to it: an action file, an executor, the difference of two catalogs, or an approval of one."""
