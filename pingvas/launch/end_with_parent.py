"""A child that does not outlive the process that started it, however that one ends."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` with which the kernel sends `how` to the child when the thread that starts it ends.

    So the caller starts children from its main thread. None where the system has no such thing (not Linux).
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up here: after a fork is no time for it
    parent = os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:  # the parent died before we asked
            os._exit(1)

    return before_exec
