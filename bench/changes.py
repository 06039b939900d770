"""Changes: `bud diff` of two projects, next to `bud lint` of one of them."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench import table
from bench.actions import edit_all, edit_one, write_project
from bench.process import Rounds, run
from bench.table import Row

NUMBER, ROUNDS, RATIO = 1000, 3, 1.5
"""Actions of a project, how often everything is run (BENCH_ROUNDS multiplies), and the target."""
_BUD = Path(sys.executable).with_name("bud")


def measure() -> list[Row]:
    """Measure, print the table and return its rows."""
    with tempfile.TemporaryDirectory(prefix="bud-bench-") as folder:
        costs = _rounds(Path(folder))
    lint = costs["lint"]
    rows = [
        table.at_most(f"{NUMBER:,} actions, {name}, wall", costs[name].wall, lint.wall, RATIO)
        for name in ("all changed", "one changed", "none changed")
    ]
    rows.append(
        table.at_most("all changed, peak memory", costs["all changed"].memory / 2**20, lint.memory / 2**20, None, "MiB")
    )
    table.show("Changes: bud diff next to bud lint", rows, ("peer: bud lint of the project after the change",))
    return rows


def _rounds(folder: Path) -> Rounds:
    before = write_project(folder / "before", NUMBER)
    projects = {name: folder / name.replace(" ", "-") for name in ("none changed", "one changed", "all changed")}
    for project in projects.values():
        shutil.copytree(before, project)
    edit_one(projects["one changed"])
    edit_all(projects["all changed"])
    costs = Rounds()
    for index in range(max(1, round(ROUNDS * float(os.environ.get("BENCH_ROUNDS", "1"))))):
        costs.add("lint", run((_BUD, "lint", "--root", projects["all changed"]), folder))
        for name, project in projects.items():
            # what it finds may break somebody: a report is asked for, not a verdict
            command = (_BUD, "diff", "--against", before, "--root", project, "--format", "json")
            costs.add(name, run(command, folder, expected=(0, 1)))
        sys.stderr.write(f"{NUMBER} actions: round {index + 1} done\n")
    return costs
