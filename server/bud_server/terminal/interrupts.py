"""Ctrl-C and other signals, counted instead of raised, and the pauses that they end."""

import signal
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Self


class Interrupts:
    """Counts signals; once there were as many as it counts, the next one kills the process."""

    def __init__(self, *signals: signal.Signals, counted: int) -> None:
        self.count = 0
        self._signals = signals
        self._counted = counted
        self._former = ExitStack()
        self._wakes: SimpleQueue[None] = SimpleQueue()  # unlike an Event, a signal handler may use it

    def __enter__(self) -> Self:
        """Begin to count."""
        for each in self._signals:
            self._former.callback(signal.signal, each, signal.signal(each, self._interrupted))
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Let the signals be what they were."""
        self._former.close()

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count == self._counted:
            for each in self._signals:
                signal.signal(each, signal.SIG_DFL)
        self.wake()

    def wake(self) -> None:
        """End the pause. May be called from any thread."""
        self._wakes.put(None)

    def pause(self, seconds: float | None = None) -> None:
        """Wait so long, or until somebody wakes or interrupts it; all who did so until now have been heard then."""
        try:
            self._wakes.get(timeout=seconds)
            while True:
                self._wakes.get_nowait()
        except Empty:
            return
