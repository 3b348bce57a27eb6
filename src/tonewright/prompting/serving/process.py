"""The process that has the generator: what breaks in it ends it alone.

It is started by `worker.Worker`. It tells once that it is ready, or why it is not; then it takes lists of
requests and gives what became of them, until its parent closes the pipe or ends.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, Literal

from tonewright.errors import TonewrightError, UsageError
from tonewright.files import StrPath
from tonewright.prompting.generators.base import Generation, Generator, Request, fit
from tonewright.prompting.generators.registry import generator

Told = Literal["ready", "made", "usage", "error", "broken"]
"""What a message is: `usage` and `error` are said of requests on purpose, after `broken` the process ends."""


def work(pipe: Connection, name: str, model: StrPath | None) -> None:
    """Load a generator, and render what comes through a pipe."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    told, what = _attempt(partial(generator, name, model))
    if told != "made":
        _tell(pipe, told, what)
        return
    maker: Generator = what
    _tell(pipe, "ready", (maker.name, dict(maker.settings)))
    while told != "broken":
        try:
            requests = pipe.recv()
        except EOFError:
            return
        told, what = _attempt(partial(_rendered, maker, requests))
        _tell(pipe, told, what)


def _rendered(maker: Generator, requests: Sequence[Request]) -> list[Generation]:
    """What became of requests, as the protocol promises it, whatever the generator does.

    Sounds that they began from do not travel back.
    """
    made = maker.generate(requests)
    if len(made) != len(requests):
        raise RuntimeError(f"it gave {len(made)} sounds for {len(requests)} requests")
    return [replace(_checked(one), request=replace(one.request, init_audio=None)) for one in made]


def _checked(made: Generation) -> Generation:
    if made.fault is not None:
        return made
    samples, fault = fit(made.samples, made.request.seconds)
    return replace(made, samples=samples, fault=fault)


def _attempt(do: Callable[[], Any]) -> tuple[Told, Any]:
    try:
        return "made", do()
    except UsageError as error:
        return "usage", str(error)
    except TonewrightError as error:
        return "error", str(error)
    except Exception as error:  # after which a device may be of no more use: the process ends
        traceback.print_exc()
        return "broken", " ".join(f"{type(error).__name__}: {error}".split())


def _tell(pipe: Connection, told: Told, what: Any) -> None:
    try:
        pipe.send((told, what))
    except BrokenPipeError:  # nobody waits for it any more
        os._exit(1)


def _end_with_parent() -> None:
    """End with the parent, also while the generator is at work."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
