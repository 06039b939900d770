"""The pipelines that are known: files in folders, and what servers have saved."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bud_codegen.diff.usage import UsageError
from bud_codegen.problem import Place
from bud_codegen.workspace import IGNORED_FOLDERS
from bud_server.pipelines import Pipeline, PipelineFile, PipelineProblem, load_text, read_pipeline
from bud_server.usage.asking import saved_pipelines

MOST_FILES = 10_000
ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class KnownPipeline:
    """A pipeline, from a file or from a server."""

    name: str
    """Path of its file, or address of a saved one."""
    pipeline: Pipeline | None
    """None if it cannot be read."""
    file: PipelineFile | None = None
    pins: Mapping[str, int] = field(default_factory=dict)
    """Major version of each action, by type, that it is saved with."""

    def place(self, problem: PipelineProblem) -> Place | None:
        """Return where a problem stands; None if the pipeline is in no file."""
        if self.file is None:
            return None
        (located,) = self.file.located([problem])
        line, column = located.place or (1, 1)
        return Place(self.name, line, column)


def known_pipelines(origin: str, token: str) -> list[KnownPipeline]:
    """Return the pipelines in a folder or file, or of the server at a URL. Raises UsageError if there are none."""
    is_server = origin.startswith(("http://", "https://"))
    found = list(_of_server(origin, token) if is_server else _of_files(Path(origin)))
    if not any(each.pipeline for each in found):
        files = f"; it has {len(found)} files that are none" if found else ""
        raise UsageError(f"--pipelines {origin}: there is no pipeline here{files}; name a folder, a file or a server")
    return found


def _of_server(url: str, token: str) -> Iterator[KnownPipeline]:
    for address, saved in saved_pipelines(url, token):
        definition = saved["dag"]
        if definition.get("steps"):
            pins = saved.get("pins")
            pipeline = read_pipeline(definition, stored=True).pipeline
            yield KnownPipeline(address, pipeline, pins=pins if isinstance(pins, dict) else {})


def _of_files(path: Path) -> Iterator[KnownPipeline]:
    for number, file in enumerate([path] if path.is_file() else _files(path)):
        if number == MOST_FILES:
            raise UsageError(f"--pipelines {path}: there are more than {MOST_FILES:,} files; name a folder in it")
        read = load_text(_text(file), str(file))
        yield KnownPipeline(str(file), read.reading.pipeline, read)


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise UsageError(f"--pipelines {folder}: there is no such folder or file")
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in IGNORED_FOLDERS and not each.startswith("."))
        yield from (Path(parent) / name for name in sorted(names) if name.lower().endswith(ENDINGS))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"--pipelines {path} cannot be read: {error.strerror}") from error


def pointed(known: KnownPipeline, problem: PipelineProblem) -> str:
    """Return how a person finds a problem: `deploy.yaml:12:9`, or an address with a JSON pointer."""
    place = known.place(problem)
    return str(place) if place else f"{known.name}#{problem.pointer}"
