"""The audience that writes pipelines: definitions written against an action, judged by the server's own checks."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_schemas import shapes
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import check_pipeline, read_pipeline
from bud_server.pipelines.kinds import ANYTHING, of_type, taken_by
from tests.diff.proof.picking import Document
from tests.diff.proof.uses import Uses

Step = dict[str, Any]
SINK: Document = {
    "type": "sink",
    "name": "Sink",
    "description": "Takes values of every type.",
    "category": "Control Flow",
    "execution_mode": "sync",
    "params": [
        {"name": "string", "label": "Text", "type": "template"},
        {"name": "number", "label": "Number", "type": "number"},
        {"name": "boolean", "label": "Boolean", "type": "boolean"},
        {"name": "object", "label": "Object", "type": "json", "schema": {"type": "object"}},
        {"name": "array", "label": "Array", "type": "json", "schema": {"type": "array"}},
        {"name": "any", "label": "Any", "type": "json"},
    ],
}
"""An action that stays the same, with a param for each type of output."""
_TYPES = [param["name"] for param in SINK["params"]]
PARAMETERS = {
    "a_string": "string",
    "a_number": "number",
    "a_boolean": "boolean",
    "an_array": "array",
    "an_object": "object",
    "a_json": "json",
}
_FOR_KINDS = {of_type(kind): name for name, kind in PARAMETERS.items()}


def pipeline_against(document: Document) -> Document:
    """Return a pipeline that uses an action in every way that it allows."""
    meta = shapes.complete(document)
    uses = Uses(meta)
    steps: list[Step] = [
        {"id": f"s{number}", "action": meta["type"], "params": params} for number, params in enumerate(uses.steps())
    ]
    steps += [
        {"id": f"a{number}", "action": alias, "params": uses.fewest} for number, alias in enumerate(meta["aliases"])
    ]
    steps += _templates(meta, uses)
    steps += _readers(meta)
    parameters = [{"name": name, "type": kind, "required": False} for name, kind in PARAMETERS.items()]
    return {"name": meta["type"], "parameters": parameters, "steps": steps}


def _templates(meta: Document, uses: Uses) -> Iterator[Step]:
    """Yield a step for each param that is given as a template of the right kind."""
    for name, param in uses.params.items():
        params = uses.with_template(name, f"{{{{ params.{_parameter_for(param)} }}}}")
        if params is not None:
            yield {"id": f"t_{name}", "action": meta["type"], "params": params}


def _parameter_for(param: Document) -> str:
    taken = taken_by(param, ())
    return _FOR_KINDS[taken if taken in _FOR_KINDS else ANYTHING]


def _readers(meta: Document) -> Iterator[Step]:
    """Yield steps that read each output as a whole and within a text."""
    for output in meta["outputs"]:
        name = "whatever" if output["name"] == "*" else output["name"]
        read = f"steps.s0.outputs.{name}"
        within = f"It is {{{{ {read} }}}}."
        for kind in _TYPES if output["type"] == "any" else [output["type"]]:
            params = {"string": within, kind: f"{{{{ {read} }}}}"}
            yield {"id": f"r_{kind}_{name}", "action": "sink", "depends_on": ["s0"], "params": params}


def complaints(pipeline: Mapping[str, Any], catalog: ServedCatalog) -> list[str]:
    """Return the errors of a pipeline."""
    reading = read_pipeline(pipeline)
    if reading.pipeline is None:
        return [each.text for each in reading.problems]
    return [each.text for each in check_pipeline(reading.pipeline, catalog) if each.is_error]
