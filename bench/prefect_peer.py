"""Prefect on a laptop: `python prefect_peer.py STEPS` prints its seconds a task as JSON.

Run in an environment of its own, with PREFECT_HOME in an empty folder: Prefect starts its own server beside the flow,
and keeps its runs in SQLite with synchronous=NORMAL, as it does unless told otherwise.
"""

import json
import sys
import time

from prefect import flow, task


@task(persist_result=False)
def nothing(_number: int) -> None:
    """Do nothing."""


@flow
def chain(steps: int) -> float:
    """Run tasks one after the other; return how many seconds that took."""
    started = time.perf_counter()
    for number in range(steps):
        nothing(number)
    return time.perf_counter() - started


@flow
def fan_out(steps: int) -> float:
    """Run tasks side by side; return how many seconds that took."""
    started = time.perf_counter()
    nothing.map(range(steps)).wait()
    return time.perf_counter() - started


def main(steps: int) -> None:
    """Measure once; the server is warm by then."""
    chain(2)
    fan_out(2)
    found = {"chain": chain(steps) / steps, "fan-out": fan_out(steps) / steps}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
