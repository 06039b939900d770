"""Pipelines in files, for the terminal: YAML or JSON, with the line and column of each problem."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bud_codegen.load import Document, load
from bud_codegen.problem import Place, Problem
from bud_server.pipelines.json_text import load_json
from bud_server.pipelines.problem import PipelineProblem, problem
from bud_server.pipelines.read import MOST_BYTES, MOST_DEPTH, Reading, read_pipeline, unwrapped


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """What a file says."""

    name: str
    reading: Reading
    """Its problems have places."""
    document: Document
    """The file as it was read."""

    def located(self, problems: Iterable[PipelineProblem]) -> tuple[PipelineProblem, ...]:
        """Return problems of this file's pipeline with their places, in the order of the file."""
        located = [each if each.place else replace(each, place=self._place(each)) for each in problems]
        return tuple(sorted(dict.fromkeys(located), key=lambda each: (each.place, each.code, each.message)))

    def _place(self, found: PipelineProblem) -> tuple[int, int]:
        is_wrapped = unwrapped(self.document.data) is not self.document.data
        path = (*(("dag",) if is_wrapped else ()), *found.path)
        place = self.document.place(path, of_key=found.code in _ABOUT_KEYS)
        return place.line, place.column


_ABOUT_KEYS = frozenset({"unknown_key", "unknown_param", "deprecated_param", "renamed_param"})


def load_text(text: str, name: str) -> PipelineFile:
    """Return the pipeline in a file's text, and everything wrong with it; `name` decides between JSON and YAML.

    YAML is held to the limits of action files, JSON to those of definitions.
    """
    document = _read_json(text, name) if name.lower().endswith(".json") else load(name, text)
    if document.problems:
        return PipelineFile(name, Reading(None, tuple(_as_found(document))), document)
    reading = read_pipeline(document.data)
    file = PipelineFile(name, reading, document)
    return replace(file, reading=Reading(reading.pipeline, file.located(reading.problems)))


def _read_json(text: str, name: str) -> Document:
    if len(text) > MOST_BYTES:
        fault = problem("too_large", (), most=MOST_BYTES // 1024**2)
        return Document(name, None, (Problem(Place(name), "yaml-limit", fault.message, fault.hint),))
    return load_json(name, text.removeprefix("\ufeff"), most_depth=MOST_DEPTH)


def _as_found(document: Document) -> Iterable[PipelineProblem]:
    for each in document.problems:
        found = problem("file", (), what=each.message, hint=each.hint)
        yield replace(found, place=(each.place.line, each.place.column))
