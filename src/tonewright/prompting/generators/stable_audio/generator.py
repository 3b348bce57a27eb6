"""`stable-audio`: models of `stable-audio-tools` in a process of their own, behind the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import fspath
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from tonewright.audio.resampling import resample_array
from tonewright.documents import short_text
from tonewright.errors import CheckpointError, TonewrightError
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
from tonewright.prompting.generators.stable_audio.environment import WORKER, environment_python
from tonewright.prompting.generators.stable_audio.link import DeadError, LateError, Link
from tonewright.prompting.generators.stable_audio.settings import EVALUATIONS, settings_of
from tonewright.prompting.generators.starting import starting_sound
from tonewright.prompting.generators.weights import no_weights

DEFAULT_MODEL = "stabilityai/stable-audio-open-small"
_TRIES = 2
_NOT_SENT = {"init_audio", "sigma_max", "sigma_min"}


class StableAudio:
    """A model of `stable-audio-tools`, in an environment and a process of its own.

    The process is started with the first model and watched: one that dies is replaced, and its request tried
    again once.

    Args:
        model: A folder with `model_config.json` and `model.safetensors`, or a name on the hub;
            `stable-audio-open-small` if None.
        environment: Folder of the environment; see `environment_folder`.
        ready_s: How long loading may take, and fetching the weights.
        answer_s: How long a sound may take.

    Attributes:
        about: What the process tells of the model.

    Raises:
        UsageError: The environment has not been made.
        CheckpointError: The weights are missing, damaged or of another kind.
        GenerationError: The process dies or says nothing.
    """

    name = "stable-audio"
    settings: Mapping[str, Setting]

    def __init__(
        self,
        model: StrPath | None = None,
        *,
        environment: StrPath | None = None,
        ready_s: float = 3_600.0,
        answer_s: float = 600.0,
    ) -> None:
        self._model = DEFAULT_MODEL if model is None else fspath(model)
        python = environment_python(environment)
        self._command = [str(python), "-I", str(WORKER), self._model]
        self._ready_s, self._answer_s = ready_s, answer_s
        self._alone = Lock()
        self._link: Link | None = None
        self.about: Mapping[str, Any] = self._open().hello["ready"]
        self.settings = settings_of(self.about["objective"], self.about["seconds"])

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        return None if self._link is None else self._link.pid

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """See `Generator.generate`; one is rendered after the other."""
        asked = [self._complete(request) for request in requests]
        with self._alone:
            return [self._one(request) for request in asked]

    def close(self) -> None:
        """End the process; the next request would start another one."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _complete(self, request: Request) -> Request:
        made = complete(request, self)
        check_guidance(made)
        return made if made.init_audio else replace(made, init_noise_level=None)

    def _one(self, request: Request) -> Generation:
        try:
            answer, payload = self._ask(request)
            fault = answer.get("fault")
        except TonewrightError as error:
            fault = str(error)
        if fault is not None:
            samples, _ = fit(np.zeros((2, 0), np.float32), request.seconds)
            return Generation(samples, request, 0, short_text(fault.partition("\n")[0]))
        found = np.frombuffer(payload, np.float32).reshape(answer["channels"], -1)
        sound = resample_array(found, self.about["rate_hz"], SAMPLE_RATE_HZ)
        samples, fault = fit(sound, request.seconds)
        assert request.steps is not None
        assert request.sampler is not None
        each = EVALUATIONS.get(request.sampler, 1) * (1 if request.cfg_scale == 1.0 else 2)
        return Generation(samples, request, 0 if fault else each * request.steps, fault)

    def _ask(self, request: Request) -> tuple[dict[str, Any], bytes]:
        """The answer to a request, of a second process if the first one dies.

        Raises:
            TonewrightError: There is none.
        """
        header = {name: value for name, value in vars(request).items() if name not in _NOT_SENT}
        start = b""
        if request.init_audio is not None:
            rate_hz = self.about["rate_hz"]
            start = starting_sound(request.init_audio, round(request.seconds * rate_hz), rate_hz).tobytes()
        reason = ""
        for _ in range(_TRIES):
            try:
                return self._open().ask(header, start, self._answer_s)
            except DeadError as error:
                self._link, reason = None, str(error)
            except LateError:  # it would be late again
                self._link = None
                raise
        raise DeadError(f"{reason}; so did the one that took its place")

    def _open(self) -> Link:
        """The process, started if there is none.

        Raises:
            CheckpointError: It cannot load the model.
            GenerationError: It dies or says nothing.
        """
        if self._link is None:
            link = Link(self._command, self._ready_s)
            if "ready" not in link.hello:
                link.close()
                raise _no_model(self._model, link.hello)
            self._link = link
        return self._link


def _no_model(model: str, hello: Mapping[str, Any]) -> CheckpointError:
    """The error of a model that the process says it cannot load."""
    if "unusable" in hello:
        return CheckpointError(f"the model {model!r} cannot be used: {hello['unusable']}; choose another")
    error, line = str(hello["error"]), str(hello["message"]).strip().partition("\n")[0]
    if "encoder" in hello:
        return CheckpointError(
            f"cannot load the text encoder {hello['encoder']!r} of the model {model!r}: {short_text(line)}; "
            "connect to huggingface.co once, and it is kept"
        )
    if Path(model).is_dir():
        return CheckpointError(f"cannot load the model {model!r}: {short_text(line)}; use an intact copy")
    return no_weights(model, error, line)
