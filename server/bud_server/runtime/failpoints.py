"""Points at which a process can be made to die, so that tests can show that nothing is lost there."""

import os
import signal

VARIABLE = "BUD_FAILPOINT"
"""`NAME` or `NAME:N`: die when that point is reached for the first, or the Nth, time."""

_name, _, _count = os.environ.get(VARIABLE, "").partition(":")
_left = int(_count or 1)


def reach(name: str) -> None:
    """Die, as `kill -9` would make one die, if this is the point and the time."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
