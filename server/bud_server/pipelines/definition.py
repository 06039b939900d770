"""What a pipeline says, as values that are never changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

EMPTY: Mapping[str, Any] = MappingProxyType({})
OnFailure = Literal["fail", "continue", "retry"]


def _empty() -> Mapping[str, Any]:
    return EMPTY


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that an execution is given."""

    name: str
    type: str = "string"
    """One of the schema's types; anything in a pipeline that was stored before types were checked."""
    label: str | None = None
    description: str | None = None
    required: bool = True
    default: Any = None
    """None if there is none; null and "" are not defaults."""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """How a failed step is tried again."""

    max_attempts: int = 3
    backoff_seconds: float = 60
    backoff_multiplier: float = 2.0
    max_backoff_seconds: float = 3600


@dataclass(frozen=True, slots=True)
class Settings:
    """How an execution as a whole behaves."""

    timeout_seconds: int = 7200
    fail_fast: bool = True
    max_parallel_steps: int = 10
    retry_policy: Retry | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One use of an action. What is inside `params` is the document's own: do not change it."""

    id: str
    action: str
    name: str
    params: Mapping[str, Any] = field(default_factory=_empty)
    depends_on: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    condition: str | bool | None = None
    on_failure: OnFailure = "fail"
    timeout_seconds: int | None = None
    retry: Retry | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A definition that can be read; whether its steps fit the catalog is for check_pipeline to say."""

    name: str
    steps: tuple[Step, ...]
    version: str = "1.0"
    description: str | None = None
    parameters: tuple[Parameter, ...] = ()
    settings: Settings = field(default_factory=Settings)
    outputs: Mapping[str, Any] = field(default_factory=_empty)

    def to_document(self) -> dict[str, Any]:
        """Return the definition as JSON, complete: defaults filled in, what is not there left out."""
        document: dict[str, Any] = _document(self)
        return document


def _document(value: Any) -> Any:
    slots = getattr(type(value), "__dataclass_fields__", None)
    if slots is not None:
        members = {name: getattr(value, name) for name in slots}
        return {name: _document(member) for name, member in members.items() if member is not None}
    if isinstance(value, tuple):
        return [_document(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def definition_digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of a definition's canonical JSON; the order of keys does not matter."""
    text = json.dumps(_canonical(document), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Write whole numbers in one way: 2.0 is 2."""
    if isinstance(value, Mapping):
        return {key: _canonical(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
