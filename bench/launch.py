"""Run one command and print what it cost, as JSON: wall seconds, CPU seconds and peak memory in bytes.

A script of its own, started anew for every measurement: Linux counts the memory of the process that forked as the
child's, so whoever forks must be small. The CPU seconds hold those of the command's own children, and the memory is
that of the largest process among them.
"""

import os
import sys
import time


def main() -> int:
    """Run the command in the arguments, its output to the standard error; return its exit code."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell is meant
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    os.write(1, f'{{"wall":{wall},"cpu":{usage.ru_utime + usage.ru_stime},"memory":{memory}}}'.encode())
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
