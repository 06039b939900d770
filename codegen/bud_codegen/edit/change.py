"""What an edit makes of a project, before anything is written."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bud_codegen.load import Source
from bud_codegen.workspace import is_source


@dataclass(frozen=True, slots=True)
class Change:
    """Files that an edit changes or moves."""

    before: Mapping[str, bytes]
    """{path: content} of the files it touches, as they are."""
    after: Mapping[str, bytes]
    """{path: content} of the same files as they shall be; under another path where they move."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """{old path: new path} of those that move."""
    notes: tuple[str, ...] = ()
    """What a person should look at; the edit leaves it as it is."""

    def applied_to(self, sources: Mapping[str, Source], folder: str) -> dict[str, Source]:
        """Return the sources of a project as they shall be, given the folder of its actions."""
        kept = {path: source for path, source in sources.items() if path not in self.before}
        inside = (path for path in self.after if path.startswith(f"{folder}/"))
        added = {path: self.after[path] for path in inside if is_source(PurePosixPath(path))}
        return {**kept, **added}

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff."""
        for old, content in self.before.items():
            new = self.moved.get(old, old)
            if new != old:
                yield f"moved {old} to {new}"
            yield from unified_diff(old, new, content, self.after[new])


def unified_diff(old: str, new: str, before: bytes, after: bytes) -> Iterator[str]:
    """Yield the lines of a unified diff of one file; nothing if it stays the same."""
    was, becomes = (content.decode("utf-8").splitlines() for content in (before, after))
    yield from difflib.unified_diff(was, becomes, f"a/{old}", f"b/{new}", lineterm="")
