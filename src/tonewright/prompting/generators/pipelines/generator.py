"""`diffusers`: the Stable Audio pipelines of Hugging Face's library behind the protocol."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from os import fspath
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.resampling import resample_array
from tonewright.documents import short_text
from tonewright.errors import UsageError
from tonewright.files import StrPath
from tonewright.prompting.generators.base import (
    SAMPLE_RATE_HZ,
    Generation,
    Request,
    Setting,
    complete,
    fit,
)
from tonewright.prompting.generators.guidance import check_guidance
from tonewright.prompting.generators.pipelines.audio_3 import Audio3
from tonewright.prompting.generators.pipelines.loading import load_pipeline
from tonewright.prompting.generators.pipelines.open_1 import Open1

DEFAULT_MODEL = "stabilityai/stable-audio-open-1.0"


class Kind(Protocol):
    """A class of pipelines: its settings, and how it is called; see `Open1`."""

    settings: Mapping[str, Setting]
    rate_hz: int

    def settle(self, request: Request, made: Request) -> Request:
        """Leave out of a complete request what has no effect."""
        ...

    def render(self, request: Request, generator: Any) -> NDArray[np.float32]:
        """Render a complete request."""
        ...


KINDS: Mapping[str, type[Open1] | type[Audio3]] = {
    "StableAudioPipeline": Open1,
    "StableAudio3Pipeline": Audio3,
}


class Diffusers:
    """A Stable Audio pipeline of `diffusers`.

    Args:
        model: A folder as `save_pretrained` writes it, or a name on the hub; Stable Audio Open 1.0 if None.
        device: Where it runs, as torch names it; a GPU if there is one unless given.

    Raises:
        MissingExtraError: `diffusers`, or what it needs, is not installed.
        CheckpointError: The weights are missing, damaged or of another kind.
    """

    name = "diffusers"
    settings: Mapping[str, Setting]

    def __init__(self, model: StrPath | None = None, *, device: str | None = None) -> None:
        self._pipeline = load_pipeline(DEFAULT_MODEL if model is None else fspath(model), device)
        self._kind: Kind = KINDS[type(self._pipeline).__name__](self._pipeline)
        self.settings = self._kind.settings
        self._alone = Lock()

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """See `Generator.generate`; one is rendered after the other."""
        asked = [self._complete(request) for request in requests]
        with self._alone:  # a scheduler holds the state of one sampling
            return [self._one(request) for request in asked]

    def _complete(self, request: Request) -> Request:
        made = self._kind.settle(request, complete(request, self))
        check_guidance(made)
        for prompt in (made.prompt, made.negative_prompt):
            self._check_length(prompt)
        return made

    def _check_length(self, prompt: str) -> None:
        tokenizer = self._pipeline.tokenizer
        tokens, most = len(tokenizer(prompt).input_ids), min(tokenizer.model_max_length, 256)
        if tokens > most:
            raise UsageError(f"a prompt of this model has up to {most} tokens; got {tokens}; shorten it")

    def _one(self, request: Request) -> Generation:
        import torch

        assert request.steps is not None
        try:
            # Of the CPU: the same seed is the same noise wherever the model runs.
            generator = torch.Generator("cpu").manual_seed(request.seed)
            with warnings.catch_warnings():
                # torchsde tells of each rounding of its times, which it mends itself.
                warnings.filterwarnings("ignore", message="Should have t[ab]")
                found = self._kind.render(request, generator)
            samples, fault = fit(resample_array(found, self._kind.rate_hz, SAMPLE_RATE_HZ), request.seconds)
        except Exception as error:  # whatever a model raises is the fault of this sound, not of the others
            samples, _ = fit(np.zeros((2, 0), np.float32), request.seconds)
            fault = short_text(str(error).strip().partition("\n")[0] or type(error).__name__)
            if isinstance(error, torch.OutOfMemoryError):
                torch.cuda.empty_cache()
        each = 1 if request.cfg_scale == 1.0 else 2
        return Generation(samples, request, 0 if fault else each * request.steps, fault)
