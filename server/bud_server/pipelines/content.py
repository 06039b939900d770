"""What a client saves or runs: read, checked against the catalog, and its secrets sealed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.responses import Response

from bud_server.catalog.lifecycle import lifecycle_headers
from bud_server.catalog.served import ServedCatalog
from bud_server.http.body import RefusedError
from bud_server.http.problem_details import problem_response
from bud_server.pipelines.check import check_pipeline
from bud_server.pipelines.definition import Pipeline
from bud_server.pipelines.problem import PipelineProblem
from bud_server.pipelines.read import read_pipeline, unwrapped
from bud_server.pipelines.sealing import masked_problems, restored, sealed
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets

MOST_SAID = 10
"""Problems that one sentence names."""
Document = Mapping[str, Any]


class InvalidError(RefusedError):
    """A definition or params with errors; the answer lists all problems."""

    def __init__(self, status: int, said: str, problems: Iterable[PipelineProblem]) -> None:
        self.problems = list(problems)
        self.errors = [each.text for each in self.problems if each.is_error]
        more = len(self.errors) - MOST_SAID
        listed = [*self.errors[:MOST_SAID], *([f"and {more} more"] if more > 0 else [])]
        super().__init__(status, f"{said}: {'; '.join(listed)}")

    def response(self) -> Response:
        """Return the answer that says so."""
        listed = [problem_document(each) for each in self.problems]
        return problem_response(self.status, self.detail, errors=self.errors, problems=listed)


def problem_document(found: PipelineProblem) -> dict[str, Any]:
    """Return a problem as the API lists it."""
    return {
        "code": found.code,
        "pointer": found.pointer,
        "message": found.message,
        "severity": found.severity,
        "hint": found.hint,
    }


def headers_of(problems: Iterable[PipelineProblem]) -> dict[str, str]:
    """Return the headers of an answer about a pipeline: what it uses that is deprecated."""
    return lifecycle_headers(each.notice for each in problems if each.notice is not None)


@dataclass(frozen=True, slots=True)
class Content:
    """What is kept of a pipeline."""

    name: str
    definition: dict[str, Any]
    """Secrets are sealed."""
    description: str | None
    step_count: int
    pins: Mapping[str, int] = field(default_factory=dict)
    """Major version of each action, by type, that it was checked against."""
    warnings: list[PipelineProblem] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`draft` until there are steps."""
        return "active" if self.step_count else "draft"


def examined(
    document: object, catalog: ServedCatalog, *, stored: bool = False, saved_on: date | None = None
) -> tuple[Pipeline | None, list[PipelineProblem]]:
    """Return a pipeline, None if it cannot be read, and everything that is wrong with it; see check_pipeline."""
    reading = read_pipeline(document, stored=stored)
    checked = [] if reading.pipeline is None else check_pipeline(reading.pipeline, catalog, saved_on=saved_on)
    return reading.pipeline, [*reading.problems, *checked]


def valid(
    document: object, catalog: ServedCatalog, *, stored: bool = False, saved_on: date | None = None
) -> tuple[Pipeline, list[PipelineProblem]]:
    """Return a pipeline without errors, and its warnings. Raises InvalidError."""
    pipeline, problems = examined(document, catalog, stored=stored, saved_on=saved_on)
    if pipeline is None or any(each.is_error for each in problems):
        raise InvalidError(400, "Invalid pipeline definition", problems)
    return pipeline, problems


def warnings_of(definition: Document, catalog: ServedCatalog) -> list[PipelineProblem]:
    """Return the warnings of a stored definition; what is sealed is not looked into."""
    pipeline, problems = examined(definition, catalog, stored=True)
    return [each for each in problems if pipeline is not None and not each.is_error]


def content_of(
    body: Document, catalog: ServedCatalog, secrets: Secrets, today: date, before: Document | None = None
) -> Content:
    """Return what is kept of a body with `dag` and maybe `name`; one without steps is a draft, and not checked.

    What is past its sunset today is refused. Stars stand for the secrets of the stored definition `before`; the catalog
    is pinned as that is. Raises InvalidError, RefusedError and SecretsError.
    """
    definition = named(body)
    if before is not None:
        definition = restored(definition, before, catalog)
    if definition.get("steps"):
        check_no_stars(definition, catalog)
        pipeline, warnings = valid(secrets.open(definition, Found()), catalog, saved_on=today)
        kept, pins = sealed(definition, catalog, secrets), pins_of_steps(pipeline, catalog)
        return Content(pipeline.name, kept, pipeline.description, len(pipeline.steps), pins, warnings)
    check_no_stars(definition, catalog)
    about = definition.get("description")
    description = about if isinstance(about, str) else None
    return Content(definition["name"], sealed(definition, catalog, secrets), description, 0)


def pins_of_steps(pipeline: Pipeline, catalog: ServedCatalog) -> dict[str, int]:
    """Return the major version of each action that steps name without one."""
    return catalog.majors_of(step.action for step in pipeline.steps)


def check_no_stars(definition: Document, catalog: ServedCatalog) -> None:
    """Raise InvalidError if a secret is only stars."""
    problems = masked_problems(definition, catalog)
    if problems:
        raise InvalidError(400, "Invalid pipeline definition", problems)


def named(body: Document) -> dict[str, Any]:
    """Return the definition of a body under the name that the body gives it. Raises RefusedError if it has none."""
    inner = unwrapped(body["dag"])
    definition = dict(inner) if isinstance(inner, Mapping) else {}
    name = body.get("name") or definition.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        raise RefusedError(400, "The pipeline needs a name of 1 to 255 characters: give name, or dag.name", "/name")
    return {**definition, "name": name}
