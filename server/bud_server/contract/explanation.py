"""Say what is wrong with a body in a sentence, with the place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jsonschema_rs import ValidationError, ValidationErrorKind

_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
MOST_ALTERNATIVES = 5
"""Names that one sentence lists at most."""


class _Fault(NamedTuple):
    place: tuple[str | int, ...]
    said: str
    """What follows the place in the sentence."""


def explained(error: ValidationError, schema: Mapping[str, Any]) -> tuple[str, str]:
    """Return the JSON pointer (RFC 6901) and the sentence for the first thing wrong with a body."""
    faults = list(_faults(error, schema))
    place, said = faults[0]
    alike = dict.fromkeys(_named(fault.place) for fault in faults if fault.said == said)
    name, *others = list(alike)[:MOST_ALTERNATIVES]
    also = f" (or {', '.join(others)})" if others else ""
    return _pointer(place), f"{name}{also} {said}"


def _faults(error: ValidationError, schema: Mapping[str, Any]) -> Iterator[_Fault]:
    """Yield the fault; of a choice between schemas, the first of each that is nearest to what was sent."""
    branches = getattr(error.kind, "context", None)
    if branches:
        nearest = min(map(_distance, branches))
        for branch in branches:
            if _distance(branch) == nearest:
                yield from _faults(branch[0], schema)
    else:
        yield _fault(error, schema)


def _distance(branch: Sequence[ValidationError]) -> tuple[bool, int]:
    """Return how far a body is from a schema: first, whether it is of another kind, as its constant members tell."""
    return any(isinstance(error.kind, ValidationErrorKind.Constant) for error in branch), len(branch)


def _fault(error: ValidationError, schema: Mapping[str, Any]) -> _Fault:
    place = tuple(error.instance_path)
    kind = error.kind
    about = _at(schema, error.schema_path[:-1])
    if isinstance(kind, ValidationErrorKind.Required):
        return _Fault(
            (*place, kind.property), f"must be {_expected(about.get('properties', {}).get(kind.property, {}))}"
        )
    if isinstance(kind, ValidationErrorKind.Type):
        return _Fault(place, f"must be {_expected(about)}")
    if isinstance(kind, ValidationErrorKind.Enum):
        return _Fault(place, f"must be one of: {', '.join(map(str, about['enum']))}")
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        return _Fault((*place, kind.unexpected[0]), "is unknown")
    return _Fault(place, f"is not allowed: {error.message}")


def _at(schema: Mapping[str, Any], path: Sequence[str | int]) -> Any:
    found: Any = schema
    for part in path:
        found = found[part]
    return found


def _expected(schema: Mapping[str, Any]) -> str:
    """Say what a schema wants, as far as its type tells."""
    types = schema.get("type", ())
    wanted = " or ".join(_KINDS[each] for each in ([types] if isinstance(types, str) else types))
    members = f" with {' and '.join(schema['required'])}" if schema.get("required") else ""
    return f"{wanted}{members}" if wanted else "given"


def _named(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place)) if place else "The body"


def _pointer(place: Sequence[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
