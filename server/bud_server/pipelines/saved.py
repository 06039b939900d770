"""Saved pipelines: rows that belong to somebody, or to the system."""

import json
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update

from bud_server.auth.identity import Subject
from bud_server.pipelines.content import Content
from bud_server.runtime.identifiers import new_id
from bud_server.runtime.store.database import Database, Rejection, Transaction
from bud_server.runtime.store.rows import as_text
from bud_server.runtime.store.tables import executions, pipelines

ADMIN = "pipeline:admin"
"""The permission to see everybody's pipelines and to change those of the system."""


class NameTakenError(Rejection):
    """The owner has another pipeline of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"A pipeline with the name '{name}' already exists")


class ChangedError(Rejection):
    """The pipeline is of another version than the client saw."""

    def __init__(self, version: int) -> None:
        super().__init__(f"Concurrent modification detected: the pipeline is of version {version} now; read it again")


class SavedPipelines:
    """All pipelines of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, content: Content, icon: str | None, subject: Subject, *, is_system: bool) -> "Future[Row[Any]]":
        """Return the future row of a new pipeline; it raises NameTakenError."""
        owner = "" if is_system else subject.id

        def job(on: Transaction) -> Row[Any]:
            _check_name(on, owner, content.name)
            pipeline_id = new_id()
            values = {"id": pipeline_id, "owner": owner, "is_system": is_system, "version": 1, "created_by": subject.id}
            moments = {"created_at": on.now, "updated_at": on.now}
            on.connection.execute(insert(pipelines), {**values, **moments, **_values(content, icon)})
            return one(on, pipeline_id)

        return self._database.write(job)

    def update(self, row: Row[Any], content: Content, icon: str | None) -> "Future[Row[Any]]":
        """Return the future row of a pipeline that replaces `row`; it raises NameTakenError and ChangedError."""

        def job(on: Transaction) -> Row[Any]:
            _check_name(on, row.owner, content.name, but=row.id)
            same = (pipelines.c.id == row.id, pipelines.c.version == row.version)
            changed = {**_values(content, icon), "version": row.version + 1, "updated_at": on.now}
            if on.connection.execute(update(pipelines).where(*same).values(changed)).rowcount != 1:
                raise ChangedError(row.version + 1)
            return one(on, row.id)

        return self._database.write(job)

    def delete(self, pipeline_id: str) -> "Future[None]":
        """Delete a pipeline; its executions stay."""

        def job(on: Transaction) -> None:
            on.connection.execute(delete(pipelines).where(pipelines.c.id == pipeline_id))

        return self._database.write(job)


def _values(content: Content, icon: str | None) -> dict[str, Any]:
    return {
        "name": content.name,
        "status": content.status,
        "description": content.description,
        "icon": icon,
        "definition": as_text(content.definition),
        "step_count": content.step_count,
        "pins": as_text(content.pins),
    }


def pins_of(row: Row[Any]) -> dict[str, int]:
    """Return the major versions that a pipeline's actions are pinned to, by type."""
    pins: dict[str, int] = json.loads(row.pins or "{}")
    return pins


def _check_name(on: Transaction, owner: str, name: str, but: str = "") -> None:
    taken = select(pipelines.c.id).where(pipelines.c.owner == owner, pipelines.c.name == name, pipelines.c.id != but)
    if on.connection.execute(taken).first() is not None:
        raise NameTakenError(name)


def _with_executions() -> Select[Any]:
    """Select pipelines with how often, and when last, they were started."""
    ran = executions.c.pipeline_id == pipelines.c.id
    return select(
        pipelines,
        select(func.count()).select_from(executions).where(ran).scalar_subquery().label("execution_count"),
        select(func.max(executions.c.created_at)).where(ran).scalar_subquery().label("last_execution_at"),
    )


def one(on: Transaction, pipeline_id: str) -> Row[Any]:
    """Return the row of a pipeline that is there, with its executions counted."""
    return on.connection.execute(_with_executions().where(pipelines.c.id == pipeline_id)).one()


def visible(on: Transaction, pipeline_id: str, subject: Subject) -> Row[Any] | None:
    """Return the row of a pipeline that a subject may see: their own, or the system's. None if there is none."""
    row = on.connection.execute(_with_executions().where(pipelines.c.id == pipeline_id)).first()
    may_see = row is not None and (row.is_system or row.owner == subject.id or subject.has(ADMIN))
    return row if may_see else None


def listed(
    on: Transaction, subject: Subject, *, name: str | None, include_system: bool, most: int | None
) -> Sequence[Row[Any]]:
    """Return the rows of the pipelines that a subject may see, newest first; the system's only if wanted."""
    found = _with_executions().order_by(pipelines.c.id.desc()).limit(most)
    if not subject.has(ADMIN):
        found = found.where(pipelines.c.owner.in_([subject.id, ""]))
    if not include_system:
        found = found.where(~pipelines.c.is_system)
    if name is not None:
        found = found.where(pipelines.c.name == name)
    return on.connection.execute(found).all()
