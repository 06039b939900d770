"""What a change of the catalog does to the pipelines that are known: proof by use."""

from collections.abc import Iterable, Sequence
from typing import Any

from bud_codegen.diff.finding import Finding
from bud_codegen.diff.side import Side
from bud_codegen.diff.usage import Usage
from bud_codegen.model import Action
from bud_server.catalog.served import ServedCatalog
from bud_server.usage.known import known_pipelines
from bud_server.usage.proof import proof

__all__ = ["pipeline_usage"]


def pipeline_usage(origins: Iterable[str], token: str, before: Side, after: Side, findings: Sequence[Finding]) -> Usage:
    """Check the pipelines of folders, files and servers against both sides; `token` opens the servers.

    Raises UsageError.
    """
    known = [pipeline for origin in origins for pipeline in known_pipelines(origin, token)]
    return proof(known, _served(before), _served(after), findings)


def _served(side: Side) -> ServedCatalog:
    catalog = side.catalog
    return ServedCatalog(catalog.digest, (), _entries(catalog.actions), _entries(catalog.older))


def _entries(actions: Iterable[Action]) -> dict[str, dict[str, Any]]:
    return {action.reference: {"digest": action.digest, "meta": action.meta} for action in actions}
