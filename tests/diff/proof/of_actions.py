"""Mutations of what an action says of itself."""

import copy
from random import Random

from tests.diff.proof.picking import Document, DoesNotApplyError, another, in_place, listed, one_of

STABILITIES = ("experimental", "beta", "stable")
CATEGORIES = ("Control Flow", "Model", "Cluster", "Deployment", "Integration")


def remove_action(_chance: Random, _document: Document) -> list[Document]:
    return []


def add_action(_chance: Random, document: Document) -> list[Document]:
    added: Document = {key: document[key] for key in ("name", "description", "category") if key in document}
    return [document, {"type": f"{document['type']}_more", "execution_mode": "sync", **added}]


def rename_action(_chance: Random, document: Document) -> list[Document]:
    return [{**copy.deepcopy(document), "type": f"{document['type']}_new"}]


def rename_action_with_alias(_chance: Random, document: Document) -> list[Document]:
    aliases = [*document.get("aliases", ()), document["type"]]
    return [{**copy.deepcopy(document), "type": f"{document['type']}_new", "aliases": aliases}]


@in_place
def wait_for_an_event(_chance: Random, document: Document) -> None:
    if document["execution_mode"] == "event_driven":
        raise DoesNotApplyError
    document["execution_mode"] = "event_driven"
    document.setdefault("timeout_seconds", 60)


@in_place
def wait_for_no_event(_chance: Random, document: Document) -> None:
    if document["execution_mode"] == "sync":
        raise DoesNotApplyError
    document["execution_mode"] = "sync"


@in_place
def lose_idempotency(_chance: Random, document: Document) -> None:
    if document.get("idempotent") is False:
        raise DoesNotApplyError
    document["idempotent"] = False
    document.pop("retry_policy", None)


@in_place
def gain_idempotency(_chance: Random, document: Document) -> None:
    if document.get("idempotent") is not False:
        raise DoesNotApplyError
    document["idempotent"] = True


@in_place
def shorten_timeout(_chance: Random, document: Document) -> None:
    if document.get("timeout_seconds", 1) < 2:
        raise DoesNotApplyError
    document["timeout_seconds"] //= 2


@in_place
def lengthen_timeout(_chance: Random, document: Document) -> None:
    if not document.get("timeout_seconds"):
        raise DoesNotApplyError
    document["timeout_seconds"] += 60


@in_place
def add_timeout(_chance: Random, document: Document) -> None:
    if document.get("timeout_seconds"):
        raise DoesNotApplyError
    document["timeout_seconds"] = 45


@in_place
def remove_timeout(_chance: Random, document: Document) -> None:
    if not document.pop("timeout_seconds", None):
        raise DoesNotApplyError


@in_place
def add_retry(_chance: Random, document: Document) -> None:
    if document.get("retry_policy"):
        raise DoesNotApplyError
    document["retry_policy"] = {"max_attempts": 4}


@in_place
def remove_retry(_chance: Random, document: Document) -> None:
    if not document.pop("retry_policy", None):
        raise DoesNotApplyError


@in_place
def change_retry(chance: Random, document: Document) -> None:
    if not document.get("retry_policy"):
        raise DoesNotApplyError
    key, value = one_of(chance, {"max_attempts": 7, "backoff_multiplier": 3.5, "max_interval_seconds": 7200}.items())
    document["retry_policy"][key] = value


@in_place
def require_service(_chance: Random, document: Document) -> None:
    listed(document, "required_services").append("budmetrics-more")


@in_place
def release_service(chance: Random, document: Document) -> None:
    services = document.get("required_services", [])
    services.remove(one_of(chance, services))


@in_place
def demand_permission(_chance: Random, document: Document) -> None:
    listed(document, "required_permissions").append("everything:write")


@in_place
def waive_permission(chance: Random, document: Document) -> None:
    permissions = document.get("required_permissions", [])
    permissions.remove(one_of(chance, permissions))


@in_place
def raise_stability(chance: Random, document: Document) -> None:
    _change_stability(chance, document, +1)


@in_place
def lower_stability(chance: Random, document: Document) -> None:
    _change_stability(chance, document, -1)


def _change_stability(chance: Random, document: Document, sign: int) -> None:
    now = STABILITIES.index(document.get("stability", "stable"))
    document["stability"] = one_of(chance, STABILITIES[now + 1 :] if sign > 0 else STABILITIES[:now])


@in_place
def deprecate_action(_chance: Random, document: Document) -> None:
    if document.get("deprecated"):
        raise DoesNotApplyError
    document["deprecated"] = {"since": "1.0.0", "message": "Use something else."}


@in_place
def revive_action(_chance: Random, document: Document) -> None:
    if not document.pop("deprecated", None):
        raise DoesNotApplyError


