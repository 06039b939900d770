"""Mutations of an action's params."""

from random import Random
from typing import Any

from tests.diff.proof.picking import Document, DoesNotApplyError, a_param, another, in_place, listed, one_of

TEXTS = ("string", "template")
REFS = ("model_ref", "cluster_ref", "project_ref", "endpoint_ref")
OPTIONS = [{"value": "one", "label": "One"}, {"value": "two", "label": "Two"}]
ABOUT_THE_TYPE = ("default", "options", "validation", "schema", "ref_type", "placeholder")
PATTERNS = ("^[a-z-]+$", r"^\d{2,}$", "^https?://", "^[A-Z]")
LOWER = ("min", "min_length")
UPPER = ("max", "max_length")


def _added(document: Document, **about: Any) -> None:
    listed(document, "params").append({"name": "newcomer", "label": "Newcomer", "type": "string", **about})


@in_place
def add_optional_param(_chance: Random, document: Document) -> None:
    _added(document)


@in_place
def add_param_with_default(_chance: Random, document: Document) -> None:
    _added(document, type="number", default=3)


@in_place
def add_required_param(_chance: Random, document: Document) -> None:
    _added(document, required=True)


@in_place
def add_hidden_required_param(chance: Random, document: Document) -> None:
    controller = a_param(chance, document, "boolean")
    _added(document, required=True, show_when={"param": controller["name"], "equals": True})


@in_place
def remove_param(chance: Random, document: Document) -> None:
    param = a_param(chance, document)
    document["params"].remove(param)


@in_place
def rename_param(chance: Random, document: Document) -> None:
    a_param(chance, document)["name"] = "renamed_here"


@in_place
def rename_param_and_say_so(chance: Random, document: Document) -> None:
    param = a_param(chance, document, lacking="renamed_from")
    param["renamed_from"] = param["name"]
    param["name"] = "renamed_here"


@in_place
def forget_old_name_of_param(chance: Random, document: Document) -> None:
    del a_param(chance, document, having=["renamed_from"])["renamed_from"]


@in_place
def require_optional_param(chance: Random, document: Document) -> None:
    param = a_param(chance, document, lacking="default")
    if param.get("required"):
        raise DoesNotApplyError
    param["required"] = True


@in_place
def require_param_instead_of_default(chance: Random, document: Document) -> None:
    param = _param_with_default(chance, document)
    del param["default"]
    param["required"] = True


@in_place
def make_param_optional(chance: Random, document: Document) -> None:
    a_param(chance, document, having=["required"])["required"] = False


@in_place
def give_default_to_required_param(chance: Random, document: Document) -> None:
    param = a_param(chance, document, *TEXTS, "number", "boolean", having=["required"])
    param["required"] = False
    param["default"] = _default(chance, param)


@in_place
def give_default_to_optional_param(chance: Random, document: Document) -> None:
    param = a_param(chance, document, *TEXTS, "number", "boolean", lacking="default")
    if param.get("required"):
        raise DoesNotApplyError
    param["default"] = _default(chance, param)


@in_place
def remove_default(chance: Random, document: Document) -> None:
    del _param_with_default(chance, document)["default"]


@in_place
def change_default(chance: Random, document: Document) -> None:
    param = _param_with_default(chance, document)
    if param["type"] == "select":
        param["default"] = another(chance, (each["value"] for each in param["options"]), param["default"])
    elif param["type"] == "multiselect":
        param["default"] = another(chance, ([each["value"]] for each in param["options"]), param["default"])
    else:
        param["default"] = another(chance, _defaults(param), param["default"])


def _param_with_default(chance: Random, document: Document) -> Document:
    return one_of(chance, (each for each in document.get("params", ()) if "default" in each))


def _default(chance: Random, param: Document) -> Any:
    return one_of(chance, _defaults(param))


def _defaults(param: Document) -> list[Any]:
    kinds: dict[str, list[Any]] = {"number": [1, 2, 7], "boolean": [True, False], "range": [[1, 2], [2, 4]]}
    return kinds.get(param["type"], ["word", "/other", "other-word"])


