"""Which major versions a pipeline was written for that nobody noted."""

import json
from collections.abc import Iterable

from sqlalchemy import select, update

from bud_schemas.shapes import major_of
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines.content import Document, examined, pins_of_steps
from bud_server.pipelines.problem import PipelineProblem
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets, SecretsError
from bud_server.runtime.store.database import Database, Transaction
from bud_server.runtime.store.rows import as_text
from bud_server.runtime.store.tables import pipelines


def written_for(definition: Document, catalog: ServedCatalog, *, stored: bool) -> dict[str, int] | None:
    """Return the newest major versions, by type, that accept a definition; None if there are none.

    Of each action that the newest version refuses, older ones are tried.
    """
    pipeline, problems = examined(definition, catalog, stored=stored)
    if pipeline is None:
        return None
    pins, fewest = pins_of_steps(pipeline, catalog), _errors(problems)
    for meta in reversed([entry["meta"] for entry in catalog.older.values()]):
        if fewest and meta["type"] in pins:
            tried = {**pins, meta["type"]: major_of(meta)}
            count = _errors(examined(definition, catalog.pinned(tried), stored=stored)[1])
            pins, fewest = (tried, count) if count < fewest else (pins, fewest)
    return None if fewest else pins


def _errors(problems: Iterable[PipelineProblem]) -> int:
    return sum(each.is_error for each in problems)


def pin_saved(database: Database, catalog: ServedCatalog, secrets: Secrets) -> None:
    """Pin the pipelines that were saved before pins were kept.

    Those that no version accepts, or whose secrets cannot be read with the key that is set, stay as they are.
    """
    unpinned = select(pipelines.c.id, pipelines.c.definition).where(pipelines.c.pins.is_(None))
    with database.read() as on:
        rows = on.connection.execute(unpinned).all()
    found = [(row.id, _stored_for(json.loads(row.definition), catalog, secrets)) for row in rows]

    def job(on: Transaction) -> None:
        for pipeline_id, pins in found:
            if pins is not None:
                same = (pipelines.c.id == pipeline_id, pipelines.c.pins.is_(None))
                on.connection.execute(update(pipelines).where(*same).values(pins=as_text(pins)))

    if found:
        database.write(job).result()


def _stored_for(definition: Document, catalog: ServedCatalog, secrets: Secrets) -> dict[str, int] | None:
    if not definition.get("steps"):
        return {}
    try:
        return written_for(secrets.open(definition, Found()), catalog, stored=True)
    except SecretsError:
        return None
