"""`sketch`: text to a piece by a flow, and the piece to sound by the band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from os import fspath

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError, TonewrightError, UsageError
from tonewright.files import StrPath
from tonewright.learning.inference import Network
from tonewright.learning.shipped import load_part, network_paths
from tonewright.prompting.generators.base import (
    SAMPLE_RATE_HZ,
    Generation,
    Request,
    Setting,
    complete,
    fit,
)
from tonewright.prompting.generators.latent import Toward
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.latents import SIZE, decode, encode, stated
from tonewright.prompting.generators.sketch.nearest import check_sound, nearest_piece
from tonewright.prompting.generators.sketch.piece import PIECE, Piece
from tonewright.prompting.generators.sketch.sampling import (
    EVALUATIONS,
    SAMPLERS,
    guided,
    sample_flow,
    schedule,
)
from tonewright.prompting.generators.sketch.text import Reader

KIND = "sketch-flow"
VERSION = 1
"""Of the band: a flow that was trained for another one is refused."""
_STEM = "sketch-v1"
_STATED = stated()


class Sketch:
    """A small text-to-audio model that runs everywhere: no download and no GPU.

    Args:
        folder: Of a training, whose `sketch.onnx` is used in place of the one that ships.

    Raises:
        CheckpointError: There is no network, or it is damaged or of another version.
    """

    name = "sketch"
    settings: Mapping[str, Setting] = {
        "negative_prompt": Setting("", meaning="what it should not be"),
        "seconds": Setting(8.0, 0.25, 120.0, meaning="how long it is"),
        "steps": Setting(32, 1, 200, meaning="steps of the sampler"),
        "cfg_scale": Setting(2.0, 0.0, 12.0, meaning="how far it follows the prompt"),
        "sampler": Setting("pingpong", choices=tuple(SAMPLERS), meaning="how it goes from noise to sound"),
        "sigma_max": Setting(1.0, 0.05, 1.0, meaning="noise it begins with"),
        "sigma_min": Setting(0.12, 0.001, 0.9, meaning="last noise before none"),
        "init_audio": Setting(None, meaning="a sound to begin from: the piece that is most like it"),
        "init_noise_level": Setting(0.6, 0.0, 1.0, meaning="noise over it, in place of sigma_max"),
    }

    def __init__(self, folder: StrPath | None = None) -> None:
        self._network = _network(None if folder is None else fspath(folder))
        self._read = Reader(self._network.configuration["words"])

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """See `Generator.generate`."""
        asked = [self._complete(request) for request in requests]
        return [self._one(request, self.noise(request), None) for request in asked]

    def noise(self, request: Request) -> NDArray[np.float32]:
        """See `LatentGenerator.noise`."""
        return np.random.default_rng(request.seed).standard_normal(SIZE, dtype=np.float32)

    def render_from(
        self, noise: NDArray[np.float32], request: Request, toward: Toward | None = None
    ) -> Generation:
        """See `LatentGenerator.render_from`."""
        if noise.shape != (SIZE,) or not np.isfinite(noise).all():
            raise UsageError(f"the noise of {self.name} is {SIZE} finite numbers; got {list(noise.shape)}")
        if toward is not None:
            complete(replace(request, prompt=toward.prompt), self)
        return self._one(self._complete(request), noise, toward)

    def piece(
        self, request: Request, noise: NDArray[np.float32] | None = None, toward: Toward | None = None
    ) -> tuple[Piece, int]:
        """The piece of a complete request, and how many evaluations it took.

        It begins from the noise of its seed, unless it is given another.
        """
        assert request.steps is not None
        assert request.cfg_scale is not None
        assert request.sampler is not None
        assert request.sigma_max is not None
        assert request.sigma_min is not None
        other = request.prompt if toward is None else toward.prompt
        share = 0.0 if toward is None else toward.share
        tokens = self._read([request.prompt, request.negative_prompt, other])

        def velocity_of(row: int, x: NDArray[np.float32], time: float) -> NDArray[np.float32]:
            found = self._network(
                latents=x, time=np.full((1, 1), time, np.float32), tokens=tokens[row : row + 1]
            )
            return found["velocity"]

        def velocity(x: NDArray[np.float32], time: float, prompt: bool) -> NDArray[np.float32]:
            if not prompt or share in (0.0, 1.0):
                return velocity_of((2 if share else 0) if prompt else 1, x, time)
            one, two = velocity_of(0, x, time), velocity_of(2, x, time)
            return np.asarray(one + np.float32(share) * (two - one), np.float32)

        rng = np.random.default_rng(request.seed)
        drawn = rng.standard_normal(SIZE, dtype=np.float32)  # always: what follows it is the samplers'
        begun, level = np.zeros((1, SIZE), np.float32), request.sigma_max
        if request.init_audio is not None:
            assert request.init_noise_level is not None
            begun, level = encode(nearest_piece(request.init_audio).unit[None]), request.init_noise_level
            if level == 0:
                return Piece(decode(begun)[0]), 0
        levels = schedule(request.steps, level, request.sigma_min)
        start = np.float32(1 - level) * begun + np.float32(level) * (drawn if noise is None else noise)[None]
        used, evaluations = guided(velocity, request.cfg_scale, _STATED)
        evaluations += share not in (0.0, 1.0)
        latent = sample_flow(request.sampler, used, start, levels, rng)
        return Piece(decode(latent)[0]), evaluations * EVALUATIONS[request.sampler] * request.steps

    def _complete(self, request: Request) -> Request:
        made = complete(request, self)
        if request.init_audio is None or made.init_noise_level is None or made.sigma_min is None:
            return made
        if request.sigma_max is not None:
            raise UsageError(
                "with an init_audio, init_noise_level is the noise it begins with; leave sigma_max out"
            )
        if 0 < made.init_noise_level <= made.sigma_min:
            raise UsageError(
                f"init_noise_level is 0, or above sigma_min; got {made.init_noise_level:g} and "
                f"{made.sigma_min:g}; take a lower sigma_min"
            )
        check_sound(request.init_audio)
        return made

    def _one(self, request: Request, noise: NDArray[np.float32], toward: Toward | None) -> Generation:
        try:
            piece, evaluations = self.piece(request, noise, toward)
            samples, fault = fit(
                play(piece, request.seconds, SAMPLE_RATE_HZ, request.seed % 2**32), request.seconds
            )
        except (TonewrightError, FloatingPointError, MemoryError) as error:
            samples, fault = fit(np.zeros((2, 0), np.float32), request.seconds)[0], str(error)
            evaluations = 0
        return Generation(samples, request, evaluations, fault)


@cache
def _network(folder: str | None) -> Network:
    with network_paths(__package__, {"sketch": _STEM}, folder) as paths:
        if "sketch" not in paths:
            raise CheckpointError(
                "the sketch that ships is missing; install the package anew, or name one of your own "
                "(--model RUN)"
            )
        return load_part(paths["sketch"], kind=KIND, controls=PIECE.names, needs={"band_version": VERSION})
