"""What changed about when params count: their show_when, and the rules between them."""

from collections.abc import Iterator

from bud_codegen.diff.finding import Bump, Finding, Verdict
from bud_codegen.diff.topic import DANGER, ERROR, INFO, Document, Pair, Topic
from bud_codegen.model import Action
from bud_schemas.values import identity, is_same

Found = Iterator[Finding]


def condition_findings(topic: Topic, old: Document, new: Document, executors: Verdict) -> Found:
    """Yield what changed about a param's show_when; `executors` is what it means that they may find None."""
    before, after, name = old["show_when"], new["show_when"], new["name"]
    if identity(before) == identity(after):
        return
    if before is None:
        message = f"`{name}` counts only while {_shown(after)}"
        frontends = DANGER if old["required"] else INFO
        yield topic.finding("param-condition-added", message, DANGER, executors, frontends, at=("show_when",))
        return
    must_be_given = new["required"] and old["required"]
    if after is None:
        message = f"`{name}` counts always now, no longer only while {_shown(before)}"
        pipelines, frontends = (ERROR, ERROR) if must_be_given else (DANGER, INFO)
        yield topic.finding("param-condition-removed", message, pipelines, INFO, frontends, at=("show_when",))
        return
    message = f"`{name}` counted while {_shown(before)} and counts while {_shown(after)}"
    pipelines = ERROR if must_be_given and _can_appear(topic.pair, before, after) else DANGER
    yield topic.finding("param-condition-changed", message, pipelines, at=("show_when",))


def _shown(condition: Document) -> str:
    if "equals" in condition:
        return f"`{condition['param']}` is {_scalar(condition['equals'])}"
    if "not_equals" in condition:
        return f"`{condition['param']}` is not {_scalar(condition['not_equals'])}"
    return f"`{condition['param']}` is {'given' if condition['present'] else 'not given'}"


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_ANOTHER = object()
"""A value that no condition names."""


def _can_appear(pair: Pair, before: Document, after: Document) -> bool:
    """Whether there is a step in which the param did not count and does now."""
    if before["param"] != after["param"]:
        return True
    params = {param["name"]: param for param in pair.old.meta["params"]}
    looked_at = params.get(after["param"])
    return looked_at is None or any(
        _holds(after, value) and not _holds(before, value) for value in _values(looked_at, before, after)
    )


def _values(param: Document, *conditions: Document) -> list[object]:
    """Return values of a param among which each way to keep or break the conditions is found."""
    absent = [] if param["required"] or "default" in param else [None]
    if param["type"] == "boolean":
        return [True, False, *absent]
    if param["type"] == "select":
        return [*(option["value"] for option in param["options"]), *absent]
    return [*(value for each in conditions for key, value in each.items() if key != "param"), _ANOTHER, *absent]


def _holds(condition: Document, value: object) -> bool:
    if "equals" in condition:
        return is_same(value, condition["equals"])
    return not is_same(value, condition["not_equals"])


def rule_findings(pair: Pair) -> Found:
    """Yield what changed about the rules between params; one is known by its kind and its params."""
    old, new = _indexed(pair.old), _indexed(pair.new)
    for key, (index, rule) in new.items():
        topic = Topic(pair, _subject(rule), ("rules",), ("rules", index))
        if key not in old:
            message = f"{_called(rule)} is demanded now{_form(rule)}{_while(rule)}: {rule['message']}"
            yield topic.finding("rule-added", message, _of_new_rule(pair, rule), INFO, DANGER)
        else:
            topic = Topic(pair, _subject(rule), ("rules", old[key][0]), ("rules", index))
            yield from _changed_rule(topic, old[key][1], rule)
    for key, (index, rule) in old.items():
        if key not in new:
            topic = Topic(pair, _subject(rule), ("rules", index), ("rules",))
            yield topic.finding("rule-removed", f"{_called(rule)} is no longer demanded", INFO, DANGER)


