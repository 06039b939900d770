"""What tools say of many cases: each audience's code against the action before, checked against the one after."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from bud_codegen import api
from bud_codegen.diff.compare import compare
from bud_codegen.diff.finding import Finding
from bud_codegen.diff.reading import side_of
from bud_codegen.emit.python import catalog_json
from bud_codegen.model import Action, Catalog, Project
from bud_server.catalog.served import ServedCatalog, served
from tests.diff.proof import executors, frontends, pipelines
from tests.diff.proof.cases import Case, sources_of
from tests.diff.proof.picking import Document
from tests.diff.proof.uses import Uses

BEFORE = Project("before")
AFTER = Project("after")
COMPARED = Project("compared")
Complaints = Mapping[str, list[str]]
"""What a tool finds wrong by case; cases without complaints are left out."""


class Heard(NamedTuple):
    """What the tools of one audience say."""

    before: Complaints
    """Of its code and the action that it was written against; there should be nothing."""
    after: Complaints
    """Of the same code and the action as it is now."""
    softly: Complaints = MappingProxyType({})
    """Of code that breaks where others only ask for care: a danger, not an error."""


class Sides(NamedTuple):
    """All cases on one side, as one project."""

    catalog: Catalog
    served: ServedCatalog
    actions: Mapping[str, Action]

    @classmethod
    def of(cls, project: Project, documents: Sequence[Document]) -> "Sides":
        catalog = api.load_catalog(sources_of(project, [pipelines.SINK, *documents]), project)
        document = json.loads(catalog_json(catalog))
        return cls(catalog, served(document), {action.type: action for action in catalog.actions})


class Trial:
    """Many cases, judged together."""

    def __init__(self, cases: Sequence[Case], folder: Path) -> None:
        self.cases = cases
        self._folder = folder
        self._documents = [case.before for case in cases], [each for case in cases for each in case.after]
        self._before = Sides.of(BEFORE, self._documents[0])
        self._after = Sides.of(AFTER, self._documents[1])

    def findings(self) -> dict[str, list[Finding]]:
        """Return what the comparison finds, by case, apart from versions: those change with no mutation."""
        before, after = (side_of(COMPARED, sources_of(COMPARED, documents)) for documents in self._documents)
        found: dict[str, list[Finding]] = {case.name: [] for case in self.cases}
        for finding in compare(before, after):
            if not finding.rule.startswith("version-"):
                found[_case_of(finding)].append(finding)
        return found

    def pipelines(self) -> Heard:
        """Have the server check pipelines."""
        written = {case.name: pipelines.pipeline_against(case.before) for case in self.cases}

        def complaints(catalog: ServedCatalog) -> Complaints:
            return _noted({name: pipelines.complaints(each, catalog) for name, each in written.items()})

        return Heard(complaints(self._before.served), complaints(self._after.served))

    def executors(self) -> Heard:
        """Have mypy check executors."""
        modules = executors.modules_of(self._before.catalog)
        sides = {"before": modules, "after": executors.modules_of(self._after.catalog)}
        for side, generated in sides.items():
            texts = {case.name: _executor(case, modules, side) for case in self.cases}
            executors.write_side(self._folder, side, generated, texts)
        found = executors.check_all(self._folder, *sides)
        before, after = ({name: each for (of, name), each in found.items() if of == side} for side in sides)
        return Heard(before, after)

    def frontends(self) -> Heard:
        """Have tsc compile consumers, and the package's form rules check params."""
        consumers = {case.name: _consumers(self._before.actions[case.name]) for case in self.cases}
        for side, catalog in {"before": self._before.catalog, "after": self._after.catalog}.items():
            frontends.write_side(self._folder / side, catalog, consumers)
        found = frontends.compile_all(self._folder, ("before", "after"))

        def complaints(of: Callable[[str, str], bool]) -> dict[str, list[str]]:
            return {name: each for (side, kind, name), each in found.items() if of(side, kind)}

        return Heard(
            complaints(lambda side, _: side == "before"),
            complaints(lambda side, kind: (side, kind) == ("after", frontends.PLAIN)),
            complaints(lambda side, kind: (side, kind) == ("after", frontends.EXHAUSTIVE)) | self._forms(),
        )

    def _forms(self) -> dict[str, list[str]]:
        names = [case.name for case in self.cases if case.name in self._after.actions]
        metas = {name: dict(self._after.actions[name].meta) for name in names}
        uses = {name: Uses(dict(self._before.actions[name].meta)).steps() for name in names}
        return frontends.refused_in_forms(metas, uses, self._folder / "after" / "package")


def _case_of(finding: Finding) -> str:
    return "_".join(finding.action.partition("@")[0].split("_")[:2])


def _noted(complaints: Mapping[str, list[str]]) -> Complaints:
    return {name: each for name, each in complaints.items() if each}


def _executor(case: Case, modules: Mapping[str, bytes], side: str) -> str:
    module = modules[f"before_generated/builtin/{case.name}.py"].decode()
    is_event_driven = case.before["execution_mode"] == "event_driven"
    return executors.executor_of(module, case.name, f"{side}_generated", is_event_driven=is_event_driven)


def _consumers(action: Action) -> tuple[str, str]:
    return frontends.consumer_of(action), frontends.exhaustive_consumer_of(action)
