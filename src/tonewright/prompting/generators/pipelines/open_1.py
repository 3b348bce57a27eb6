"""Stable Audio Open 1.0: what `StableAudioPipeline` can do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Request, Setting
from tonewright.prompting.generators.pipelines.loading import check_scheduler
from tonewright.prompting.generators.starting import starting_sound

_SCHEDULERS = ("CosineDPMSolverMultistepScheduler", "EDMDPMSolverMultistepScheduler")


class Open1:
    """Requests as `StableAudioPipeline` takes them.

    Its noise levels are standard deviations: 500 at first, 0.3 at last. How much noise is put over a sound to
    begin from is the time of the diffusion, t in [0, 1], of which the standard deviation is σ_data·tan(π·t/2)
    (Salimans and Ho, 2022, arXiv 2202.00512).

    Args:
        pipeline: The pipeline.

    Attributes:
        settings: See `Generator`.
        rate_hz: Sample rate of what it gives.
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._scheduler = pipeline.scheduler
        check_scheduler(self._scheduler, _SCHEDULERS)
        config = self._scheduler.config
        self._window = pipeline.transformer.config.sample_size * pipeline.vae.hop_length
        self.rate_hz: int = pipeline.vae.config.sampling_rate
        # A hair below the window: one frame more than was asked for is rendered.
        longest_s = (math.ceil(100 * self._window / self.rate_hz) - 1) / 100
        longest_s = min(longest_s, float(pipeline.projection_model.config.max_value))
        most = math.floor(1000 * _time(config.sigma_max, config.sigma_data)) / 1000
        self.settings: Mapping[str, Setting] = {
            "negative_prompt": Setting("", meaning="what it should not be, where the guidance is above 1"),
            "seconds": Setting(min(8.0, longest_s), 0.1, longest_s, meaning="how long it is"),
            "steps": Setting(100, 2, 1_000, meaning="steps of the sampler"),
            "cfg_scale": Setting(7.0, 1.0, 30.0, meaning="how far it follows the prompt"),
            "sigma_max": Setting(config.sigma_max, 1.0, 1_000.0, meaning="noise it begins with"),
            "sigma_min": Setting(config.sigma_min, 0.01, 1.0, meaning="last noise before none"),
            "init_audio": Setting(None, meaning="a sound to begin from"),
            "init_noise_level": Setting(min(0.9, most), 0.05, most, meaning="how much noise is put over it"),
        }

    def settle(self, request: Request, made: Request) -> Request:
        """Leave out of a complete request what has no effect.

        Args:
            request: As it was asked for.
            made: With what it left open.

        Raises:
            UsageError: Two settings contradict each other.
        """
        if made.init_audio is None:
            return replace(made, init_noise_level=None)
        if request.sigma_max is not None:
            raise UsageError(
                "a sound to begin from has init_noise_level in place of sigma_max; got both; leave one out"
            )
        assert made.init_noise_level is not None
        assert made.sigma_min is not None
        sigma = self._sigma(made.init_noise_level)
        if sigma <= made.sigma_min:
            raise UsageError(
                f"the noise over a sound is above sigma_min; got {sigma:.3g} and {made.sigma_min:g}; raise "
                "init_noise_level, or lower sigma_min"
            )
        return replace(made, sigma_max=None)

    def render(self, request: Request, generator: Any) -> NDArray[np.float32]:
        """Render a complete request.

        Args:
            request: The request.
            generator: The torch generator of all that is random.

        Returns:
            `[channels, frames]`, at least as long as was asked for.
        """
        start: dict[str, Any] = {}
        sigma_max = request.sigma_max
        if request.init_audio is not None and request.init_noise_level is not None:
            sigma_max = self._sigma(request.init_noise_level)
            start = self._start(request, sigma_max, generator)
        self._pipeline.scheduler = type(self._scheduler).from_config(
            self._scheduler.config, sigma_max=sigma_max, sigma_min=request.sigma_min
        )
        frames = math.ceil(request.seconds * self.rate_hz) + 1
        made = self._pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt or None,
            audio_end_in_s=(frames + 0.5) / self.rate_hz,  # it rounds down
            num_inference_steps=request.steps,
            guidance_scale=request.cfg_scale,
            generator=generator,
            **start,
        )
        return np.asarray(made.audios[0].float().cpu().numpy())

    def _start(self, request: Request, sigma: float, generator: Any) -> dict[str, Any]:
        """A sound to begin from, and the noise over it.

        The pipeline scales noise to √(σ² + 1), which is the deviation of noise with a sound in it; the sound
        is there already, so the noise is made smaller by as much first.
        """
        import torch

        pipeline = self._pipeline
        assert request.init_audio is not None
        sound = starting_sound(request.init_audio, round(request.seconds * self.rate_hz), self.rate_hz)
        config, weight = pipeline.transformer.config, next(pipeline.vae.parameters())
        noise = torch.randn((1, config.in_channels, config.sample_size), generator=generator)
        return {
            "initial_audio_waveforms": torch.from_numpy(sound)[None].to(weight),
            "initial_audio_sampling_rate": self.rate_hz,
            "latents": (noise * sigma / math.sqrt(sigma**2 + 1.0)).to(weight),
        }

    def _sigma(self, time: float) -> float:
        return float(self._scheduler.config.sigma_data * math.tan(math.pi * time / 2.0))


def _time(sigma: float, sigma_data: float) -> float:
    return math.atan(sigma / sigma_data) * 2.0 / math.pi
