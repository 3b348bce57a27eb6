"""Stable Audio 3: what `StableAudio3Pipeline` and its audio-to-audio sister can do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Request, Setting
from tonewright.prompting.generators.pipelines.loading import check_scheduler
from tonewright.prompting.generators.starting import starting_sound

_SCHEDULER = "FlowMatchEulerDiscreteScheduler"
_LONGEST_S = 600.0


class Audio3:
    """Requests as `StableAudio3Pipeline` takes them.

    A checkpoint that was distilled samples by ping-pong in few steps, without guidance; its scheduler says
    so. A sound to begin from goes through the audio-to-audio pipeline, which has no guidance.

    Args:
        pipeline: The pipeline.

    Attributes:
        settings: See `Generator`.
        rate_hz: Sample rate of what it gives.
    """

    def __init__(self, pipeline: Any) -> None:
        self._scheduler = pipeline.scheduler
        check_scheduler(self._scheduler, (_SCHEDULER,))
        self._from_text = pipeline
        self._from_sound: Any = import_module("diffusers").StableAudio3AudioToAudioPipeline(
            **pipeline.components
        )
        self._from_sound.set_progress_bar_config(disable=True)
        self.rate_hz: int = pipeline.vae.config.sampling_rate
        longest_s = min(float(pipeline.duration_embedder.config.max_val), _LONGEST_S)
        distilled = bool(self._scheduler.config.stochastic_sampling)
        self.settings: Mapping[str, Setting] = {
            "negative_prompt": Setting("", meaning="what it should not be, where the guidance is above 1"),
            "seconds": Setting(min(8.0, longest_s), 0.1, longest_s, meaning="how long it is"),
            "steps": Setting(8 if distilled else 100, 1, 1_000, meaning="steps of the sampler"),
            "cfg_scale": Setting(
                1.0 if distilled else 7.0, 1.0, 30.0, meaning="how far it follows the prompt"
            ),
            "sampler": Setting(
                "pingpong" if distilled else "euler",
                choices=("euler", "pingpong"),
                meaning="how it goes from noise to sound",
            ),
            "init_audio": Setting(None, meaning="a sound to begin from, without guidance"),
            "init_noise_level": Setting(0.6, 0.01, 1.0, meaning="how much noise is put over it"),
        }

    def settle(self, request: Request, made: Request) -> Request:
        """Leave out of a complete request what has no effect; see `Open1.settle`.

        Raises:
            UsageError: Two settings contradict each other.
        """
        if made.init_audio is None:
            return replace(made, init_noise_level=None)
        if made.negative_prompt or request.cfg_scale not in (None, 1.0):
            raise UsageError(
                "this model follows a sound to begin from without guidance; got "
                f"cfg_scale {made.cfg_scale:g}; leave cfg_scale and negative_prompt out"
            )
        return replace(made, cfg_scale=1.0)

    def render(self, request: Request, generator: Any) -> NDArray[np.float32]:
        """Render a complete request.

        Args:
            request: The request.
            generator: The torch generator of all that is random.

        Returns:
            `[channels, frames]`, at least as long as was asked for.
        """
        frames = math.ceil(request.seconds * self.rate_hz) + 1
        pipeline = self._from_text if request.init_audio is None else self._from_sound
        pipeline.scheduler = type(self._scheduler).from_config(
            self._scheduler.config, stochastic_sampling=request.sampler == "pingpong"
        )
        made = pipeline(
            request.prompt,
            duration=(frames + 0.5) / self.rate_hz,  # it rounds down
            num_inference_steps=request.steps,
            generator=generator,
            **(self._guidance(request) if request.init_audio is None else self._start(request, frames)),
        )
        return np.asarray(made.audios[0].float().cpu().numpy())

    def _guidance(self, request: Request) -> dict[str, Any]:
        return {"guidance_scale": request.cfg_scale, "negative_prompt": request.negative_prompt or None}

    def _start(self, request: Request, frames: int) -> dict[str, Any]:
        import torch

        vae = self._from_sound.vae
        assert request.init_audio is not None
        whole = math.ceil(frames / vae.downsampling_ratio) * vae.downsampling_ratio
        sound = starting_sound(request.init_audio, whole, self.rate_hz)
        return {
            "audio": torch.from_numpy(sound)[None].to(next(vae.parameters())),
            "init_noise_level": request.init_noise_level,
        }
