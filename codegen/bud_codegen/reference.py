"""What the reference says of an action, in whatever it is written: the same for Markdown files and for web pages."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

Document = Mapping[str, Any]


class Words(Protocol):
    """How texts are written in a format; each takes a text and returns it so that nothing in it is taken for markup."""

    def prose(self, text: str) -> str:
        """Write what an author wrote in Markdown."""
        ...

    def plain(self, text: str) -> str:
        """Write a line that is no markup."""
        ...

    def code(self, text: str) -> str:
        """Write code."""
        ...

    def strong(self, text: str) -> str:
        """Write what stands out."""
        ...

    def link(self, url: str) -> str:
        """Write an address."""
        ...


class Example(NamedTuple):
    """How an action is used."""

    title: str
    description: str
    step: str
    """The JSON of a pipeline step."""


class Reference(NamedTuple):
    """A page about one action, its texts already written in a format."""

    name: str
    description: str
    deprecated: str
    facts: list[tuple[str, str]]
    params: list[list[str]]
    """Of each its name, type, need and what it is."""
    rules: list[str]
    outputs: list[list[str]]
    """Of each its name, type and what it is."""
    examples: list[Example]


def reference(meta: Document, words: Words, name: str = "") -> Reference:
    """Return the page about an action, given its complete metadata and, of an older version, what steps call it."""
    return Reference(
        name=words.plain(meta["name"]),
        description=words.prose(meta["description"]),
        deprecated=_deprecation(meta, words),
        facts=list(_facts(meta, words)),
        params=[_param(param, words) for param in meta["params"]],
        rules=[words.plain(rule["message"]) for rule in meta["rules"]],
        outputs=[_output(output, words) for output in meta["outputs"]],
        examples=[_example(name or meta["type"], meta, each, words) for each in meta["examples"]],
    )


def _facts(meta: Document, words: Words) -> Iterator[tuple[str, str]]:
    mode, retries = meta["execution_mode"], meta["retry_policy"]
    ends = "completes when it returns" if mode == "sync" else "waits for an event"
    yield "Mode", f"{ends} ({words.code(mode)})"
    yield "Timeout", f"{meta['timeout_seconds']} s" if meta["timeout_seconds"] else "none"
    yield "Safe to repeat", "yes" if meta["idempotent"] else "no"
    yield "Retries", f"up to {retries['max_attempts']} attempts" if retries else "none"
    yield "Services", words.prose(", ".join(meta["required_services"])) or "none"
    yield "Permissions", words.prose(", ".join(meta["required_permissions"])) or "none"
    if meta["docs_url"]:
        yield "More", words.link(meta["docs_url"])


def _example(action: str, meta: Document, example: Document, words: Words) -> Example:
    step = {"id": meta["type"], "action": action, "params": example["params"]}
    written = json.dumps(step, indent=2, ensure_ascii=False)
    return Example(words.plain(example["title"]), words.prose(example["description"] or ""), written)


def _param(param: Document, words: Words) -> list[str]:
    kind = param["type"] + (" (secret)" if param["secret"] else "")
    return [words.code(param["name"]), kind, _need(param, words), _about(param, words)]


def _need(param: Document, words: Words) -> str:
    if "default" in param and param["secret"]:
        return "has a default"
    if "default" in param:
        return f"default {words.code(json.dumps(param['default'], ensure_ascii=False))}"
    return "required" if param["required"] else "optional"


def _about(param: Document, words: Words) -> str:
    parts = [words.prose(param["description"]) if param["description"] else words.plain(param["label"])]
    if param["options"]:
        parts.append("One of " + ", ".join(words.code(option["value"]) for option in param["options"]) + ".")
    bounds = (param["validation"] or {}).items()
    parts += [f"{_BOUNDS[key]} {words.code(str(value))}." for key, value in bounds if key in _BOUNDS]
    if param["show_when"]:
        parts.append(f"Only while {_condition(param['show_when'], words)}.")
    return " ".join([*parts, _deprecation(param, words)]).rstrip()


def _condition(condition: Document, words: Words) -> str:
    verb, value = ("is", condition["equals"]) if "equals" in condition else ("is not", condition["not_equals"])
    return f"{words.code(condition['param'])} {verb} {words.code(json.dumps(value))}"


def _deprecation(definition: Document, words: Words) -> str:
    deprecated = definition["deprecated"]
    if not deprecated:
        return ""
    sunset = f" Refused from {words.prose(deprecated['sunset'])}." if deprecated["sunset"] else ""
    since = words.strong(f"Deprecated since {deprecated['since']}:")
    return f"{since} {words.plain(deprecated['message'])}{sunset}"


_BOUNDS = {
    "min": "At least",
    "max": "At most",
    "min_length": "Characters, at least",
    "max_length": "Characters, at most",
    "pattern": "Pattern",
}


def _output(output: Document, words: Words) -> list[str]:
    kind = output["type"] + (" or null" if output["nullable"] else "")
    about = f"{words.prose(output['description'] or '')} {_deprecation(output, words)}"
    return [words.code(output["name"]), kind, about.strip()]
