"""The texts that Jinja2 fills in. Templates print; what they print was decided before."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("bud_codegen"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown and Python, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def template(name: str) -> "jinja2.Template":
    """Return a template by its path below this folder."""
    return _environment().get_template(name)
