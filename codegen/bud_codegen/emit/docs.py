"""The reference: one Markdown page per action and an index by category."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bud_codegen.model import Action, Catalog
from bud_codegen.templates import template

Document = Mapping[str, Any]


def emit(catalog: Catalog) -> dict[str, bytes]:
    """Return {path: Markdown}, below generated/docs/."""
    page = template("docs/action.md.j2")
    index = template("docs/index.md.j2").render(
        groups=[(category, [_index_row(each) for each in actions]) for category, actions in catalog.by_category()]
    )
    contents = {"generated/docs/index.md": index}
    for action in catalog.actions:
        meta = action.meta
        contents[f"generated/docs/{action.type}.md"] = page.render(
            action=action,
            meta=meta,
            name=_plain(meta["name"]),
            docs_url=_cell(meta["docs_url"] or ""),
            deprecated=_deprecation(meta),
            params=[_param_row(param) for param in meta["params"]],
            outputs=[_output_row(output) for output in meta["outputs"]],
            rules=[_plain(rule["message"]) for rule in meta["rules"]],
            examples=[(_plain(each["title"]), each, _example(action, each)) for each in meta["examples"]],
        )
    return {path: text.encode() for path, text in contents.items()}


def _index_row(action: Action) -> list[str]:
    name, about = _cell(_plain(action.meta["name"])), _cell(action.meta["description"])
    return [f"[{name}]({action.type}.md)", f"`{action.type}`", about]


def _example(action: Action, example: Document) -> str:
    """Return an example as the JSON of a pipeline step."""
    step = {"id": action.type, "action": action.type, "params": example["params"]}
    return json.dumps(step, indent=2, ensure_ascii=False)


def _param_row(param: Document) -> list[str]:
    return [f"`{param['name']}`", _kind(param), _need(param), _cell(_about(param))]


def _kind(param: Document) -> str:
    return str(param["type"]) + (" (secret)" if param["secret"] else "")


def _need(param: Document) -> str:
    if "default" in param and param["secret"]:
        return "has a default"
    if "default" in param:
        return f"default {_code(json.dumps(param['default'], ensure_ascii=False))}"
    return "required" if param["required"] else "optional"


def _about(param: Document) -> str:
    parts = [param["description"] or _plain(param["label"])]
    if param["options"]:
        parts.append("One of " + ", ".join(_code(option["value"]) for option in param["options"]) + ".")
    parts += [
        f"{_BOUNDS[key]} {_code(str(value))}." for key, value in (param["validation"] or {}).items() if key in _BOUNDS
    ]
    if param["show_when"]:
        condition = param["show_when"]
        verb, value = ("is", condition["equals"]) if "equals" in condition else ("is not", condition["not_equals"])
        parts.append(f"Only while `{condition['param']}` {verb} {_code(json.dumps(value))}.")
    return " ".join([*parts, _deprecation(param)]).rstrip()


def _deprecation(definition: Document) -> str:
    deprecated = definition["deprecated"]
    if not deprecated:
        return ""
    sunset = f" Refused from {deprecated['sunset']}." if deprecated["sunset"] else ""
    return f"**Deprecated since {deprecated['since']}:** {_plain(deprecated['message'])}{sunset}"


_BOUNDS = {
    "min": "At least",
    "max": "At most",
    "min_length": "Characters, at least",
    "max_length": "Characters, at most",
    "pattern": "Pattern",
}


def _output_row(output: Document) -> list[str]:
    kind = output["type"] + (" or null" if output["nullable"] else "")
    about = f"{output['description'] or ''} {_deprecation(output)}"
    return [f"`{output['name']}`", kind, _cell(about)]


def _code(text: str) -> str:
    """Return text as Markdown code that no backtick inside it can end."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _plain(text: str) -> str:
    """Return a line that Markdown shows as it is."""
    return re.sub(r"([\\`*\[\]<]|\b_|_\b)", r"\\\1", text.strip())


def _cell(text: str) -> str:
    """Return text that stays inside one cell of a Markdown table."""
    one_line = re.sub(r"\s*\n\s*", " ", text.strip())
    return re.sub(r"(\\.)|\|", lambda match: match.group(1) or "\\|", one_line)
