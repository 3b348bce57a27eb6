"""Running the command line, or a script of one's own: what hinders it ends in one line and an exit code."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import suppress

from tonewright.cli.output import CannotPrintError, complain, open_missing_streams, standard_output
from tonewright.cli.signals import stopped_by_signals
from tonewright.errors import TonewrightError, system_reason

_TORCH_OUT_OF_MEMORY = "can't allocate memory"  # in a RuntimeError


def run_script(main: Callable[[], object]) -> None:
    """Run a script's main function as the command line runs its verbs.

    What goes wrong on purpose, a file that the system refuses, Ctrl-C, too little memory and output that
    cannot be printed are told in one line on stderr. A reader that has seen enough (`| head`) ends it without
    a word.

    Args:
        main: The function.

    Raises:
        SystemExit: Something went wrong: exit code 2 for a request that makes no sense, 130 for Ctrl-C, 143
            for SIGTERM, 129 for SIGHUP, and 1 for all else.

    Examples:
        >>> import tonewright as tw
        >>> run_script(lambda: print(tw.read("examples/sounds/bass.flac").sample_rate_hz))
        44100
    """
    open_missing_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a sign gets another one
        sys.stdout.reconfigure(errors="backslashreplace")
    code = 1
    with suppress(KeyboardInterrupt), stopped_by_signals() as stopped:  # a second Ctrl-C, while it is told
        code = stopped()
        with standard_output():
            code = 0
            try:
                code = _run(main, stopped)
                sys.stdout.flush()
            except CannotPrintError as failure:
                code = code or 1
                if failure.told:
                    complain(str(failure))
    if code:
        sys.exit(code)


def _run(main: Callable[[], object], stopped: Callable[[], int]) -> int:
    """The exit code, once `main` is done or what hinders it is told."""
    try:
        main()
        return 0
    except TonewrightError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        complain(f"interrupted{''.join(map(str, interrupt.args))}")
        return stopped()
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and _TORCH_OUT_OF_MEMORY not in str(error):
            raise
        complain(f"not enough memory: {str(error) or 'none is left'}; ask for less at once, or free some")
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        complain(f"{system_reason(error)}: {error.filename!r}; check the name, or choose another place")
        return 1
    except SystemExit as told:  # help, or what `argparse` refuses
        return told.code if isinstance(told.code, int) else int(told.code is not None)