@in_place
def change_type_of_param(chance: Random, document: Document) -> None:
    param = a_param(chance, document)
    about: dict[str, Document] = {
        "string": {},
        "number": {},
        "boolean": {},
        "json": {},
        "range": {},
        "branches": {},
        "select": {"options": OPTIONS},
        "multiselect": {"options": OPTIONS},
    }
    for key in ABOUT_THE_TYPE:
        param.pop(key, None)
    kind = another(chance, about, "string" if param["type"] not in about else param["type"])
    param |= {"type": kind, **about[kind]}


@in_place
def make_text_a_template(chance: Random, document: Document) -> None:
    a_param(chance, document, "string")["type"] = "template"


@in_place
def make_template_a_text(chance: Random, document: Document) -> None:
    a_param(chance, document, "template")["type"] = "string"


@in_place
def make_text_a_reference(chance: Random, document: Document) -> None:
    a_param(chance, document, "string")["type"] = one_of(chance, REFS)


@in_place
def refer_to_something_else(chance: Random, document: Document) -> None:
    param = a_param(chance, document, *REFS)
    param["type"] = another(chance, REFS, param["type"])
    if "ref_type" in param:
        param["ref_type"] = param["type"].removesuffix("_ref")


@in_place
def make_select_a_text(chance: Random, document: Document) -> None:
    param = a_param(chance, document, "select")
    param["type"] = "string"
    del param["options"]


@in_place
def make_text_a_select(chance: Random, document: Document) -> None:
    param = a_param(chance, document, *TEXTS, lacking="default")
    param.pop("validation", None)
    param |= {"type": "select", "options": OPTIONS}


@in_place
def make_number_whole(chance: Random, document: Document) -> None:
    param = a_param(chance, document, "number", "range")
    if param.get("validation", {}).get("integer"):
        raise DoesNotApplyError
    param.setdefault("validation", {})["integer"] = True


@in_place
def allow_fractions(chance: Random, document: Document) -> None:
    params = (each for each in document.get("params", ()) if each.get("validation", {}).get("integer"))
    del one_of(chance, params)["validation"]["integer"]


@in_place
def add_option(chance: Random, document: Document) -> None:
    a_param(chance, document, having=["options"])["options"].append({"value": "new-option", "label": "New"})


@in_place
def remove_option(chance: Random, document: Document) -> None:
    options = a_param(chance, document, having=["options"])["options"]
    options.remove(one_of(chance, options))


@in_place
def replace_option(chance: Random, document: Document) -> None:
    one_of(chance, a_param(chance, document, having=["options"])["options"])["value"] = "replaced-option"


@in_place
def relabel_option(chance: Random, document: Document) -> None:
    one_of(chance, a_param(chance, document, having=["options"])["options"])["label"] = "Says otherwise"


@in_place
def raise_lower_bound(chance: Random, document: Document) -> None:
    _move_bound(chance, document, LOWER, +1)


@in_place
def lower_lower_bound(chance: Random, document: Document) -> None:
    _move_bound(chance, document, LOWER, -1)


@in_place
def raise_upper_bound(chance: Random, document: Document) -> None:
    _move_bound(chance, document, UPPER, +1)


@in_place
def lower_upper_bound(chance: Random, document: Document) -> None:
    _move_bound(chance, document, UPPER, -1)


def _move_bound(chance: Random, document: Document, keys: tuple[str, str], by: int) -> None:
    rules, key = _bound(chance, document, keys)
    rules[key] += by


def _bound(chance: Random, document: Document, keys: tuple[str, ...]) -> tuple[Document, str]:
    validations = [each["validation"] for each in document.get("params", ()) if each.get("validation")]
    return one_of(chance, ((rules, key) for rules in validations for key in keys if key in rules))


@in_place
def remove_bound(chance: Random, document: Document) -> None:
    rules, key = _bound(chance, document, LOWER + UPPER)
    del rules[key]


@in_place
def add_bound_to_number(chance: Random, document: Document) -> None:
    rules = a_param(chance, document, "number", "range").setdefault("validation", {})
    key, value = one_of(chance, {"min": -3, "max": 30}.items())
    if key in rules:
        raise DoesNotApplyError
    rules[key] = value


