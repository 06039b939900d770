"""Action files as people may write them: any order of keys, comments anywhere, every way to write a value."""

import random
import re
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]


def written(document: Mapping[str, Any], chance: random.Random) -> str:
    """Return a YAML text that means a document; its comments say which key they stand above or beside."""
    writer = _Writer(chance)
    writer.mapping(document, 0, ())
    head = chance.choice(["", "# yaml-language-server: $schema=x.json\n", "# a head\n\n", "---\n", "%YAML 1.2\n---\n"])
    tail = chance.choice(["", "# the end\n", "\n# the end\n", "...\n"])
    return head + "".join(f"{line}\n" for line in writer.lines) + tail


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self.lines: list[str] = []
        self._chance = chance
        self._anchors: dict[str, str] = {}
        self._indent = chance.choice([0, 2, 4])
        self._may_alias = chance.random() < 0.3

    def mapping(self, value: Mapping[str, Any], column: int, path: Path, first: str | None = None) -> None:
        """Write a block mapping; `first` is what stands before its first key, as dashes do."""
        keys = list(value)
        if self._chance.random() < 0.7:
            self._chance.shuffle(keys)
        for number, key in enumerate(keys):
            prefix = first if number == 0 and first is not None else " " * column
            if number:
                self._gap(column)
            if (number or first is None) and self._sometimes(0.2):
                self.lines += [f"{' ' * column}# above {_name(path, key)}{self._spaces()}"] * self._chance.choice(
                    [1, 1, 2]
                )
            self._pair(key, value[key], prefix, column, path)
            if self._sometimes(0.05):
                self.lines.append(f"{' ' * (column + 1 + self._chance.randrange(3))}# below {_name(path, key)}")

    def _pair(self, key: str, value: Any, prefix: str, column: int, path: Path) -> None:
        start = f"{prefix}{_key(key)}:"
        beside = f" # beside {_name(path, key)}" if self._sometimes(0.15) else ""
        if isinstance(value, dict) and value and not self._is_short(value):
            self.lines.append(start + beside + self._spaces())
            self.mapping(value, column + self._chance.choice([2, 2, 4]), (*path, key))
        elif isinstance(value, list) and value and not self._is_short(value):
            self.lines.append(start + beside + self._spaces())
            self._sequence(value, column + self._indent, (*path, key))
        elif isinstance(value, str) and self._sometimes(0.3) and _fits_block(value):
            self._block_text(value, start, column)
        else:
            self.lines.append(f"{start} {self._flow(value)}{beside}{self._spaces()}")

    def _sequence(self, items: list[Any], column: int, path: Path) -> None:
        for number, item in enumerate(items):
            if self._sometimes(0.1):
                self.lines.append(f"{' ' * column}# item {_name(path, number)}")
            dash = f"{' ' * column}-{' ' * self._chance.choice([1, 1, 1, 3])}"
            if isinstance(item, dict) and item and not self._is_short(item):
                self.mapping(item, len(dash), (*path, number), dash)
            else:
                self.lines.append(f"{dash}{self._flow(item)}{self._spaces()}")

    def _flow(self, value: Any) -> str:
        if isinstance(value, dict):
            keys = list(value)
            self._chance.shuffle(keys)
            return "{" + ", ".join(f"{_key(key, quoted=True)}: {self._flow(value[key])}" for key in keys) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self._flow(item) for item in value) + "]"
        return self._scalar(value)

    def _scalar(self, value: Any) -> str:
        if isinstance(value, bool) or value is None:
            return {True: "true", False: "false", None: "null"}[value]
        if not isinstance(value, str):
            return repr(value)
        if value in self._anchors and self._may_alias:
            return f"*{self._anchors[value]} "
        anchor = ""
        if self._may_alias and self._sometimes(0.3):
            self._anchors[value] = f"n{len(self._anchors)}"
            anchor = f"&{self._anchors[value]} "
        return anchor + self._quoted(value)

    def _quoted(self, value: str) -> str:
        if self._sometimes(0.5) and re.fullmatch(r"[A-Za-z][A-Za-z_]{6,}( [A-Za-z]+)*", value):
            return value
        if self._sometimes(0.5) and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        escaped = "".join(each if each.isprintable() and each not in '"\\' else _escape(each) for each in value)
        return f'"{escaped}"'

    def _block_text(self, value: str, start: str, column: int) -> None:
        style = "|" + ("" if value.endswith("\n") else "-")
        self.lines.append(f"{start} {style}{self._spaces()}")
        self.lines += [f"{' ' * (column + 2)}{line}" if line else "" for line in value.removesuffix("\n").split("\n")]

    def _gap(self, column: int) -> None:
        while self._sometimes(0.1):
            self.lines.append(" " * self._chance.choice([0, 0, column]))

    def _is_short(self, value: Any) -> bool:
        return len(repr(value)) < 60 and self._sometimes(0.6)

    def _spaces(self) -> str:
        return self._chance.choice(["", "", "", "", "", "  ", "\t"])

    def _sometimes(self, share: float) -> bool:
        return self._chance.random() < share


def _name(path: Path, key: str | int) -> str:
    return "/".join(str(step) for step in (*path, key)).encode("ascii", "backslashreplace").decode().replace("\n", " ")


def _key(key: str, *, quoted: bool = False) -> str:
    if not quoted and re.fullmatch("[a-z]{3,}(_[a-z]+)*", key) and key not in ("yes", "off", "true", "null"):
        return key
    return '"' + "".join(each if each.isprintable() and each not in '"\\' else _escape(each) for each in key) + '"'


def _escape(character: str) -> str:
    return f"\\U{ord(character):08X}"


def _fits_block(value: str) -> bool:
    lines = value.removesuffix("\n").split("\n")
    is_plain = all(line.isprintable() and "\r" not in line for line in lines)
    return is_plain and bool(lines[0]) and not lines[0].startswith(" ") and bool(lines[-1])
