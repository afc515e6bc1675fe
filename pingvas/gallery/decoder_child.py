"""The process that decodes foreign pictures and reads what they say, and that may be killed at any moment.

`decoder` starts it with its limits and talks to it over its standard input and output: a line of JSON, then bytes. It ends
with the process that started it, for its input ends then; a picture it is busy with at that moment ends by RLIMIT_CPU.
"""

import json
import os
import resource
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any, BinaryIO

_NICENESS = 10
READY = b"ready"
"""Said when a question was read, before its picture."""
NO_FILES = (b"", b"", b"")


def main(memory_bytes: int, cpu_seconds: int) -> None:
    """Serve one picture after the other until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    warnings.simplefilter("ignore")
    from pingvas.gallery.uploads import check_image  # the limits are for what follows

    with suppress(OSError, ValueError):  # macOS knows the limit and does not keep it
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    os.nice(_NICENESS)
    questions = sys.stdin.buffer
    while line := questions.readline():
        asked = json.loads(line)
        _allow_seconds(cpu_seconds)
        try:
            answers.write(READY)
            answers.flush()
            data = questions.read(asked.pop("bytes"))
            _answer(answers, *_checked(check_image, data, asked))
        except MemoryError:
            os.kill(os.getpid(), signal.SIGKILL)  # as for anything else that is over the limits


def _allow_seconds(seconds: int) -> None:
    """So many more of the processor; the kernel ends who uses them up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def _checked(check: Any, data: bytes, limits: dict[str, int]) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    from pingvas.base.errors import StudioError

    try:
        found = check(data, **limits)
    except StudioError as error:
        return {"error": type(error).__name__, "detail": error.detail, "extra": dict(error.extra)}, NO_FILES
    except MemoryError:
        return {"error": "PictureTooCostly"}, NO_FILES
    except Exception as error:  # noqa: BLE001 - a codec's surprise is the picture's fault
        return {"error": "DamagedImage", "surprise": repr(error)[:200]}, NO_FILES
    told = {
        "format": found.format,
        "width": found.width,
        "height": found.height,
        "parameters": found.parameters,
        "hash": found.thumbnails.hash.hex(),
    }
    return told, (found.data, found.thumbnails.small, found.thumbnails.large)


def _answer(answers: BinaryIO, told: dict[str, Any], files: tuple[bytes, ...]) -> None:
    head = json.dumps(told | {"sizes": [len(file) for file in files]}).encode()
    answers.write(b"".join((len(head).to_bytes(4, "big"), head, *files)))
    answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
