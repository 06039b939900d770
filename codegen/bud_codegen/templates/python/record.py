"""The behaviour of generated dataclasses: from JSON and back."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Hashable, Mapping
from enum import Enum
from typing import Any, ClassVar, Self, TypeVar

Shape = Any
"""How a member is decoded: a Record or Enum class, tuple, ("items", shape) or ("values", shape) for a mapping."""


class RecordError(ValueError):
    """A mapping does not have the members that a record needs."""


class Record:
    """A frozen dataclass that can be read from a JSON object and written as one.

    Records of one class are equal if they are the same as JSON, with keys beside the declared ones and nulls.

    Keys on the wire are kept, whatever the attributes are called. Decoding checks which members there are, not their
    values: that is what validation is for.
    """

    _wire_names: ClassVar[Mapping[str, str]] = {}
    """Attribute to key on the wire, where they differ."""
    _shapes: ClassVar[Mapping[str, Shape]] = {}
    """Attributes that hold records or enums."""
    _defaults: ClassVar[Mapping[str, Any]] = {}
    """JSON values of attributes whose default the class itself does not have."""
    _secrets: ClassVar[frozenset[str]] = frozenset()
    """Attributes whose values are never shown."""
    _is_hidden: ClassVar[bool] = False
    """Whether no value is ever shown: the record is part of a secret."""
    _rest: ClassVar[str | None] = None
    """The one attribute that takes all keys, of an object that declares none."""
    _is_open: ClassVar[bool] = False
    """Whether keys beside the declared ones are kept."""
    _others: Mapping[str, Any] = {}
    """Values of the other keys, of an open object."""
    _nulls: frozenset[str] = frozenset()
    """Attributes given as null rather than left out."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the record for a JSON object, with defaults filled in.

        A null where null is no value counts as left out. Raises RecordError if a member is missing or unknown.
        """
        if cls._rest is not None:
            return cls(**{cls._rest: dict(data)})
        members: dict[str, Any] = {}
        nulls = set()
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        for field in fields:
            name = field.name
            key = cls._wire_names.get(name, name)
            if key in data and (data[key] is not None or (name not in cls._defaults and not _has_value(field))):
                members[name] = _decode(cls._shapes.get(name), data[key])
                if data[key] is None:
                    nulls.add(name)
            elif name in cls._defaults:
                members[name] = _decode(cls._shapes.get(name), copy.deepcopy(cls._defaults[name]))
            elif _is_required(field):
                raise RecordError(f"{cls.__module__}.{cls.__name__}: `{key}` is missing")
        known = {cls._wire_names.get(field.name, field.name) for field in fields}
        others = {key: value for key, value in data.items() if key not in known}
        if others and not cls._is_open:
            raise RecordError(f"{cls.__module__}.{cls.__name__}: unknown `{min(others)}`")
        record = cls(**members)
        if nulls:
            object.__setattr__(record, "_nulls", frozenset(nulls))
        if others:
            object.__setattr__(record, "_others", others)
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a JSON object; optional members that have no value are left out."""
        if self._rest is not None:
            return dict(_encode(getattr(self, self._rest)))
        members = dict(self._others)
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if value is not None or field.name in self._nulls or field.default is not None:
                members[self._wire_names.get(field.name, field.name)] = _encode(value)
        return members

    def is_given(self, name: str) -> bool:
        """Whether a member has a value or was given as null, rather than left out."""
        return getattr(self, name) is not None or name in self._nulls

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        """Hash what is compared; like that, it changes when somebody changes a list inside the record."""
        return hash((type(self), _hashable(self.to_dict())))

    def __repr__(self) -> str:
        shown = [
            f"{field.name}={self._shown(field.name)}"
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
        ]
        if self._others:
            shown.append("*****" if self._is_hidden else f"**{dict(self._others)!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _shown(self, name: str) -> str:
        return "***" if self._is_hidden or name in self._secrets else repr(getattr(self, name))


R = TypeVar("R", bound=Record)


class CheckedRecord(Record):
    """A record that the language has rules for: the metadata of an action."""

    def validate(self) -> list[str]:
        """Return what is wrong with it, a sentence each; empty when valid.

        Raises ModuleNotFoundError, which says what to install, where nothing can check JSON Schema.
        """
        from bud_schemas.metadata import meta_problems

        return meta_problems(self.to_dict())


def replace(record: R, /, **changes: Any) -> R:
    """Return a copy with other values of some attributes.

    Unlike that of dataclasses, whose copies only have attributes, it keeps keys beside the declared ones and nulls. An
    attribute that is changed to None is left out.
    """
    changed = dataclasses.replace(record, **changes)  # type: ignore[type-var]
    object.__setattr__(changed, "_nulls", record._nulls - changes.keys())
    object.__setattr__(changed, "_others", record._others)
    return changed


def _hashable(value: Any) -> Hashable:
    """Return the same for values that are equal, and nearly always another for others."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else None


def _has_value(field: dataclasses.Field[Any]) -> bool:
    """Whether a member that is left out gets a value other than None."""
    if field.default_factory is not dataclasses.MISSING:
        return True
    return field.default is not dataclasses.MISSING and field.default is not None


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _decode(shape: Shape, value: Any) -> Any:
    if shape is None or value is None:
        return value
    if isinstance(shape, tuple):
        kind, inner = shape
        if kind == "items" and isinstance(value, list | tuple):
            return [_decode(inner, item) for item in value]
        if kind == "values" and isinstance(value, Mapping):
            return {key: _decode(inner, item) for key, item in value.items()}
        return value
    if shape is tuple:
        return tuple(value) if isinstance(value, list) else value
    if issubclass(shape, Enum):
        return shape(value)
    return shape.from_dict(value) if isinstance(value, Mapping) else value


def _encode(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    return value
