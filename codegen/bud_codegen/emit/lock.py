"""The lock: what was generated from what, so that a later run can tell its own unedited files from a person's."""

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

from bud_codegen.model import Catalog

PATH = "generated/actions.lock.json"


Digests = Mapping[str, str]
"""{path: SHA-256 in hex}."""


class Lock(NamedTuple):
    """What an earlier run recorded."""

    files: Digests
    """Files below generated/."""
    scaffolds: Digests
    """First versions of files that a person owns."""


def emit(catalog: Catalog, files: Digests, scaffolds: Digests) -> dict[str, bytes]:
    """Return the lock; one line an entry, sorted, so that merges stay small."""
    from importlib.metadata import version  # 15 ms that a run without changes saves

    sections: Mapping[str, Mapping[str, object]] = {
        "tools": {
            "bud-actions": version("bud-actions"),
            "datamodel-code-generator": version("datamodel-code-generator"),
        },
        "catalog": {"digest": catalog.digest},
        "actions": {
            action.reference: {"source": action.source, "digest": action.digest} for action in catalog.versions
        },
        "files": files,
        "scaffolds": scaffolds,
    }
    text = ",\n".join(f'"{name}": {{\n{_entries(section)}\n}}' for name, section in sections.items())
    return {PATH: f"{{\n{text}\n}}\n".encode()}


def read(content: bytes) -> Lock:
    """Return what a lock says. Raises ValueError if it is not one, for example in the middle of a merge."""
    data = json.loads(content)
    try:
        return Lock(dict(data["files"]), dict(data["scaffolds"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{PATH} is not a lock: {error}") from error


def _entries(section: Mapping[str, object]) -> str:
    return ",\n".join(f" {json.dumps(key)}: {json.dumps(section[key])}" for key in sorted(section))


def sha256(content: bytes) -> str:
    """Digest of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()
