"""What models of `stable-audio-tools` can be asked for, by what they were trained to predict."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tonewright.documents import short_text
from tonewright.errors import CheckpointError
from tonewright.prompting.generators.base import Setting

_FLOW = ("euler", "rk4", "dpmpp", "pingpong")
EVALUATIONS = {"rk4": 4}
"""Of the network a step, where that is not 1."""
# The schedule of a flow ends at a log SNR of 2: from below sigmoid(-2) = 0.119 it would go up first.
_OBJECTIVES: Mapping[str, tuple[int, float, str, tuple[str, ...], float]] = {
    "rf_denoiser": (8, 1.0, "pingpong", _FLOW, 0.12),
    "rectified_flow": (50, 7.0, "euler", _FLOW, 0.12),
    "v": (100, 7.0, "v-ddim", ("v-ddim", "v-ddim-cfgpp"), 0.01),
}
"""Steps, guidance and sampler that are recommended; all samplers; and the least noise over a sound."""
_LONGEST_S = 600.0


def settings_of(objective: str, window_s: float) -> dict[str, Setting]:
    """The settings of a model.

    The noise levels are those of the schedule: `sigma_min` has no effect, and where `sigma_max` has one, over
    a sound to begin from, it is `init_noise_level`. Of the samplers of a model that predicts v, those of
    k-diffusion are not here.

    Args:
        objective: "rf_denoiser" (distilled to few steps), "rectified_flow" or "v".
        window_s: How long a sound the model makes.

    Raises:
        CheckpointError: There is no such objective.
    """
    if objective not in _OBJECTIVES:
        raise CheckpointError(
            f"a model predicts {', '.join(_OBJECTIVES)}; got {short_text(objective)}; choose another"
        )
    steps, guidance, sampler, samplers, least = _OBJECTIVES[objective]
    longest_s = min((math.ceil(100 * window_s) - 1) / 100, _LONGEST_S)  # one frame more is rendered
    return {
        "negative_prompt": Setting("", meaning="what it should not be, where the guidance is not 1"),
        "seconds": Setting(min(8.0, longest_s), 0.1, longest_s, meaning="how long it is"),
        "steps": Setting(steps, 1, 1_000, meaning="steps of the sampler"),
        "cfg_scale": Setting(guidance, 0.0, 30.0, meaning="how far it follows the prompt"),
        "sampler": Setting(sampler, choices=samplers, meaning="how it goes from noise to sound"),
        "init_audio": Setting(None, meaning="a sound to begin from"),
        "init_noise_level": Setting(0.7, least, 1.0, meaning="how much noise is put over it"),
    }
