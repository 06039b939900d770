"""What whole processes cost."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_LAUNCHER = Path(__file__).with_name("launch.py")


class Cost(NamedTuple):
    """What one process cost, its children included; or the least of several rounds, each part by itself."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, of the user and of the system."""
    memory: float
    """Bytes that its largest process held at most."""


def run(command: Sequence[str | Path], folder: Path, expected: Collection[int] = (0,)) -> Cost:
    """Run a command in a folder. Raises RuntimeError with its output if it ends with another code than expected."""
    started = [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, command)]
    done = subprocess.run(started, cwd=folder, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    if done.returncode not in expected:
        raise RuntimeError(f"{command[0]} failed with {done.returncode}: {done.stderr[-2000:]}")
    return Cost(**json.loads(done.stdout))


def best(costs: Iterable[Cost]) -> Cost:
    """Return the least of each part: what others do on the machine only ever adds."""
    return Cost(*map(min, zip(*costs, strict=True)))


class Rounds:
    """Costs by name, from as many rounds as were run."""

    def __init__(self) -> None:
        self._costs: dict[str, list[Cost]] = defaultdict(list)

    def add(self, name: str, cost: Cost) -> None:
        """Keep what one run cost."""
        self._costs[name].append(cost)

    def __getitem__(self, name: str) -> Cost:
        return best(self._costs[name])
