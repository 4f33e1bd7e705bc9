"""Asked to end, a command leaves no process behind: no worker, no server that it started."""

import functools
import os
import signal
import sys
import threading
import time

# Long enough for workers to end and for a server to close its database; whoever asks waits
# some ten seconds before killing.
GRACE_S = 5.0
_REQUESTS = (signal.SIGTERM, signal.SIGHUP)


def end_when_asked() -> None:
    """Let a request to end, or a terminal that is gone, end all that this process started."""
    for request in _REQUESTS:
        # `nohup` has a command ignore that its terminal is gone.
        if signal.getsignal(request) is not signal.SIG_IGN:
            signal.signal(request, _leave)
    _watch()


def _leave(signum: int, _frame: object) -> None:
    """Leave by an exception, so that whatever was started is ended in order."""
    for request in _REQUESTS:
        signal.signal(request, signal.SIG_IGN)
    sys.exit(128 + signum)


@functools.cache
def _watch() -> None:
    """Bound the time that an orderly end takes.

    A step that is made in a thread would be waited for, hours if it trains. The pipe tells
    of every signal, also while Prefect has a handler of its own in the place of `_leave`.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_end_after, args=(heard,), daemon=True).start()


def _end_after(heard: int) -> None:
    while (signum := os.read(heard, 1)[0]) not in _REQUESTS:
        pass
    time.sleep(GRACE_S)
    _end_at_once(128 + signum)


def _end_at_once(code: int) -> None:
    from psutil import Process, wait_procs

    started = Process().children(recursive=True)
    for process in started:
        process.kill()
    wait_procs(started, timeout=GRACE_S)
    os._exit(code)
