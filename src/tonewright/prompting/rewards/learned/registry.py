"""Every learned scorer by name, each with a model of its own if one is named."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from tonewright.documents import short_text
from tonewright.errors import UnknownNameError, UsageError
from tonewright.prompting.rewards.learned.base import LearnedScorer

NAMES = ("clap", "pam", "audiobox")


def learned_scorers(named: Iterable[str], *, device: str | None = None) -> list[LearnedScorer]:
    """Load learned scorers.

    Args:
        named: Each a name of `NAMES` or `NAME=MODEL`, a folder or a name on the Hugging Face hub. `clap` and
            `pam` of one model share it.
        device: As torch has it; a GPU if there is one, unless named.

    Raises:
        UnknownNameError: There is no such scorer.
        UsageError: One is named twice, or its model is not.
        MissingExtraError: What it needs is not installed.
        CheckpointError: Its weights are missing, damaged or of another kind.
    """
    models: dict[str, str | None] = {}
    for word in named:
        name, sign, model = word.partition("=")
        if name not in NAMES:
            raise UnknownNameError("learned scorer", short_text(name), NAMES)
        if name in models or (sign and not model):
            raise UsageError(f"a learned scorer is named once, as {name} or {name}=MODEL; got {word!r}")
        models[name] = model or None
    return _load(models, device)


def _load(models: dict[str, str | None], device: str | None) -> list[LearnedScorer]:
    @cache
    def ear(model: str) -> Any:
        from tonewright.prompting.rewards.learned.clap import ClapEar

        return ClapEar(model, device=device)

    def load(name: str, model: str | None) -> LearnedScorer:
        if name == "audiobox":
            from tonewright.prompting.rewards.learned import audiobox

            return audiobox.Audiobox(model or audiobox.MODEL, device=device)
        from tonewright.prompting.rewards.learned import clap

        scorer = clap.Clap if name == "clap" else clap.Pam
        return scorer(ear(model or clap.MODEL))

    return [load(name, model) for name, model in models.items()]
