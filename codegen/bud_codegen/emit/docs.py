"""The reference: one Markdown page per action and an index by category."""

import re
from collections.abc import Iterator

from bud_codegen.model import Action, Catalog
from bud_codegen.reference import reference
from bud_codegen.templates import template


def emit(catalog: Catalog) -> dict[str, bytes]:
    """Return {path: Markdown}, below generated/docs/."""
    page = template("docs/action.md.j2")
    index = template("docs/index.md.j2").render(
        groups=[(category, list(_index_rows(catalog, actions))) for category, actions in catalog.by_category()]
    )
    contents = {"generated/docs/index.md": index}
    for action in catalog.versions:
        said = reference(action.meta, _Markdown(), action.reference)
        contents[f"generated/docs/{action.reference}.md"] = page.render(
            action=action,
            meta=action.meta,
            said=said,
            facts=[[name, _cell(text)] for name, text in said.facts],
            params=[[_cell(text) for text in row] for row in said.params],
            outputs=[[_cell(text) for text in row] for row in said.outputs],
        )
    return {path: text.encode() for path, text in contents.items()}


def _index_rows(catalog: Catalog, actions: list[Action]) -> Iterator[list[str]]:
    """Yield the rows of actions, each followed by its older versions."""
    for action in actions:
        yield _index_row(action)
        yield from (_index_row(each) for each in catalog.older if each.type == action.type)


def _index_row(action: Action) -> list[str]:
    name, about = _cell(_plain(action.meta["name"])), _cell(action.meta["description"])
    return [f"[{name}]({action.reference}.md)", f"`{action.reference}`", about]


class _Markdown:
    """Words of the reference in Markdown."""

    def prose(self, text: str) -> str:
        return text.strip()

    def plain(self, text: str) -> str:
        return _plain(text)

    def code(self, text: str) -> str:
        """Return text as Markdown code that no backtick inside it can end."""
        fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
        padding = " " if "`" in text else ""
        return f"{fence}{padding}{text}{padding}{fence}"

    def strong(self, text: str) -> str:
        return f"**{text}**"

    def link(self, url: str) -> str:
        return f"<{url}>"


def _plain(text: str) -> str:
    """Return a line that Markdown shows as it is."""
    return re.sub(r"([\\`*\[\]<]|\b_|_\b)", r"\\\1", text.strip())


def _cell(text: str) -> str:
    """Return text that stays inside one cell of a Markdown table."""
    one_line = re.sub(r"\s*\n\s*", " ", text.strip())
    return re.sub(r"(\\.)|\|", lambda match: match.group(1) or "\\|", one_line)
