"""What the routes of pipelines answer."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from bud_server.auth.permissions import require
from bud_server.http.body import RefusedError
from bud_server.pipelines.content import Content, InvalidError, content_of, headers_of, problem_document, warnings_of
from bud_server.pipelines.problem import PipelineProblem
from bud_server.pipelines.saved import ADMIN, NameTakenError, SavedPipelines, listed, pins_of, visible
from bud_server.runtime.answers import moment
from bud_server.runtime.calls import Call, check_storable, is_id, json_response
from bud_server.runtime.secrets import masked

COLUMNS = ("name", "icon")
"""Members of a body that are kept outside of the definition."""


async def create(call: Call) -> Response:
    """Save a new pipeline."""
    body = await call.body()
    is_system = body.get("system_owned") is True
    if is_system:
        require(call.subject, [ADMIN])
    content = await call.aside(lambda: _content(call, body))
    saved = SavedPipelines(call.runtime.database)
    try:
        row = await call.committed(lambda: saved.create(content, body.get("icon"), call.subject, is_system=is_system))
    except IntegrityError as error:
        raise NameTakenError(content.name) from error
    return _answer(row, content.warnings, 201)


async def list_all(call: Call) -> Response:
    """List the pipelines that one may see."""
    asked = call.query()
    wanted = {"name": asked["name"], "include_system": asked["include_system"], "most": asked["limit"]}
    rows = await call.read(lambda on: listed(on, call.subject, **wanted))
    return json_response(await call.aside(lambda: [pipeline_document(row) for row in rows]))


async def get(call: Call) -> Response:
    """Return one pipeline."""
    row = await visible_row(call, call.part("pipeline_id"))
    return _answer(
        row, await call.aside(lambda: warnings_of(json.loads(row.definition), call.catalog.pinned(pins_of(row))))
    )


async def replace(call: Call) -> Response:
    """Replace a pipeline by what the body says."""
    body = await call.body()
    row = await visible_row(call, call.part("pipeline_id"))
    if row.is_system:
        require(call.subject, [ADMIN])
    _check_version(call, body, row.version)
    content = await call.aside(lambda: _content(call, {"name": row.name, **_given(body)}, row))
    icon = body.get("icon", row.icon)
    saved = SavedPipelines(call.runtime.database)
    try:
        return _answer(await call.committed(lambda: saved.update(row, content, icon)), content.warnings)
    except IntegrityError as error:
        raise NameTakenError(content.name) from error


async def remove(call: Call) -> Response:
    """Delete a pipeline."""
    row = await visible_row(call, call.part("pipeline_id"))
    if row.is_system:
        require(call.subject, [ADMIN])
    await call.committed(lambda: SavedPipelines(call.runtime.database).delete(row.id))
    return Response(status_code=204)


async def visible_row(call: Call, pipeline_id: str) -> Row[Any]:
    """Return the row of a pipeline that whoever asks may see. Raises RefusedError if there is none."""
    found = await call.read(lambda on: visible(on, pipeline_id, call.subject)) if is_id(pipeline_id) else None
    if found is None:
        raise RefusedError(404, f"Pipeline {pipeline_id[:100]} not found")
    return found


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without a name that is empty; one inside `dag` counts then."""
    inner = body["dag"].get("name")
    name = body.get("name") or inner
    return {**body, "name": name} if name else {key: each for key, each in body.items() if key != "name"}


def _content(call: Call, body: Mapping[str, Any], row: Row[Any] | None = None) -> Content:
    """Return what is kept of a body, which replaces a row if one is given."""
    check_storable(body, COLUMNS)
    before = None if row is None else json.loads(row.definition)
    pins = {} if row is None else pins_of(row)
    content = _content_at(call, body, pins, before)
    check_storable({"name": content.name, "dag/description": content.description}, ("name", "dag/description"))
    return content


def _content_at(call: Call, body: Mapping[str, Any], pins: Mapping[str, int], before: Any) -> Content:
    """Return what is kept of a body; where a pinned version is not installed any more, the newest may do."""
    installed = {kind: major for kind, major in pins.items() if call.catalog.entry(f"{kind}@{major}") is not None}

    def content(at: Mapping[str, int]) -> Content:
        return content_of(body, call.catalog.pinned(at), call.runtime.secrets, call.today(), before)

    try:
        return content(pins)
    except InvalidError:
        if installed != pins:
            with suppress(InvalidError):
                return content(installed)
        raise


def _check_version(call: Call, body: Mapping[str, Any], version: int) -> None:
    """Raise RefusedError if the client saw another version."""
    expected = call.header("if-match") or body.get("version")
    if expected is None or str(expected) == "*":
        return
    if str(expected).strip().removeprefix("W/").strip('"') != str(version):
        raise RefusedError(
            409, f"Concurrent modification detected: the pipeline is of version {version} now; read it again"
        )


def _answer(row: Row[Any], warnings: list[PipelineProblem], status: int = 200) -> Response:
    document = {**pipeline_document(row), "warnings": [problem_document(each) for each in warnings]}
    return json_response(document, status, {"ETag": f'"{row.version}"', **headers_of(warnings)})


def pipeline_document(row: Row[Any]) -> dict[str, Any]:
    """Return a pipeline as clients see it: secrets are stars."""
    return {
        "id": row.id,
        "name": row.name,
        "version": str(row.version),
        "status": row.status,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "created_by": row.created_by,
        "step_count": row.step_count,
        "user_id": row.owner or None,
        "system_owned": row.is_system,
        "description": row.description,
        "icon": row.icon,
        "dag": masked(json.loads(row.definition)),
        "pins": pins_of(row),
        "execution_count": row.execution_count,
        "last_execution_at": moment(row.last_execution_at),
    }