@in_place
def set_sunset(_chance: Random, document: Document) -> None:
    if not document.get("deprecated") or document["deprecated"].get("sunset"):
        raise DoesNotApplyError
    document["deprecated"]["sunset"] = "2033-01-01"


@in_place
def bring_sunset_forward(_chance: Random, document: Document) -> None:
    _move_sunset(document, -1)


@in_place
def put_sunset_off(_chance: Random, document: Document) -> None:
    _move_sunset(document, +1)


def _move_sunset(document: Document, years: int) -> None:
    sunset = (document.get("deprecated") or {}).get("sunset")
    if not sunset:
        raise DoesNotApplyError
    document["deprecated"]["sunset"] = f"{int(sunset[:4]) + years}{sunset[4:]}"


@in_place
def add_alias(_chance: Random, document: Document) -> None:
    listed(document, "aliases").append(f"{document['type']}_also")


@in_place
def remove_alias(chance: Random, document: Document) -> None:
    aliases = document.get("aliases", [])
    aliases.remove(one_of(chance, aliases))


@in_place
def move_to_category(chance: Random, document: Document) -> None:
    document["category"] = another(chance, CATEGORIES, document["category"])


@in_place
def retell_action(chance: Random, document: Document) -> None:
    key = one_of(chance, ("name", "description"))
    document[key] = f"{document[key].rstrip()} now"


@in_place
def repaint_action(chance: Random, document: Document) -> None:
    key, value = one_of(chance, {"icon": "star-2", "color": "#123456", "docs_url": "https://new.example.com"}.items())
    document[key] = value


@in_place
def add_example(_chance: Random, document: Document) -> None:
    given = {param["name"]: "{{ params.x }}" for param in document.get("params", ()) if param.get("required")}
    listed(document, "examples").append({"title": "One more", "params": given})


@in_place
def remove_example(chance: Random, document: Document) -> None:
    examples = document.get("examples", [])
    examples.remove(one_of(chance, examples))


@in_place
def add_rule(chance: Random, document: Document) -> None:
    first, second = _two_params(chance, document)
    kind = one_of(chance, ("exactly_one_of", "at_least_one_of", "requires"))
    rule = {"kind": kind, "params": [first["name"], second["name"]], "message": "They belong together"}
    listed(document, "rules").append(rule)


def _two_params(chance: Random, document: Document) -> list[Document]:
    params = [each for each in document.get("params", ()) if not each.get("required") and "default" not in each]
    if len(params) < 2:
        raise DoesNotApplyError
    return chance.sample(params, 2)


@in_place
def remove_rule(chance: Random, document: Document) -> None:
    rules = document.get("rules", [])
    rules.remove(one_of(chance, rules))


@in_place
def change_rule(chance: Random, document: Document) -> None:
    rule = one_of(chance, (each for each in document.get("rules", ()) if each["kind"].endswith("_one_of")))
    rule["kind"] = another(chance, ("exactly_one_of", "at_least_one_of"), rule["kind"])


@in_place
def reserve_name(chance: Random, document: Document) -> None:
    key = one_of(chance, ("params", "outputs"))
    listed(document.setdefault("reserved", {}), key).append("never_again")


@in_place
def forget_reserved_name(chance: Random, document: Document) -> None:
    reserved = document.get("reserved", {})
    names = reserved[one_of(chance, (key for key, names in reserved.items() if names))]
    names.remove(one_of(chance, names))


@in_place
def bring_back_reserved_param(chance: Random, document: Document) -> None:
    names = document.get("reserved", {}).get("params", [])
    name = one_of(chance, names)
    names.remove(name)
    listed(document, "params").append({"name": name, "label": "Is back", "type": "string"})


@in_place
def migrate_params(_chance: Random, document: Document) -> None:
    if document.get("migrations") or document["version"].startswith("0."):
        raise DoesNotApplyError
    major = int(document["version"].partition(".")[0])
    document["migrations"] = [{"from_major": major - 1, "drop": ["long_gone"]}]


MUTATIONS = (
    remove_action, add_action, rename_action, rename_action_with_alias, wait_for_an_event, wait_for_no_event,
    lose_idempotency, gain_idempotency, shorten_timeout, lengthen_timeout, add_timeout, remove_timeout, add_retry,
    remove_retry, change_retry, require_service, release_service, demand_permission, waive_permission,
    raise_stability, lower_stability, deprecate_action, revive_action, set_sunset, bring_sunset_forward,
    put_sunset_off, add_alias, remove_alias, move_to_category, retell_action, repaint_action, add_example,
    remove_example, add_rule, remove_rule, change_rule, reserve_name, forget_reserved_name, bring_back_reserved_param,
    migrate_params,
)  # fmt: skip
