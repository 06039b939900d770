"""What changed about how an action behaves and what it is called by."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from bud_codegen.diff.finding import Bump, Finding
from bud_codegen.diff.side import Side
from bud_codegen.diff.topic import DANGER, ERROR, INFO, Document, Pair, Topic

Found = Iterator[Finding]


def action_findings(pair: Pair) -> Found:
    """Yield what changed about an action apart from its params, outputs and words."""
    topic, old, new = Topic(pair), pair.old.meta, pair.new.meta
    yield from _mode(topic, old, new)
    yield from _idempotent(topic, old, new)
    yield from _timeout(topic, old["timeout_seconds"], new["timeout_seconds"])
    if old["idempotent"] == new["idempotent"]:
        yield from _retry(topic, old["retry_policy"], new["retry_policy"])
    yield from _permissions(topic, old, new)
    yield from _services(topic, old, new)
    yield from _aliases(topic, old, new)
    yield from _migrations(topic, old, new)
    if old["category"] != new["category"]:
        message = f"it was listed under {old['category']} and is listed under {new['category']}"
        yield topic.finding("action-category-changed", message, at=("category",), bump=Bump.patch)


def _mode(topic: Topic, old: Document, new: Document) -> Found:
    before, after = old["execution_mode"], new["execution_mode"]
    if before != after:
        hint = "keep the old mode in its major version, and give the new one to the next"
        yield topic.finding(
            "action-mode-changed",
            f"it was {before} and is {after}",
            DANGER,
            ERROR,
            DANGER,
            at=("execution_mode",),
            bump=Bump.major,
            hint=hint,
        )


def _idempotent(topic: Topic, old: Document, new: Document) -> Found:
    at = ("idempotent",)
    if old["idempotent"] and not new["idempotent"]:
        message = "doing it twice is not like doing it once any more: steps that repeat it may do its work twice"
        yield topic.finding("idempotent-lost", message, DANGER, INFO, INFO, at=at, bump=Bump.major)
    elif new["idempotent"] and not old["idempotent"]:
        message = "doing it twice is like doing it once now: it is repeated after a failure"
        yield topic.finding("idempotent-gained", message, INFO, DANGER, at=at)


def _timeout(topic: Topic, old: int | None, new: int | None) -> Found:
    if old == new:
        return
    message = f"an attempt could last {_seconds(old)} and may last {_seconds(new)}"
    if old is None or (new is not None and new < old):
        yield topic.finding("timeout-reduced", message, DANGER, DANGER, at=("timeout_seconds",))
    else:
        yield topic.finding("timeout-raised", message, at=("timeout_seconds",))


def _seconds(value: int | None) -> str:
    return "any time" if value is None else f"{value} s"


def _retry(topic: Topic, old: Document | None, new: Document | None) -> Found:
    if old == new:
        return
    if old is None or new is None:
        message = f"a failed attempt is {'no longer repeated' if new is None else 'repeated now'}"
    else:
        changed = [f"{key} was {old[key]} and is {new[key]}" for key in old if old[key] != new[key]]
        message = f"a failed attempt is repeated otherwise: {', '.join(changed)}"
    yield topic.finding("retry-changed", message, DANGER, DANGER, at=("retry_policy",))


def _permissions(topic: Topic, old: Document, new: Document) -> Found:
    part = topic.inside("required_permissions", "required_permissions")
    for each in _only_in(new, old, "required_permissions"):
        message = f"whoever starts it needs the permission {each} now"
        yield part.finding("permission-added", message, DANGER, INFO, DANGER, bump=Bump.major)
    for each in _only_in(old, new, "required_permissions"):
        message = f"whoever starts it no longer needs the permission {each}"
        yield part.finding("permission-removed", message, INFO, DANGER)


def _services(topic: Topic, old: Document, new: Document) -> Found:
    part = topic.inside("required_services", "required_services")
    for each in _only_in(new, old, "required_services"):
        yield part.finding("service-added", f"it needs the service {each} now", DANGER)
    for each in _only_in(old, new, "required_services"):
        yield part.finding("service-removed", f"it no longer needs the service {each}")


def _aliases(topic: Topic, old: Document, new: Document) -> Found:
    part = topic.inside("aliases", "aliases")
    for each in _only_in(new, old, "aliases"):
        if each != old["type"]:
            yield part.finding("alias-added", f"it may be called {each} too")
    for each in _only_in(old, new, "aliases"):
        heir = _named(topic.pair.after, each)
        if heir == new["type"]:
            continue
        message = f"{each} means another action now" if heir == each else f"{each} means {heir} now"
        message = message if heir else f"it is no longer known as {each}"
        hint = f"keep {each} under aliases as long as stored pipelines use it"
        yield part.finding("alias-removed", message, ERROR, hint=hint)


def _named(side: Side, name: str) -> str | None:
    """Return the type of the action that has a name; None if there is none."""
    found = (each.type for each in side.catalog.actions if name in (each.type, *each.meta["aliases"]))
    return next(found, None)


def _migrations(topic: Topic, old: Document, new: Document) -> Found:
    before, after = (_by_major(meta) for meta in (old, new))
    at = ("migrations",)
    for major in sorted(before.keys() | after.keys()):
        if before.get(major) == after.get(major):
            continue
        steps = f"steps of major version {major}"
        if major not in before:
            yield topic.finding("migration-changed", f"{steps} can be upgraded", at=at)
        else:
            message = f"{steps} {_upgraded(before[major], after.get(major))}"
            yield topic.finding("migration-changed", message, DANGER, at=at)


def _upgraded(old: Document, new: Document | None) -> str:
    if new is None:
        return "can no longer be upgraded"
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    digits = hashlib.sha256(json.dumps([old, new], sort_keys=True).encode()).hexdigest()[:6]
    return f"are upgraded otherwise: {', '.join(keys)} ({digits})"


def _by_major(meta: Document) -> dict[int, Any]:
    return {each["from_major"]: each for each in meta["migrations"]}


def _only_in(meta: Document, other: Document, key: str) -> list[str]:
    return [each for each in meta[key] if each not in other[key]]
