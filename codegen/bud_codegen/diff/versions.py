"""Whether an action's version rises as its changes demand (https://semver.org)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bud_codegen.diff.finding import Bump, Finding
from bud_codegen.diff.topic import ERROR, Pair, Topic


class Version(NamedTuple):
    """A semantic version; builds do not count."""

    major: int
    minor: int
    patch: int
    before: tuple[tuple[bool, int, str], ...]
    """What of a pre-release comes after the hyphen, made comparable; a release ends in what comes after all others."""

    @property
    def is_release(self) -> bool:
        """Whether it is no pre-release."""
        return self.before == _RELEASE


_RELEASE = ((True, 0, "\uffff"),)


def version_of(text: str) -> Version:
    """Read a semantic version."""
    numbers, _, before = text.partition("+")[0].partition("-")
    major, minor, patch = map(int, numbers.split("."))
    return Version(major, minor, patch, tuple(map(_comparable, before.split("."))) if before else _RELEASE)


def _comparable(identifier: str) -> tuple[bool, int, str]:
    return (False, int(identifier), "") if identifier.isdigit() else (True, 0, identifier)


def version_findings(pair: Pair, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what is wrong with the version, given what else changed about the action."""
    topic, texts = Topic(pair, "version", ("version",), ("version",)), _texts(pair)
    old, new = map(version_of, texts)
    if new < old:
        message = f"the version was {texts[0]} and is {texts[1]}, which is less"
        yield topic.finding("version-decreased", message, ERROR, ERROR, ERROR, bump=Bump.none)
        return
    demand = max((finding.bump for finding in findings), default=Bump.none)
    least = least_version(old, demand)
    if new[:3] < least or (new == old and demand > Bump.none):
        is_known = old[:3] < least
        wanted = ".".join(map(str, least)) if is_known else f"more than {texts[0]}"
        rule = "version-major-not-bumped" if demand is Bump.major else "version-not-bumped"
        message = f"the version was {texts[0]} and is {texts[1]}; its changes make it {'at least ' * is_known}{wanted}"
        yield topic.finding(rule, message, ERROR, ERROR, ERROR, bump=Bump.none, hint=f"raise it to {wanted}")


def _texts(pair: Pair) -> tuple[str, str]:
    return pair.old.meta["version"], pair.new.meta["version"]


def least_version(old: Version, demand: Bump) -> tuple[int, int, int]:
    """Return the least version after a change; in 0.x a minor one breaks, and a pre-release promises nothing."""
    major, minor, patch = old[:3]
    if demand is Bump.none or not old.is_release:
        return major, minor, patch
    if demand is Bump.major and major > 0:
        return major + 1, 0, 0
    if demand is Bump.major or (demand is Bump.minor and major > 0):
        return major, minor + 1, 0
    return major, minor, patch + 1
