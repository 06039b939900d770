"""Definitions for tests, and the catalog of the actions of this repository."""

from functools import cache
from pathlib import Path
from typing import Any

from bud_server.catalog.served import ServedCatalog, read_catalog
from bud_server.pipelines import PipelineProblem, check_pipeline, read_pipeline

ROOT = Path(__file__).parent.parent.parent


@cache
def catalog() -> ServedCatalog:
    return read_catalog(ROOT / "generated/python/bud_generated/catalog.json")


def step(step_id: str, action: str = "log", *depends_on: str, **members: Any) -> dict[str, Any]:
    return {"id": step_id, "action": action, "depends_on": list(depends_on), **members}


def definition(*steps: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"name": "test", "steps": list(steps), **members}


def checked(document: object) -> list[PipelineProblem]:
    reading = read_pipeline(document)
    assert reading.pipeline is not None, [each.text for each in reading.problems]
    return check_pipeline(reading.pipeline, catalog())


def message(text: str) -> dict[str, str]:
    return {"message": text}
