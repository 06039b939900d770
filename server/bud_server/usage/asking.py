"""Ask a server for the pipelines that it has saved."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from bud_codegen.diff.usage import UsageError

MOST_BYTES = 256 * 1024 * 1024
"""Of an answer, decompressed."""
PATIENCE = 60
"""Seconds until a server has to go on answering."""


def saved_pipelines(url: str, token: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the address and the document of each pipeline that a token lets one see. Raises UsageError."""
    address = url.rstrip("/").removesuffix("/pipelines") + "/pipelines"
    try:
        listed = json.loads(_body(address, token))
    except ValueError as error:
        raise UsageError(f"{address} answers what is not JSON: {error}") from error
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("dag"), dict):
            yield f"{address}/{each.get('id')}", each


def _body(address: str, token: str) -> bytes:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = bytearray()
    try:
        with httpx2.stream("GET", address, headers=headers, timeout=PATIENCE) as answer:
            if answer.status_code != httpx2.codes.OK:
                raise UsageError(f"{address} answers {answer.status_code}{_advice(answer.status_code)}")
            for part in answer.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise UsageError(f"{address} answers more than {MOST_BYTES // 1024**2} MiB")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise UsageError(f"{address} does not answer: {error}") from error
    return bytes(body)


def _advice(status: int) -> str:
    unknown = "; give a credential in the environment variable BUD_TOKEN"
    return unknown if status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN) else ""
