"""`sketch`: text to a piece by a flow, and the piece to sound by the band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from os import fspath

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError, TonewrightError
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
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.latents import SIZE, decode, stated
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
        "steps": Setting(16, 1, 200, meaning="steps of the sampler"),
        "cfg_scale": Setting(3.0, 0.0, 12.0, meaning="how far it follows the prompt"),
        "sampler": Setting("euler", choices=tuple(SAMPLERS), meaning="how it goes from noise to sound"),
        "sigma_max": Setting(1.0, 0.05, 1.0, meaning="noise it begins with"),
        "sigma_min": Setting(0.12, 0.001, 0.9, meaning="last noise before none"),
        "init_audio": Setting(None, meaning="a sound to begin from: the piece that is most like it"),
        "init_noise_level": Setting(None, 0.0, 1.0, meaning="noise over it, in place of sigma_max"),
    }

    def __init__(self, folder: StrPath | None = None) -> None:
        self._network = _network(None if folder is None else fspath(folder))
        self._read = Reader(self._network.configuration["words"])

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """See `Generator.generate`."""
        asked = [complete(request, self) for request in requests]
        return [self._one(request) for request in asked]

    def piece(self, request: Request) -> tuple[Piece, int]:
        """The piece of a complete request, and how many evaluations it took."""
        assert request.steps is not None
        assert request.cfg_scale is not None
        assert request.sampler is not None
        assert request.sigma_max is not None
        assert request.sigma_min is not None
        tokens = self._read([request.prompt, request.negative_prompt])

        def velocity(x: NDArray[np.float32], time: float, prompt: bool) -> NDArray[np.float32]:
            row = 0 if prompt else 1
            found = self._network(
                latents=x, time=np.full((1, 1), time, np.float32), tokens=tokens[row : row + 1]
            )
            return found["velocity"]

        rng = np.random.default_rng(request.seed)
        levels = schedule(request.steps, request.sigma_max, request.sigma_min)
        start = np.float32(levels[0]) * rng.standard_normal((1, SIZE), dtype=np.float32)
        used, evaluations = guided(velocity, request.cfg_scale, _STATED)
        latent = sample_flow(request.sampler, used, start, levels, rng)
        return Piece(decode(latent)[0]), evaluations * EVALUATIONS[request.sampler] * request.steps

    def _one(self, request: Request) -> Generation:
        try:
            piece, evaluations = self.piece(request)
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
                "no sketch ships yet; train one with `tonewright train sketch -o RUN`, and name its folder "
                "(--model RUN)"
            )
        return load_part(paths["sketch"], kind=KIND, controls=PIECE.names, needs={"band_version": VERSION})
