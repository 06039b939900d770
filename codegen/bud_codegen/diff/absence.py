"""Whether an executor may find None where a param has no value."""

from collections.abc import Mapping
from typing import Any

from bud_codegen.diff.finding import Verdict
from bud_codegen.diff.topic import ERROR, INFO, Document, Pair
from bud_codegen.diff.values import is_anything, shape_of, takes_null
from bud_codegen.model import Action

Schema = Mapping[str, Any]


def absence(pair: Pair, old: Document, new: Document) -> Verdict:
    """Return what it means to executors that a param may be None where it could not be before."""
    return ERROR if _may_be_none(pair.new, new) and not _may_be_none(pair.old, old) else INFO


def _may_be_none(action: Action, param: Document) -> bool:
    schema = action.params_schema["properties"][param["name"]]
    if takes_null(schema) and not is_anything(schema):
        return True
    if "default" in param and not _holds_records(schema):  # the class has the default, also while the param is hidden
        return False
    return param["name"] not in action.params_schema["required"]


def _holds_records(schema: Schema) -> bool:
    """Whether values are decoded, so that the class itself has no default."""
    if shape_of(schema) in ("record", "pair"):
        return True
    inner = (schema.get("items"), schema.get("additionalProperties"))
    return any(_holds_records(each) for each in inner if isinstance(each, Mapping))
