"""One side of a comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bud_codegen.load import Document, Pointer, Source
from bud_codegen.model import Action, Catalog
from bud_codegen.problem import Place


@dataclass(frozen=True, slots=True)
class Side:
    """A catalog, with the documents that it was built from."""

    catalog: Catalog
    documents: Mapping[str, Document]
    """By path; of an installed package there are none."""
    sources: Mapping[str, Source] = field(default_factory=dict, repr=False)
    """What the documents were read from, by path."""

    def place(self, action: Action, pointer: Pointer = (), *, of_key: bool = False) -> Place:
        """Return where something of an action stands; the start of its file where that is not known."""
        document = self.documents.get(action.source)
        return Place(action.source) if document is None else document.place(pointer, of_key=of_key)
