"""What the path of an action file says: `model/add.yaml` is the newest version, `model/add.v1.yaml` major version 1."""

import re
from typing import NamedTuple

from bud_codegen.model import Project

_OLDER = re.compile(r"(?P<name>.+)\.v(?P<major>0|[1-9][0-9]{0,6})")


class ActionPath(NamedTuple):
    """Where an action file stands."""

    folder: str
    """Below the project's actions folder: `model`; may be anything where the file stands wrong."""
    name: str
    """What the file is called, without ending and version: `add`."""
    major: int | None
    """Major version of a file that stands beside a newer one; None of the newest."""

    @property
    def stem(self) -> str:
        """Name of the Python modules that belong to it: `add`, `add_v1`."""
        return self.name if self.major is None else f"{self.name}_v{self.major}"


def action_path(project: Project, path: str) -> ActionPath:
    """Return what a path from the project's root says."""
    folder, _, file = path.removeprefix(f"{project.actions}/").rpartition("/")
    stem = file.removesuffix(".yaml").removesuffix(".yml")
    older = _OLDER.fullmatch(stem)
    return ActionPath(folder, older["name"], int(older["major"])) if older else ActionPath(folder, stem, None)
