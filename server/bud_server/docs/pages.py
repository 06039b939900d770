"""Pages of the reference in HTML."""

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from bud_codegen.reference import Document, reference


def index_page(categories: list[Any]) -> str:
    """Return the page with all actions by category."""
    return _templates().get_template("index.html.j2").render(categories=categories)


def action_page(meta: Document, name: str) -> str:
    """Return the page about an action as it is called; it says what the Markdown of the generator says."""
    return _templates().get_template("action.html.j2").render(meta=meta, name=name, said=reference(meta, _Html(), name))


class _Html:
    """Words of the reference in HTML; what authors write in Markdown is shown as it stands."""

    def prose(self, text: str) -> str:
        return escape(text.strip())

    def plain(self, text: str) -> str:
        return escape(text)

    def code(self, text: str) -> str:
        return Markup("<code>{}</code>").format(text)

    def strong(self, text: str) -> str:
        return Markup("<strong>{}</strong>").format(text)

    def link(self, url: str) -> str:
        return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("bud_server", "docs"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
