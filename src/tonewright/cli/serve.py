"""`tonewright generate serve`: one text-to-audio model for many programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import Annotated

import tyro

from tonewright.cli.options import Name, OptionalName, Patience, Positive, Seed


@dataclass(frozen=True)
class GenerateServe:
    """Let many programs share one model; needs the extra `serve`.

    It has no password: whoever reaches it can use it. Ctrl-C ends it.
    """

    generator: Name = "sketch"
    """Which model."""
    model: OptionalName = None
    """Its weights: the folder of a training."""
    host: Annotated[str, tyro.conf.arg(metavar="HOST")] = "127.0.0.1"
    """Where to listen: 0.0.0.0 lets other machines in."""
    port: Seed = 8765
    """The port; 0 for any that is free."""
    batch: Positive = 8
    """How many sounds are made together, at most."""
    queue: Positive = 64
    """How many requests may wait; more are told to come back."""
    timeout: Patience = 300.0
    """How long a request may take; a batch that takes a third of it is given up."""

    def run(self) -> None:
        """Serve until Ctrl-C."""
        from tonewright.cli.output import complain
        from tonewright.cli.signals import asked_to_end
        from tonewright.prompting.serving.limits import Limits
        from tonewright.prompting.serving.server import address, is_exposed, listening, serving
        from tonewright.prompting.serving.shared import Shared

        limits = Limits(batch=self.batch, queue=self.queue, timeout_s=self.timeout, hung_s=self.timeout / 3)
        with listening(self.host, self.port) as listener:
            shared = Shared(self.generator, self.model, limits, complain)
            with asked_to_end() as asked, serving(shared, listener) as thread:
                url = address(listener)
                print(f"serving {shared.name} at {url}; Ctrl-C ends it")
                print(f'tonewright generate "PROMPT" --generator remote --model {url} -o out.wav', flush=True)
                wait(thread, asked, url, exposed=is_exposed(self.host))
        outcomes = shared.metrics.outcomes
        print(f"served {outcomes['ok']:,} sounds of {sum(outcomes.values()):,} requests")


def wait(thread: Thread, asked: Callable[[], bool], url: str, *, exposed: bool) -> None:
    """Wait until a server ends or is asked to; say if other machines reach it."""
    from tonewright.cli.output import complain

    if exposed:
        complain(f"whoever reaches {url} can use it: it has no password")
    while thread.is_alive() and not asked():
        thread.join(0.1)
