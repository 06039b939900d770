"""`python -m bench [TOPIC ...]`: measure, and say how far the targets are met.

Topics are generator, changes, validation, server and runtime.

Always exits with 0.
"""

import importlib
import os
import platform
import sys

from bench import table

TOPICS = ("generator", "changes", "validation", "server", "runtime")


def main(names: list[str]) -> None:
    """Run the named topics, or all of them."""
    unknown = [name for name in names if name not in TOPICS]
    if unknown:
        table.say(f"there is no topic {unknown[0]}; expected {', '.join(TOPICS)}")
        return
    load = os.getloadavg()[0]
    table.say(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}, load {load:.1f}")
    rows = [row for name in names or TOPICS for row in importlib.import_module(f"bench.{name}").measure()]
    targets = [row for row in rows if row.is_met is not None]
    table.say(f"\n{sum(row.is_met is True for row in targets)} of {len(targets)} targets met")


if __name__ == "__main__":
    main(sys.argv[1:])
