"""How strict a project is: `[tool.bud.lint]` of its pyproject.toml."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_args

from bud_codegen.rules import FIXED, RULES
from bud_codegen.rules.rule import Category, Rule
from bud_codegen.validate.structure import suggestion

Level = Literal["error", "warning", "off"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
LEVELS: tuple[Level, ...] = get_args(Level)
LINTED = {rule.id: rule for rule in RULES if rule.about != "change"}
"""Rules that files and executors are held to, by id."""


class SettingsError(Exception):
    """The settings cannot be used; the message lists everything wrong with them and says what to do."""


@dataclass(frozen=True, slots=True)
class Override:
    """Other levels for some files."""

    paths: tuple[str, ...]
    """Patterns of paths from the project's root; `**` stands for any folders, `*` for anything but a slash."""
    rules: Mapping[str, Level]

    def applies_to(self, path: str) -> bool:
        """Whether a path matches one of the patterns."""
        return any(_pattern(each).fullmatch(path) for each in self.paths)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project is held to."""

    category: Category = "standard"
    rules: Mapping[str, Level] | None = None
    """Levels of single rules; they count before the category."""
    overrides: tuple[Override, ...] = ()
    """Of two that match a file, the later counts."""
    only: frozenset[str] = frozenset()
    """The rules of this run; empty means all. What stops generation is always told."""

    def level(self, rule: Rule, path: str) -> Level:
        """Return how a file is held to a rule."""
        if rule.id in FIXED:
            return _own_level(rule)
        if self.only:
            return self._level(rule, path, _own_level(rule)) if rule.id in self.only else "off"
        is_in_category = CATEGORIES.index(rule.category) <= CATEGORIES.index(self.category)
        return self._level(rule, path, _own_level(rule) if is_in_category else "off")

    def _level(self, rule: Rule, path: str, level: Level) -> Level:
        level = (self.rules or {}).get(rule.id, level)
        for override in self.overrides:
            if rule.id in override.rules and override.applies_to(path):
                level = override.rules[rule.id]
        return level

    def is_ever_on(self, rule: Rule) -> bool:
        """Whether any file may be held to a rule."""
        if self.only and rule.id not in self.only:
            return False
        return self.level(rule, "") != "off" or any(each.rules.get(rule.id, "off") != "off" for each in self.overrides)

    def check_paths(self, paths: Iterable[str]) -> None:
        """Raise SettingsError if a pattern matches none of the paths: it does not do what it was written for."""
        known = list(paths)
        patterns = (pattern for override in self.overrides for pattern in override.paths)
        idle = [each for each in patterns if not any(_pattern(each).fullmatch(path) for path in known)]
        where = "[[tool.bud.lint.overrides]] paths"
        _refuse_any(f"{where}: {each} matches no file; correct or remove it" for each in idle)


def _own_level(rule: Rule) -> Level:
    return "error" if rule.severity == "error" else "warning"


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))


def rules_of(category: str | None) -> list[Rule]:
    """Return the rules in force in a category, those of the less strict ones included; all of them for None.

    Raises SettingsError if there is no such category.
    """
    if category is None:
        return list(RULES)
    _refuse_any(_not_one_of("--category", category, CATEGORIES))
    strictness = [*map(str, CATEGORIES)]
    return [rule for rule in RULES if strictness.index(rule.category) <= strictness.index(category)]


def how_to_change(rule: str) -> str | None:
    """Return what to write where a project wants otherwise; None of a rule that nothing changes."""
    if rule in FIXED or rule not in LINTED:
        return None
    return (
        f"In force from the category {LINTED[rule].category} on. Where breaking it is right:\n\n"
        f"    # bud: ignore {rule} reason: why it is right here\n\n"
        "on that line or above it; for whole files or the project, [tool.bud.lint] in pyproject.toml."
    )


def _refuse_any(faults: Iterable[str]) -> None:
    listed = list(faults)
    if listed:
        raise SettingsError("\n".join(listed))


def with_options(settings: Settings, category: str | None, only: Iterable[str]) -> Settings:
    """Return the settings with what a command line asks for. Raises SettingsError."""
    wanted = frozenset(only)
    chosen = next((each for each in CATEGORIES if each == category), settings.category)
    _refuse_any([*_unknown("--rule", wanted), *_not_one_of("--category", category or chosen, CATEGORIES)])
    return replace(settings, category=chosen, only=wanted)


def read_settings(table: Mapping[str, Any]) -> Settings:
    """Return the settings in a `[tool.bud.lint]` table. Raises SettingsError."""
    _refuse_any(_faults(table))
    overrides = tuple(Override(tuple(each["paths"]), each["rules"]) for each in table.get("overrides", ()))
    return Settings(table.get("category", "standard"), table.get("rules", {}), overrides)


def _faults(table: Mapping[str, Any]) -> Iterator[str]:
    where = "[tool.bud.lint]"
    yield from _strange_keys(where, table, ("category", "rules", "overrides"))
    yield from _not_one_of(f"{where} category", table.get("category", "standard"), CATEGORIES)
    yield from _rule_faults("[tool.bud.lint.rules]", table.get("rules", {}))
    overrides = table.get("overrides", [])
    where = "[[tool.bud.lint.overrides]]"
    if not isinstance(overrides, list) or not all(isinstance(each, dict) for each in overrides):
        yield f"{where} is a list of tables, each with paths and rules"
        return
    for override in overrides:
        yield from _strange_keys(where, override, ("paths", "rules"))
        paths = override.get("paths")
        if not isinstance(paths, list) or not paths or not all(isinstance(each, str) for each in paths):
            yield f'{where} paths lists patterns, such as ["actions/**/builtin/*"]'
        if not override.get("rules"):
            yield f"{where} has no rules to change; give it rules, or remove it"
        yield from _rule_faults(f"{where} rules", override.get("rules", {}))


def _strange_keys(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    for key in table:
        if key not in known:
            yield f"{where} has no setting {key}; {_advice(key, known)}"


def _not_one_of(where: str, value: object, known: tuple[str, ...]) -> Iterator[str]:
    if value not in known:
        yield f"{where} is {value}; {_advice(value, known)}"


def _advice(value: object, known: tuple[str, ...]) -> str:
    near = suggestion(value, known) if isinstance(value, str) else None
    return near or f"expected one of: {', '.join(known)}"


def _rule_faults(where: str, rules: object) -> Iterator[str]:
    if not isinstance(rules, Mapping):
        yield f'{where} is a table, such as {{missing-icon = "off"}}'
        return
    yield from _unknown(where, rules)
    for rule, level in rules.items():
        if rule in FIXED:
            yield f"{where}: {rule} cannot be changed, as what breaks it does not work; remove the line"
        elif rule in LINTED:
            yield from _not_one_of(f"{where} {rule}", level, LEVELS)


def _unknown(where: str, rules: Iterable[str]) -> Iterator[str]:
    for rule in sorted(rules):
        if rule not in LINTED:
            mend = suggestion(rule, list(LINTED)) or "bud rules lists them"
            yield f"{where}: there is no rule {rule} for files; {mend}"
