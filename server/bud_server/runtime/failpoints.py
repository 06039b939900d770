"""Points at which a process can be made to die, so that tests can show that nothing is lost there."""

import os
import signal

VARIABLE = "BUD_FAILPOINT"
"""`NAME` or `NAME:N`: die when that point is reached for the first, or the Nth, time."""

_armed: dict[str, int] = {}
"""Times that a point may still be reached, the last of them deadly."""


def arm(text: str) -> None:
    """Choose the point; an empty text chooses none."""
    _armed.clear()
    name, _, count = text.partition(":")
    if name:
        _armed[name] = int(count or 1)


def reach(name: str) -> None:
    """Die, as `kill -9` would make one die, if this is the point and the time."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get(VARIABLE, ""))
