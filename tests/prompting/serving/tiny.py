"""A generator for tests: noise by its seed, and what a prompt asks to go wrong does.

Its model is a folder. `calls` in it gets the size of each batch; while `gate` is there, it waits.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np

from tonewright.errors import CheckpointError, UsageError
from tonewright.prompting.generators.base import Generation, Setting, complete, fit


class Tiny:
    name = "tiny"
    settings = {  # noqa: RUF012
        "negative_prompt": Setting(""),
        "seconds": Setting(1.0, 0.01, 20.0),
        "steps": Setting(4, 1, 50, meaning="louder"),
        "cfg_scale": Setting(1.5, 0.0),
        "sampler": Setting("euler", choices=("euler", "pingpong")),
        "init_audio": Setting(None),
        "init_noise_level": Setting(0.5, 0.0, 1.0),
    }

    def __init__(self, folder):
        self._folder = Path(folder)
        self._wait("loading")
        if not self._folder.is_dir() or (self._folder / "broken").exists():
            raise CheckpointError(f"{self._folder.name!r} holds no tiny; choose another folder")

    def generate(self, requests):
        asked = [complete(one, self) for one in requests]
        with (self._folder / "calls").open("a") as calls:
            calls.write(f"{len(asked)}\n")
        self._wait("gate")
        if any("refused" in one.prompt for one in asked):
            raise UsageError("tiny makes nothing that is refused; got it; ask for something else")
        return [self._one(one) for one in asked]

    def _one(self, request):
        words = request.prompt.split()
        if "once" not in words or self._first(request.prompt):
            if "die" in words:
                os.kill(os.getpid(), signal.SIGKILL)
            if "hang" in words:
                time.sleep(1_000)
            if "raise" in words:
                raise RuntimeError("a device is lost")
            if "exit" in words:
                raise SystemExit(7)
        samples = np.random.default_rng(request.seed).uniform(-0.5, 0.5, (2, round(44_100 * request.seconds)))
        samples = samples.astype(np.float32) * np.float32(request.steps / 50)
        if request.init_audio is not None:
            samples[:, 0] = request.init_audio.samples[0, 0] * request.init_noise_level
        if "nan" in words:
            samples[0, 3] = np.nan
        if "shape" in words:
            samples = np.zeros((3, 5), np.float32)
        if "unchecked" in words:  # as a generator that forgets to look
            return Generation(samples, request, request.steps)
        samples, fault = fit(samples, request.seconds)
        return Generation(samples, request, request.steps, fault)

    def _first(self, prompt):
        try:
            (self._folder / prompt).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _wait(self, name):
        while (self._folder / name).exists():
            time.sleep(0.005)