Key = tuple[str, tuple[str, ...], int]
"""A rule's kind and params, and how many like it come before it."""


def _indexed(action: Action) -> dict[Key, tuple[int, Document]]:
    indexed: dict[Key, tuple[int, Document]] = {}
    for index, rule in enumerate(action.meta["rules"]):
        names = tuple(rule["params"] if rule["kind"] == "ordered" else sorted(rule["params"]))
        number = sum(key[:2] == (rule["kind"], names) for key in indexed)
        indexed[rule["kind"], names, number] = index, rule
    return indexed


def _subject(rule: Document) -> str:
    return f"rules.{rule['kind']}"


def _called(rule: Document) -> str:
    names = " and ".join(f"`{name}`" for name in rule["params"])
    return f"{rule['kind']} of {names}"


def _form(rule: Document) -> str:
    return f" by {rule['pattern']}" if rule.get("pattern") else ""


def _while(rule: Document) -> str:
    """Return under which conditions a rule is demanded, as the end of a sentence."""
    conditions = " and ".join(map(_shown, rule.get("when") or ()))
    return f" while {conditions}" if conditions else ""


def _conditions(rule: Document) -> dict[object, Document]:
    return {identity(each): each for each in rule.get("when") or ()}


def _holds_where_it_did_not(pair: Pair, old: Document, new: Document) -> bool:
    """Whether there may be a step of which a rule demands something now, and did not before."""
    before, after = _conditions(old), _conditions(new)
    gone = [each for key, each in before.items() if key not in after]
    added = [each for key, each in after.items() if key not in before]
    is_one_for_one = len(gone) == len(added) == 1 and not any("present" in each for each in (*gone, *added))
    return _can_appear(pair, gone[0], added[0]) if is_one_for_one else bool(gone)


def _of_new_rule(pair: Pair, rule: Document) -> Verdict:
    """Return what a rule means to pipelines: nothing if it always holds; what a pattern refuses cannot be decided."""
    if rule["kind"] == "matches":
        return DANGER
    if any(_is_implied(rule, former) for former in pair.old.meta["rules"]):
        return INFO
    params = {param["name"]: param for param in pair.new.meta["params"]}
    are_there = [_is_always_there(params[name]) for name in rule["params"]]
    if rule["kind"] == "requires":
        return INFO if all(are_there) else ERROR
    if rule["kind"] == "at_least_one_of":
        return INFO if any(are_there) else ERROR
    return ERROR


def _is_implied(rule: Document, former: Document) -> bool:
    """Whether who keeps a former rule, by giving one of some params, keeps one that asks for one of them or more."""
    under, former_under = ({identity(each) for each in either.get("when") or ()} for either in (rule, former))
    is_weaker = rule["kind"] == "at_least_one_of" and former["kind"] in ("exactly_one_of", "at_least_one_of")
    return is_weaker and {*former["params"]} <= {*rule["params"]} and former_under <= under


def _is_always_there(param: Document) -> bool:
    return (param["required"] or param.get("default") is not None) and not param["show_when"]


def _changed_rule(topic: Topic, old: Document, new: Document) -> Found:
    if old.get("pattern") != new.get("pattern"):
        message = f"{_called(new)} must match {new['pattern']}; it had to match {old['pattern']}"
        yield topic.finding("rule-changed", message, DANGER, DANGER, DANGER, at=("pattern",))
    elif _conditions(old).keys() != _conditions(new).keys():
        pipelines = _of_new_rule(topic.pair, new) if _holds_where_it_did_not(topic.pair, old, new) else INFO
        message = f"{_called(new)} was demanded{_while(old) or ' always'} and is demanded{_while(new) or ' always'}"
        yield topic.finding("rule-changed", message, pipelines, DANGER, DANGER, at=("when",))
    if old["message"] != new["message"]:
        message = f"the message of {_called(new)} is another"
        yield topic.finding("documentation-changed", message, at=("message",), bump=Bump.patch)
