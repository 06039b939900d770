"""Plain secrets that somebody may let slip, and how to tell whether a value gives one away."""

import json
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from bud_schemas.values import number_text

MASK = "********"
"""What a secret is shown as."""
SHORTEST = 4
"""Characters from which on a text is looked for inside others; shorter ones would be found everywhere."""


class Found:
    """Secrets in plain text. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        """What is looked for inside texts, the longest first."""
        self._bare: frozenset[str] = frozenset()
        """The same without backslashes, which tells texts that were escaped more than once."""
        self._wholes: tuple[Any, ...] = ()
        """Lists and objects, whose keys are not shown as long as nothing else is in them."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._texts or self._wholes)

    def add(self, value: Any) -> None:
        """Add every text and number in a value; keys and booleans tell nothing."""
        with self._lock:
            new = frozenset(_texts_in(value)) - self._texts
            if new:
                forms = {form for text in new if len(text) >= SHORTEST for form in _forms(text)}
                self._forms = tuple(sorted(forms.union(self._forms), key=len, reverse=True))
                self._bare = frozenset(bare for form in self._forms if len(bare := form.replace("\\", "")) >= SHORTEST)
                self._texts |= new
            if isinstance(value, Mapping | list) and value and value not in self._wholes:
                self._wholes += (value,)

    def is_in(self, value: Any) -> bool:
        """Whether a text or number gives one away: it is one, or holds one in a form that texts are given."""
        if isinstance(value, str):
            return value in self._texts or self._is_inside(value)
        return not self._texts.isdisjoint(_texts_in(value)) if isinstance(value, int | float) else False

    def _is_inside(self, text: str) -> bool:
        if any(form in text for form in self._forms):
            return True
        bare = text.replace("\\", "") if "\\" in text else ""
        return any(form in bare for form in self._bare)

    def hidden(self, value: Any, hide: Callable[[Any], Any]) -> Any:
        """Return a value with what gives one away replaced: texts, numbers, whole secrets, objects by their keys."""
        if value in self._wholes:
            return hide(value)
        if isinstance(value, Mapping):
            if any(map(self.is_in, value)):
                return hide(value)
            return {key: self.hidden(member, hide) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.hidden(item, hide) for item in value]
        return hide(value) if self.is_in(value) else value

    def masked(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return members, whose names tell nothing, with stars for what gives one away."""
        if not self:
            return dict(members)
        return {name: self.hidden(member, lambda _: MASK) for name, member in members.items()}

    def mask(self, text: str) -> str:
        """Return a text for people, with stars for every secret in it."""
        if text in self._texts:
            return MASK
        for form in self._forms:
            text = text.replace(form, MASK)
        return MASK if self._is_inside(text) else text


def _texts_in(value: Any) -> Iterator[str]:
    """Yield the texts in a value, and its numbers as they are written."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _texts_in(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts_in(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield repr(value)
        if abs(value) <= sys.float_info.max:
            yield number_text(value)


def _forms(text: str) -> Iterator[str]:
    """Yield how a text may stand inside another one: as it is, escaped, percent-encoded, or in base64."""
    content = text.encode("utf-8", "surrogatepass")
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield repr(content)[2:-1]
    yield quote(content)
    yield quote(content, safe="")
    yield quote_plus(content)
    for encode in (b64encode, urlsafe_b64encode):
        for before, first in enumerate((0, 2, 3)):
            encoded = encode(bytes(before) + content).decode().rstrip("=")
            is_cut = (before + len(content)) % 3 != 0
            yield encoded[first : -1 if is_cut else None]
