"""What changed about how long an action, or a part of it, is there."""

from collections.abc import Iterator

from bud_codegen.diff.finding import Bump, Finding
from bud_codegen.diff.topic import DANGER, INFO, Document, Pair, Topic

Found = Iterator[Finding]


def deprecation_findings(topic: Topic, old: Document | None, new: Document | None) -> Found:
    """Yield what changed about the deprecation of an action, a param or an output."""
    at = ("deprecated",)
    if old is None and new is None:
        return
    if old is None and new is not None:
        last = f"; it is refused from {new['sunset']}" if new.get("sunset") else ""
        yield topic.finding("deprecated", f"it is deprecated: {new['message']}{last}", at=at, bump=Bump.minor)
    elif new is None:
        yield topic.finding("undeprecated", "it is no longer deprecated", at=at)
    elif old is not None:
        yield from _sunset_findings(topic.inside("deprecated", "deprecated"), old.get("sunset"), new.get("sunset"))
        words = [key for key in ("since", "message", "date", "replacement") if old.get(key) != new.get(key)]
        if words:
            message = f"what is said about its deprecation is another: {', '.join(words)}"
            yield topic.finding("documentation-changed", message, at=at, bump=Bump.patch)


def _sunset_findings(topic: Topic, old: str | None, new: str | None) -> Found:
    at = ("sunset",)
    if old == new:
        return
    if old is None:
        yield topic.finding("sunset-added", f"it is refused from {new}", DANGER, at=at)
    elif new is None:
        yield topic.finding("sunset-removed", f"it is no longer refused from {old}", at=at)
    elif new < old:
        hint = "a day that was announced is a promise: keep it, or move it back"
        yield topic.finding(
            "sunset-moved-earlier", f"it is refused from {new}, not only from {old}", DANGER, at=at, hint=hint
        )
    else:
        yield topic.finding("sunset-moved-later", f"it is refused from {new}, not already from {old}", at=at)


_STABILITIES = ("experimental", "beta", "stable")


def lifecycle_findings(pair: Pair) -> Found:
    """Yield what changed about the action as a whole."""
    topic, old, new = Topic(pair), pair.old.meta, pair.new.meta
    yield from deprecation_findings(topic, old["deprecated"], new["deprecated"])
    before, after = old["stability"], new["stability"]
    if _STABILITIES.index(after) < _STABILITIES.index(before):
        message = f"it was {before} and is {after}: minor versions may break what uses it"
        yield topic.finding("stability-lowered", message, DANGER, at=("stability",))
    elif after != before:
        yield topic.finding("stability-raised", f"it was {before} and is {after}", at=("stability",))
    for key in ("params", "outputs"):
        yield from _reservations(pair, key)


def _reservations(pair: Pair, key: str) -> Found:
    """Yield what changed about reserved names, but for those of what was just removed and of what came back."""
    old, new = ({*(action.meta["reserved"] or {}).get(key, ())} for action in (pair.old, pair.new))
    was_there, is_there = ({each["name"] for each in action.meta[key]} for action in (pair.old, pair.new))
    topic = Topic(pair, f"reserved.{key}", ("reserved", key), ("reserved", key))
    for name in sorted(new - old - was_there):
        yield topic.finding("reservation-added", f"`{name}` is reserved now", bump=Bump.patch)
    for name in sorted(old - new - is_there):
        message = f"`{name}` is no longer reserved: it may come back and mean something else"
        yield topic.finding(
            "reservation-removed", message, DANGER, INFO, DANGER, hint=f"keep {name} under reserved.{key}"
        )
