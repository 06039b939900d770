"""Everything that changed between two catalogs."""

from collections.abc import Iterator, Mapping
from datetime import date

from bud_codegen.collector import collector_paused
from bud_codegen.diff.actions import action_findings
from bud_codegen.diff.conditions import rule_findings
from bud_codegen.diff.documentation import documentation_findings
from bud_codegen.diff.finding import Bump, Finding
from bud_codegen.diff.lifecycle import lifecycle_findings
from bud_codegen.diff.outputs import output_findings
from bud_codegen.diff.params import param_findings
from bud_codegen.diff.side import Side
from bud_codegen.diff.symbols import symbol_findings
from bud_codegen.diff.topic import DANGER, ERROR, INFO, Pair, Topic
from bud_codegen.diff.versions import version_findings
from bud_codegen.model import Action

Found = Iterator[Finding]
Actions = Mapping[str, Action]
COMPARATORS = (
    action_findings,
    param_findings,
    rule_findings,
    output_findings,
    lifecycle_findings,
    symbol_findings,
    documentation_findings,
)


def compare(before: Side, after: Side, today: date | None = None) -> tuple[Finding, ...]:
    """Return all changes by action, subject and rule, each once.

    An action that goes away after its sunset breaks no pipeline; without `today` no sunset counts as past.
    """
    with collector_paused():
        found = dict.fromkeys(_findings(before, after, today))
    return tuple(sorted(found, key=lambda each: (each.action, each.subject, each.rule, each.message)))


def _findings(before: Side, after: Side, today: date | None) -> Found:
    old, new = ({action.type: action for action in side.catalog.actions} for side in (before, after))
    heirs = _heirs(old, new)
    for name, action in old.items():
        heir = new.get(heirs.get(name, name))
        if heir is None:
            yield _removed(before, action, after, today)
        else:
            yield from _changed(_newest_pair(before, action, after, heir))
    for name, action in new.items():
        if name not in old and name not in heirs.values():
            yield from _added(before, after, action)
    yield from _older_findings(before, after)


def _heirs(old: Actions, new: Actions) -> dict[str, str]:
    """Return which new type has which former one as an alias."""
    return {
        alias: name
        for name, action in new.items()
        if name not in old
        for alias in action.meta["aliases"]
        if alias in old and alias not in new
    }


def _newest_pair(before: Side, old: Action, after: Side, new: Action) -> Pair:
    kept = {(each.type, each.major) for each in after.catalog.older}
    return Pair(before, old, after, new, is_pinned=old.major != new.major and (new.type, old.major) in kept)


def _changed(pair: Pair) -> Found:
    if pair.old.digest == pair.new.digest and pair.old.source == pair.new.source:
        return
    found = [finding for comparator in COMPARATORS for finding in comparator(pair)]
    if pair.old.type != pair.new.type:
        found.append(_renamed(pair))
    if pair.old.major < pair.new.major and not pair.is_pinned:
        found.append(_not_kept(pair))
    yield from found
    yield from version_findings(pair, found)


def _renamed(pair: Pair) -> Finding:
    old, new = pair.old, pair.new
    message = f"{old.type} is called {new.type} now; pipelines may go on to call it {old.type}"
    hint = f"move its executor to {new.stem}.py, and use {new.class_name}Input and the like in TypeScript"
    return Topic(pair).finding("action-renamed", message, INFO, ERROR, ERROR, at=("type",), bump=Bump.minor, hint=hint)


def _not_kept(pair: Pair) -> Finding:
    major, new = pair.old.major, pair.new
    message = f"major version {major} is gone: stored pipelines that are pinned to it have to be upgraded"
    hint = f"keep it as {new.source.removesuffix('.yaml')}.v{major}.yaml, with its executor, until nobody needs it"
    return Topic(pair, "version", ("version",), ("version",)).finding("major-replaced", message, ERROR, hint=hint)


def _removed(before: Side, action: Action, after: Side, today: date | None) -> Finding:
    deprecated = action.meta["deprecated"] or {}
    is_past = today is not None and deprecated.get("sunset", "9999-12-31") <= today.isoformat()
    pair = Pair(before, action, after, action)
    message = f"{action.type} is gone{', as announced' if is_past else ''}"
    hint = f"list {action.type} under reserved in categories.yaml, so that it cannot come back as something else"
    is_reserved = action.type in after.catalog.reserved
    return Topic(pair, after=None).finding(
        "action-removed",
        message,
        INFO if is_past else ERROR,
        ERROR,
        ERROR,
        at=("type",),
        bump=Bump.none,
        hint=None if is_reserved else hint,
    )


def _added(before: Side, after: Side, action: Action) -> Found:
    topic = Topic(Pair(before, action, after, action), before=None)
    reused = [name for name in (action.type, *action.meta["aliases"]) if name in before.catalog.reserved]
    for name in reused:
        message = f"{name} comes back: it was removed before, and stored pipelines may still mean what it was then"
        yield topic.finding("action-id-reused", message, DANGER, DANGER, DANGER, at=("type",), bump=Bump.none)
    if not reused:
        yield topic.finding("action-added", f"{action.type} is new", frontends=DANGER, at=("type",), bump=Bump.none)


def _older_findings(before: Side, after: Side) -> Found:
    """Compare majors that stand beside a newer one with the same majors of the other side."""
    old = {(each.type, each.major): each for each in (*before.catalog.actions, *before.catalog.older)}
    new = {(each.type, each.major): each for each in (*after.catalog.actions, *after.catalog.older)}
    for action in after.catalog.older:
        former = old.get((action.type, action.major))
        if former is not None:
            yield from _changed(Pair(before, former, after, action, is_for_pipelines_only=former.is_newest))
        if former is None or former.is_newest:
            topic = Topic(Pair(before, action, after, action), before=None)
            message = f"{action.reference} stands beside the newest version"
            yield topic.finding("major-added", message, at=("version",), bump=Bump.none)
    for action in before.catalog.older:
        if (action.type, action.major) not in new:
            topic = Topic(Pair(before, action, after, action), after=None)
            message = f"{action.reference} is gone: pipelines that are pinned to it have nothing to run"
            yield topic.finding("major-removed", message, ERROR, ERROR, ERROR, at=("version",), bump=Bump.none)
