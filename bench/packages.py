"""Installed action packages as pip leaves them, full of synthetic actions, which fail if anybody imports them."""

from pathlib import Path

from bench import actions
from bud_codegen.api import load_catalog
from bud_codegen.emit.python import catalog_json
from bud_codegen.model import Project

RAISING = "raise ImportError('an action package was imported')\n"


def install(site: Path, packages: int, number: int) -> Path:
    """Write packages that hold `number` actions between them into a folder for PYTHONPATH, and return it."""
    sources = list(actions.sources(number).items())
    for index in range(packages):
        for path, text in _files(f"acme{index}", dict(sources[index::packages])).items():
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return site


def _files(prefix: str, sources: dict[str, str]) -> dict[str, str]:
    """Return {path: text} of one distribution: a catalog, its executors, and what pip writes beside them."""
    ours = {path.replace("acme_", f"{prefix}_"): text for path, text in sources.items()}
    catalog = load_catalog(ours, Project(prefix))
    executors = {path.removeprefix("actions/").replace(".yaml", ".py"): RAISING for path in ours}
    inits = {f"{Path(path).parent.as_posix()}/__init__.py": RAISING for path in executors}
    info = f"{prefix}_actions-1.0.dist-info"
    return {
        f"{prefix}_generated/__init__.py": RAISING,
        f"{prefix}_generated/catalog.json": catalog_json(catalog),
        f"{prefix}_actions/__init__.py": RAISING,
        **inits,
        **executors,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {prefix}-actions\nVersion: 1.0\n",
        f"{info}/entry_points.txt": f"[budpipeline.actions]\n{prefix} = {prefix}_generated\n",
    }
