"""The language: what an action file may say, and what its params mean.

`load("action")` is the meta-schema, from which ActionMeta and everything like it is generated; `ParamValidator` is the
one meaning of params, the same when a form is filled in, a pipeline is saved and a step is run.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from bud_schemas.validation import ParamProblem, ParamValidator

__all__ = ["ParamProblem", "ParamValidator", "load"]


@cache
def load(name: str) -> dict[str, Any]:
    """Return a schema of the language by name, such as "action". Shared by all callers: do not change it."""
    document: dict[str, Any] = json.loads(text(name))
    return document


def text(name: str) -> str:
    """Return the text of a schema as it stands in the package."""
    return (files(__name__) / f"{name}.schema.json").read_text(encoding="utf-8")
