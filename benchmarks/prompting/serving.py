"""Measure what sharing a generator costs, and what it gains: requests a second, and how long each takes.

Usage: python benchmarks/prompting/serving.py [--seconds 5] [--batch-ms 20] [--item-ms 1]; writes
benchmarks/results/prompting-serving.json. The generator does what a GPU does to those who wait for it: it
sleeps so long for each batch, and a little longer for each of its sounds, which are of a second. It is called
directly, one request after the other; and as it is served, by 1, 8 and 32 clients at once, threads of a
process of their own, each of which asks again as soon as it is answered.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generation, Request, Setting, complete
from tonewright.prompting.generators.registry import GENERATORS
from tonewright.prompting.serving.client import Remote
from tonewright.prompting.serving.limits import Limits
from tonewright.prompting.serving.server import address, listening, serving
from tonewright.prompting.serving.shared import Shared

RESULT = Path(__file__).parent.parent / "results" / "prompting-serving.json"
CLIENTS = (1, 8, 32)
SOUND_S = 1.0
GENERATORS["fixed-work"] = f"{__name__}:FixedWork"
"""Under the name that this file has in each process: `__main__` here, another one in the worker."""


class FixedWork:
    """A generator whose work is known.

    Args:
        model: Milliseconds of a batch, and of each sound in it: `20+1`.
    """

    name = "fixed-work"
    settings: ClassVar = {"seconds": Setting(SOUND_S, 0.1, 10.0)}

    def __init__(self, model: str) -> None:
        batch_ms, _, item_ms = model.partition("+")
        self._batch_s, self._item_s = float(batch_ms) / 1000, float(item_ms) / 1000

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """Sleep, and give noise."""
        asked = [complete(one, self) for one in requests]
        time.sleep(self._batch_s + self._item_s * len(asked))
        return [Generation(_noise(one), one, 1) for one in asked]


def _noise(request: Request) -> np.ndarray[Any, np.dtype[np.float32]]:
    rng = np.random.default_rng(request.seed)
    return rng.standard_normal((2, round(request.seconds * SAMPLE_RATE_HZ)), dtype=np.float32)


def ask(make: Any, seconds: float, seed: int) -> list[float]:
    """How long each request took, one after the other for so long, in seconds."""
    until_s, took = time.monotonic() + seconds, []
    while (began_s := time.monotonic()) < until_s:
        (made,) = make.generate([Request("noise", seconds=SOUND_S, seed=seed + len(took))])
        assert made.fault is None
        took.append(time.monotonic() - began_s)
    return took


def clients(url: str, count: int, seconds: float, results: Any) -> None:
    """So many clients at once; each begins when all are there."""
    ready = threading.Barrier(count)

    def one(index: int) -> list[float]:
        with closing(Remote(url)) as remote:
            remote.generate([Request("noise", seconds=SOUND_S)])
            ready.wait()
            return ask(remote, seconds, 1_000_000 * index)

    with ThreadPoolExecutor(count) as pool:
        results.put([took for each in pool.map(one, range(count)) for took in each])


def summary(took: list[float], seconds: float) -> dict[str, float]:
    return {
        "requests": len(took),
        "requests_per_s": len(took) / seconds,
        "p50_ms": 1000 * float(np.percentile(took, 50)),
        "p99_ms": 1000 * float(np.percentile(took, 99)),
    }


def served(model: str, seconds: float) -> dict[str, dict[str, float]]:
    """What clients of a server see, by their number."""
    context = get_context("spawn")
    results = context.Queue()
    found = {}
    for count in CLIENTS:
        with listening(port=0) as listener:
            shared = Shared("fixed-work", model, Limits(batch=max(CLIENTS)))
            with serving(shared, listener):
                process = context.Process(target=clients, args=(address(listener), count, seconds, results))
                process.start()
                took = results.get()
                process.join()
            assert sum(shared.metrics.outcomes.values()) == shared.metrics.outcomes["ok"]
        found[str(count)] = summary(took, seconds)
        print(f"{count} clients: {found[str(count)]}", flush=True)
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each is measured (5)")
    parser.add_argument("--batch-ms", type=float, default=20.0, help="work of a batch (20)")
    parser.add_argument("--item-ms", type=float, default=1.0, help="work of each sound in it (1)")
    parser.add_argument("--output", type=Path, default=RESULT, help="file to write")
    asked = parser.parse_args()
    model = f"{asked.batch_ms:g}+{asked.item_ms:g}"
    direct = summary(ask(FixedWork(model), asked.seconds, 0), asked.seconds)
    print(f"directly: {direct}", flush=True)
    result = {
        "cores": os.cpu_count(),
        "batch_ms": asked.batch_ms,
        "item_ms": asked.item_ms,
        "sound_s": SOUND_S,
        "direct": direct,
        "served": served(model, asked.seconds),
    }
    asked.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