@in_place
def add_bound_to_text(chance: Random, document: Document) -> None:
    param = a_param(chance, document, *TEXTS)
    rules = param.setdefault("validation", {})
    key, value = one_of(chance, {"min_length": 2, "max_length": 40}.items())
    matched = [name for rule in document.get("rules", ()) if rule["kind"] == "matches" for name in rule["params"]]
    if key in rules or "pattern" in rules or param["name"] in matched:  # a pattern may say the same
        raise DoesNotApplyError
    rules[key] = value


@in_place
def add_pattern(chance: Random, document: Document) -> None:
    rules = a_param(chance, document, *TEXTS).setdefault("validation", {})
    if "pattern" in rules:
        raise DoesNotApplyError
    rules["pattern"] = one_of(chance, PATTERNS)


@in_place
def remove_pattern(chance: Random, document: Document) -> None:
    rules, key = _bound(chance, document, ("pattern",))
    rules.pop("pattern_message", None)
    del rules[key]


@in_place
def change_pattern(chance: Random, document: Document) -> None:
    rules, key = _bound(chance, document, ("pattern",))
    rules[key] = another(chance, PATTERNS, rules[key])


@in_place
def retell_pattern(chance: Random, document: Document) -> None:
    rules, _ = _bound(chance, document, ("pattern",))
    rules["pattern_message"] = "must look otherwise"


@in_place
def hide_param(chance: Random, document: Document) -> None:
    controller = a_param(chance, document, "boolean")
    param = a_param(chance, document, lacking="show_when")
    param["show_when"] = {"param": controller["name"], "equals": True}


@in_place
def show_param_always(chance: Random, document: Document) -> None:
    del a_param(chance, document, having=["show_when"])["show_when"]


@in_place
def show_param_otherwise(chance: Random, document: Document) -> None:
    condition = a_param(chance, document, having=["show_when"])["show_when"]
    key = one_of(chance, (each for each in condition if each != "param"))
    condition[{"equals": "not_equals", "not_equals": "equals"}[key]] = condition.pop(key)


@in_place
def keep_param_secret(chance: Random, document: Document) -> None:
    a_param(chance, document, lacking="secret")["secret"] = True


@in_place
def give_secret_away(chance: Random, document: Document) -> None:
    del a_param(chance, document, having=["secret"])["secret"]


@in_place
def deprecate_param(chance: Random, document: Document) -> None:
    param = a_param(chance, document, lacking="deprecated")
    param["deprecated"] = {"since": "1.0.0", "message": "Leave it out."}


@in_place
def revive_param(chance: Random, document: Document) -> None:
    del a_param(chance, document, having=["deprecated"])["deprecated"]


@in_place
def describe_json_param(chance: Random, document: Document) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    a_param(chance, document, "json", lacking="schema")["schema"] = schema


@in_place
def take_any_json(chance: Random, document: Document) -> None:
    del a_param(chance, document, "json", having=["schema"])["schema"]


@in_place
def retell_param(chance: Random, document: Document) -> None:
    key = one_of(chance, ("label", "description", "placeholder", "group"))
    a_param(chance, document)[key] = "Told anew"


@in_place
def reorder_params(_chance: Random, document: Document) -> None:
    document.get("params", []).reverse()


MUTATIONS = (
    add_optional_param, add_param_with_default, add_required_param, add_hidden_required_param, remove_param,
    rename_param, rename_param_and_say_so, forget_old_name_of_param, require_optional_param,
    require_param_instead_of_default, make_param_optional, give_default_to_required_param,
    give_default_to_optional_param, remove_default, change_default, change_type_of_param, make_text_a_template,
    make_template_a_text, make_text_a_reference, refer_to_something_else, make_select_a_text, make_text_a_select,
    make_number_whole, allow_fractions, add_option, remove_option, replace_option, relabel_option, raise_lower_bound,
    lower_lower_bound, raise_upper_bound, lower_upper_bound, remove_bound, add_bound_to_number, add_bound_to_text,
    add_pattern, remove_pattern, change_pattern, retell_pattern, hide_param, show_param_always, show_param_otherwise,
    keep_param_secret, give_secret_away, deprecate_param, revive_param, describe_json_param, take_any_json,
    retell_param, reorder_params,
)  # fmt: skip
