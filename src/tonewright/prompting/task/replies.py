"""Reading what a language model replies: JSON with a prompt and settings, or a reason why it is none.

A reply is data. Nothing in it is executed, and no path and no address in it is followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tonewright.documents import JSONFault, load_json, short_text
from tonewright.errors import TonewrightError
from tonewright.prompting.generators.base import Generator, Request, Setting, complete
from tonewright.wording import listing

LONGEST_REPLY = 20_000
"""Characters; what is longer is not read."""
NOT_WRITTEN = ("seconds", "init_audio", "init_noise_level")
"""Settings of generators that are the brief's, or a file's."""
_FENCED = re.compile(r"```[ \t]*(?:json|JSON)?[ \t]*\r?\n(.*?)```", re.DOTALL)
_THOUGHT = "</think>"


class ReplyFault(ValueError):  # noqa: N818 (no error of this program, but what is wrong with a reply)
    """Why a reply cannot be used, in words."""


@dataclass(frozen=True)
class Reply:
    """What a language model asks a generator for; a setting of None is as the generator recommends.

    Attributes:
        prompt: What the sound should be.
        negative_prompt: What it should not be.
        steps: Steps of the sampler.
        cfg_scale: Classifier-free guidance.
        sampler: Name of the sampler.
        sigma_max: Noise level at which sampling begins.
        sigma_min: Last noise level before none.
    """

    prompt: str
    negative_prompt: str = ""
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    sigma_max: float | None = None
    sigma_min: float | None = None

    def request(self, seconds: float, seed: int) -> Request:
        """The same as a request for a sound of so many seconds."""
        return Request(**asdict(self), seconds=seconds, seed=seed)

    def fields(self) -> dict[str, Any]:
        """As JSON, without what it leaves open."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "prompt": str,
    "negative_prompt": str,
    "steps": int,
    "cfg_scale": (int, float),
    "sampler": str,
    "sigma_max": (int, float),
    "sigma_min": (int, float),
}
_TOLD = {str: "text", int: "a whole number", (int, float): "a number"}


def written_settings(generator: Generator) -> dict[str, Setting]:
    """The settings of a generator that a reply may hold."""
    return {name: setting for name, setting in generator.settings.items() if name in _KINDS}


def read_reply(text: str, generator: Generator, seconds: float = 1.0) -> Reply:
    """Read a reply: a JSON object, alone or as the one fenced block of a text.

    Args:
        text: What the language model wrote; its thoughts, up to `</think>`, are passed over.
        generator: Whose settings may be asked for; nothing is clamped into its ranges.
        seconds: How long the sound is to be.

    Raises:
        ReplyFault: It is none that the generator could render, with the reason.
    """
    if len(text) > LONGEST_REPLY:
        raise ReplyFault(f"a reply has up to {LONGEST_REPLY:,} characters; got {len(text):,}")
    fields = _object(text.rpartition(_THOUGHT)[2])
    known = ["prompt", *written_settings(generator)]
    for name, value in fields.items():
        if name not in known:
            raise ReplyFault(f"a reply holds {listing(known, last='or')}; got {short_text(name)}")
        kind = _KINDS[name]
        if isinstance(value, bool) or not isinstance(value, kind):
            raise ReplyFault(f"{name} is {_TOLD[kind]}; got {short_text(value)}")
    if "prompt" not in fields:
        raise ReplyFault("a reply holds a prompt; got none")
    reply = Reply(**fields)
    try:
        complete(reply.request(seconds, 0), generator)
    except (TonewrightError, OverflowError) as error:
        raise ReplyFault(str(error)) from None
    return reply


def _object(text: str) -> dict[str, Any]:
    blocks = _FENCED.findall(text)
    if len(blocks) > 1:
        raise ReplyFault(f"a reply is one JSON object; got {len(blocks)} fenced blocks")
    try:
        found = load_json(blocks[0] if blocks else text.strip())
    except JSONFault as fault:
        raise ReplyFault(f"{fault.reason}{fault.place}") from None
    if not isinstance(found, dict):
        raise ReplyFault(f"a reply is a JSON object; got {short_text(found)}")
    return found
