"""The `Generator` protocol: requests in, stereo sound out, and which settings may be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.documents import short_text
from tonewright.errors import UnknownNameError, UsageError

SAMPLE_RATE_HZ = 44_100
LONGEST_PROMPT = 2_000
_MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Request:
    """One sound that is asked for; a setting of None is as the generator recommends.

    Attributes:
        prompt: What it should be.
        negative_prompt: What it should not be.
        seconds: How long it is.
        steps: Steps of the sampler.
        cfg_scale: Classifier-free guidance: 1 follows the prompt as trained, more follows it further.
        sampler: Name of the sampler.
        sigma_max: Noise level at which sampling begins.
        sigma_min: Last noise level before none.
        seed: Of all that is random; the sound depends on it, and not on what is rendered beside it.
        init_audio: A sound to begin from, in place of noise.
        init_noise_level: How much noise is put over it: 0 changes nothing, 1 leaves nothing of it.
    """

    prompt: str
    negative_prompt: str = ""
    seconds: float = 8.0
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    sigma_max: float | None = None
    sigma_min: float | None = None
    seed: int = 0
    init_audio: Clip | None = None
    init_noise_level: float | None = None


@dataclass(frozen=True)
class Setting:
    """A setting of a generator, and what it may be.

    Attributes:
        default: What is recommended; None for none at all.
        low: Lowest value of a number.
        high: Highest value of a number.
        choices: The values of a name.
        meaning: What it does.
    """

    default: float | str | None
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, eq=False)
class Generation:
    """What became of a request.

    Attributes:
        samples: `[2, frames]` float32 at 44.1 kHz, as long as was asked for; silence if it failed.
        request: The request, with every setting that was used.
        evaluations: How often the network was evaluated: what it cost.
        fault: Why it failed, in words; None if it did not.
    """

    samples: NDArray[np.float32]
    request: Request
    evaluations: int = 0
    fault: str | None = None

    @property
    def clip(self) -> Clip:
        """The sound with its rate."""
        return Clip(self.samples, SAMPLE_RATE_HZ)


@runtime_checkable
class Generator(Protocol):
    """A text-to-audio model.

    Attributes:
        name: Registered name.
        settings: The fields of `Request` that it supports besides prompt and seed, with their ranges; a field
            that is missing here may not be asked for.
    """

    name: str
    settings: Mapping[str, Setting]

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """Render a batch.

        What a request becomes depends on nothing but itself. One that fails is told in its `fault`, and the
        others are rendered.

        Raises:
            UsageError: A request asks for what the generator cannot do; nothing is rendered.
        """
        ...


def complete(request: Request, generator: Generator) -> Request:
    """Check a request, and fill in what it leaves open.

    Nothing is clamped: what is out of range is refused.

    Raises:
        UsageError: A setting is not supported, or out of its range.
    """
    if not request.prompt.strip() or len(request.prompt) > LONGEST_PROMPT:
        raise UsageError(
            f"a prompt has 1 to {LONGEST_PROMPT:,} characters; got {len(request.prompt):,}; say what to make"
        )
    if not 0 <= request.seed <= _MOST_SEED:
        raise UsageError(f"a seed is a whole number from 0; got {request.seed}")
    filled: dict[str, object] = {}
    for field in fields(Request):
        value = getattr(request, field.name)
        if field.name in ("prompt", "seed"):
            continue
        setting = generator.settings.get(field.name)
        if setting is None:
            if value not in (None, "", field.default):
                known = ", ".join(generator.settings)
                raise UsageError(
                    f"{generator.name} has no {field.name}; got {short_text(value)}; it has {known}"
                )
            continue
        filled[field.name] = setting.default if value is None else _checked(field.name, value, setting)
    if request.init_audio is None and request.init_noise_level is not None:
        raise UsageError("init_noise_level is of an init_audio; got none; give one, or leave the level out")
    if request.init_audio is None:
        filled.pop("init_noise_level", None)
    made = replace(request, **filled)  # type: ignore[arg-type]
    if made.sigma_min is not None and made.sigma_max is not None and not made.sigma_min < made.sigma_max:
        raise UsageError(f"sigma_min is below sigma_max; got {made.sigma_min:g} and {made.sigma_max:g}")
    return made


def _checked(name: str, value: object, setting: Setting) -> object:
    if setting.choices:
        if value not in setting.choices:
            raise UnknownNameError(name, short_text(value), setting.choices)
    elif isinstance(value, int | float) and not setting.low <= value <= setting.high:
        raise UsageError(f"{name} is {setting.low:g} to {setting.high:g}; got {value:g}")
    return value


def fit(samples: NDArray[np.float32], seconds: float) -> tuple[NDArray[np.float32], str | None]:
    """A generated sound at the asked length, and what is wrong with it.

    Args:
        samples: What a model gave: any shape, any length.
        seconds: What was asked for.

    Returns:
        `[2, frames]`, and None; or silence, and the fault in words.
    """
    frames = round(seconds * SAMPLE_RATE_HZ)
    silence = np.zeros((2, frames), np.float32)
    sound = np.asarray(samples, np.float32)
    if sound.ndim == 1:
        sound = np.stack([sound, sound])
    if sound.ndim != 2 or len(sound) not in (1, 2):
        return silence, f"it gave {list(sound.shape)} numbers, no stereo sound"
    if len(sound) == 1:
        sound = np.repeat(sound, 2, axis=0)
    if not np.isfinite(sound).all():
        return silence, "it gave numbers that are not finite"
    if sound.shape[1] < frames:
        missing_s = (frames - sound.shape[1]) / SAMPLE_RATE_HZ
        return silence, f"its sound is {missing_s:.2f} s too short"
    sound = np.ascontiguousarray(sound[:, :frames])
    if not np.any(np.abs(sound) > 1e-5):
        return silence, "it gave silence"
    return sound, None
