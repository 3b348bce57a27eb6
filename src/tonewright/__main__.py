"""Where the command `tonewright` and `python -m tonewright` begin."""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line of the process; Ctrl-C ends it in one line, also during imports."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from tonewright.cli.main import main as run

    run()


def _end(number: int, frame: FrameType | None) -> None:
    """End at once: nothing has begun, and an import that is broken off raises whatever comes."""
    os.write(2, b"tonewright: interrupted\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
