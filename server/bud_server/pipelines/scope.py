"""What the expressions of a pipeline can refer to: its parameters, its steps, and what those yield."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import kinds
from bud_server.pipelines.definition import Pipeline, Step
from bud_server.pipelines.graph import Graph
from bud_server.pipelines.kinds import Kinds
from bud_server.pipelines.names import Names

Document = Mapping[str, Any]
SET_OUTPUT = "set_output"
"""The action that yields what its param `outputs` lists."""


class PipelineScope:
    """Parameters and steps by name; of duplicates, the first."""

    def __init__(self, pipeline: Pipeline, catalog: ServedCatalog) -> None:
        self.parameters = {each.name: each for each in reversed(pipeline.parameters)}
        self.parameter_names = Names(each.name for each in pipeline.parameters)
        self.index = {step.id: index for index, step in reversed([*enumerate(pipeline.steps)])}
        self.steps = {step.id: step for step in pipeline.steps if pipeline.steps[self.index[step.id]] is step}
        self.step_names = Names(self.steps)
        self._catalog = catalog
        self._outputs: dict[str, Mapping[str, Kinds] | None] = {}

    @cached_property
    def hyphenated(self) -> frozenset[str]:
        """Ids of steps that are no names, which the compiler must know to read `steps.my-step`."""
        return frozenset(step for step in self.steps if not step.isidentifier())

    @cached_property
    def graph(self) -> Graph:
        """The order of the steps."""
        return Graph({step.id: step.depends_on for step in self.steps.values()})

    def outputs(self, step_id: str) -> Mapping[str, Kinds] | None:
        """Return what a step yields, by name; None if that may be anything."""
        if step_id not in self._outputs:
            self._outputs[step_id] = self._declared(self.steps[step_id])
        return self._outputs[step_id]

    def meta(self, step_id: str) -> Document | None:
        """Return the metadata of a step's action; None if it is unknown."""
        entry = self._catalog.entry(self.steps[step_id].action)
        return None if entry is None else entry["meta"]

    def _declared(self, step: Step) -> Mapping[str, Kinds] | None:
        meta = self.meta(step.id)
        if meta is None:
            return None
        declared = {output["name"]: kinds.of_type(output["type"]) for output in meta["outputs"]}
        if "*" not in declared:
            return declared
        given = step.params.get("outputs") or {}
        if meta["type"] != SET_OUTPUT or not isinstance(given, Mapping):
            return None
        return {name: _literal_kinds(value) for name, value in given.items()}


def _literal_kinds(value: object) -> Kinds:
    return kinds.ANYTHING if isinstance(value, str) and "{{" in value else kinds.of_value(value)
