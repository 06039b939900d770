"""An action file as far as its structure is sound, so that the other checks need not look twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bud_codegen.load import Document, Pointer
from bud_codegen.problem import Place, Problem

Item = tuple[int, Mapping[str, Any]]
"""An item of a list in the file, with its index there."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of one action file that are worth checking further."""

    document: Document
    params: tuple[Item, ...]
    outputs: tuple[Item, ...]
    rules: tuple[Item, ...]
    examples: tuple[Item, ...]
    faults: frozenset[Pointer]
    """Values whose structure is wrong; a Problem names each already."""

    @property
    def path(self) -> str:
        """Path of the file."""
        return self.document.path

    @property
    def param_names(self) -> frozenset[str]:
        """Names of all params, also of those with other faults."""
        params = self.get("params")
        listed = params if isinstance(params, list) else []
        names = (param.get("name") for param in listed if isinstance(param, Mapping))
        return frozenset(name for name in names if isinstance(name, str))

    @property
    def are_params_sound(self) -> bool:
        """Whether params and rules have no fault of structure, so that values can be checked against them."""
        return not any(fault[:1] in (("params",), ("rules",)) for fault in self.faults)

    def get(self, key: str) -> Any:
        """Return a top-level value, or None if it is absent or wrong."""
        if not isinstance(self.document.data, Mapping) or (key,) in self.faults:
            return None
        return self.document.data.get(key)

    def place(self, *pointer: str | int, of_key: bool = False) -> Place:
        """Return where a value, or its key, stands."""
        return self.document.place(pointer, of_key=of_key)

    def problem(self, rule: str, message: str, hint: str | None, *pointer: str | int) -> Problem:
        """Make a problem at a value."""
        return Problem(self.place(*pointer), rule, message, hint)


def draft_of(document: Document, faults: set[Pointer]) -> Draft:
    """Return the sound parts of a document, given the pointers of its faults."""

    def items(key: str) -> tuple[Item, ...]:
        listed = document.data.get(key) if isinstance(document.data, Mapping) else None
        if not isinstance(listed, Sequence) or isinstance(listed, str) or (key,) in faults:
            return ()
        wrong = {fault[1] for fault in faults if len(fault) > 1 and fault[0] == key}
        return tuple((index, item) for index, item in enumerate(listed) if index not in wrong)

    return Draft(document, items("params"), items("outputs"), items("rules"), items("examples"), frozenset(faults))
