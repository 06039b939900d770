"""Rules on secrets, permissions and addresses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bud_codegen.lint.scene import ActionCheck, items
from bud_codegen.lint.secret_names import is_called_secret, looks_secret, secret_members
from bud_codegen.load import Pointer
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft

_TEXTS = frozenset({"string", "template"})
_PLAIN_HTTP = re.compile(r"http://(?!localhost\b|127\.|\[::1\])")


def _unmarked(draft: Draft) -> Iterator[Problem]:
    for key, index, param in items(draft, "params"):
        if "secret" in param:
            continue  # whoever says false has thought of it
        what = _secret_in(param)
        if what:
            message = f"{what} looks like a secret, and would be logged and shown"
            hint = "add secret: true; if it is none, say secret: false"
            yield draft.problem("looks-secret-not-marked", message, hint, key, index, "name")


def _secret_in(param: Mapping[str, Any]) -> str | None:
    if param["type"] in _TEXTS and is_called_secret(param["name"], param["label"]):
        return f"`{param['name']}`"
    inside = next(secret_members(param.get("schema")), None)
    return f"`{inside}` in `{param['name']}`" if inside else None


def _default(draft: Draft) -> Iterator[Problem]:
    for index, param in draft.params:
        default = param.get("default")
        if param.get("secret") and default and not _is_template(default):
            message = f"the secret `{param['name']}` has a default that everybody can read here"
            hint = "remove the default, and change the secret wherever it is in use"
            yield draft.problem("secret-default", message, hint, "params", index, "default")


def _is_template(value: object) -> bool:
    return isinstance(value, str) and "{{" in value


def _example(draft: Draft) -> Iterator[Problem]:
    secrets = {param["name"]: param["type"] for _, param in draft.params if param.get("secret")}
    for number, example in draft.examples:
        for name, value in example["params"].items():
            if name not in secrets:
                continue
            for pointer in _literals(value, ("examples", number, "params", name), is_secret=secrets[name] in _TEXTS):
                message = f"the example gives the secret `{pointer[-1]}` in plain text"
                hint = 'let the pipeline give it: "{{ params.name }}"'
                yield draft.problem("secret-in-example", message, hint, *pointer)


def _literals(value: object, pointer: Pointer, *, is_secret: bool) -> Iterator[Pointer]:
    """Yield where a secret is written out: a text, or the members of an object whose names are those of secrets."""
    if isinstance(value, str):
        if is_secret and value and not _is_template(value):
            yield pointer
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _literals(member, (*pointer, key), is_secret=looks_secret(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _literals(member, (*pointer, index), is_secret=is_secret)


def _output(draft: Draft) -> Iterator[Problem]:
    for key, index, output in items(draft, "outputs"):
        name = output["name"]
        is_secret = output["type"] in ("string", "any") and looks_secret(name)
        inside = name if is_secret else next(secret_members(output.get("schema")), None)
        if inside:
            message = f"output `{inside}` looks like a secret; outputs are kept, shown and handed on"
            hint = "keep it where secrets are kept, and yield its id"
            yield draft.problem("secret-in-output", message, hint, key, index, "name")


def _options(draft: Draft) -> Iterator[Problem]:
    for index, param in draft.params:
        if param.get("secret") and param["type"] in ("select", "multiselect", "boolean"):
            message = f"every value that the secret `{param['name']}` can have stands in this file"
            hint = "make it a string, or say secret: false"
            yield draft.problem("secret-with-options", message, hint, "params", index, "secret")


def _permissions(draft: Draft) -> Iterator[Problem]:
    services = draft.get("required_services")
    if services and not draft.get("required_permissions"):
        message = f"anybody may start this, and it calls {', '.join(services)}"
        hint = 'add required_permissions: what whoever starts it must be allowed, such as ["model:write"]'
        yield draft.problem("permission-missing", message, hint, "required_services")


def _addresses(draft: Draft) -> Iterator[Problem]:
    given: list[tuple[Pointer, object]] = [(("docs_url",), draft.get("docs_url"))]
    given += [((key, index, "default"), param.get("default")) for key, index, param in items(draft, "params")]
    for pointer, value in given:
        if isinstance(value, str) and _PLAIN_HTTP.match(value):
            message = f"what is sent to {value} can be read and changed on its way"
            yield draft.problem("insecure-url", message, "write https://", *pointer)


CHECKS: dict[str, ActionCheck] = {
    "looks-secret-not-marked": _unmarked,
    "secret-default": _default,
    "secret-in-example": _example,
    "secret-in-output": _output,
    "secret-with-options": _options,
    "permission-missing": _permissions,
    "insecure-url": _addresses,
}
