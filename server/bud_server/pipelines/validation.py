"""The verdict on a definition: what is wrong with it is an answer, not an error."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines.content import examined, problem_document


def verdict(body: Mapping[str, Any], catalog: ServedCatalog, today: date) -> dict[str, Any]:
    """Return whether the definition at `dag` could be saved today and run, and everything that is wrong with it."""
    pipeline, problems = examined(body["dag"], catalog, saved_on=today)
    errors = [each.text for each in problems if each.is_error]
    return {
        "valid": not errors,
        "errors": errors,
        "warnings": [each.text for each in problems if not each.is_error],
        "step_count": len(pipeline.steps) if pipeline is not None and not errors else 0,
        "has_cycles": any(each.code == "cycle" for each in problems),
        "problems": [problem_document(each) for each in problems],
    }
