"""Technical: rhythm, balance, stereo and dynamics as the category has them, and how a sound ends."""

from __future__ import annotations

import numpy as np

from tonewright.distances.closeness import closeness
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.listening.analysis import LEVEL_HOP, Floats, Heard
from tonewright.prompting.listening.axes import AXES
from tonewright.prompting.listening.norms import norms
from tonewright.prompting.listening.rhythm import steadiness
from tonewright.prompting.rewards.terms import Component, Term
from tonewright.prompting.words.vocabulary import vocabulary

NAME = "technical"
_RHYTHMIC = ("drums", "phrases")
_WIDE_DB = 0.0
_END_HOP = 44
_END_BLOCKS = 20
_IMAGE_WEIGHT = 2.0
_RHYTHM_WEIGHT, _ENDING_WEIGHT = 2.0, 2.5
_BALANCE = ("brightness", "warmth", "depth", "air")


def technical(heard: Heard, brief: Brief) -> Component:
    """Judge the craft of a sound."""
    terms = [
        _balance(heard, brief),
        _mono(heard),
        _image(heard, brief),
        _dynamics(heard, brief),
        _ending(heard, brief),
    ]
    if brief.target.bpm is not None and brief.category in _RHYTHMIC:
        steady = steadiness(heard, brief.target.bpm)
        meaning = "how closely onsets lie on eighths or sixteenths"
        terms.insert(0, Term("rhythm", steady, steady, "", meaning, _RHYTHM_WEIGHT))
    return Component(NAME, tuple(terms))


def _balance(heard: Heard, brief: Brief) -> Term:
    """Bands against what is usual in the category; what a tone word asks for is not held against it."""
    asked = {_axis_of(word) for word in brief.target.tone}
    far = []
    for axis in _BALANCE:
        if axis in asked:
            continue
        norm = norms().axis(brief.category, axis)
        far.append(np.maximum(np.abs(AXES[axis](heard) - norm.middle) / norm.spread - 1, 0))
    if not far:
        absent = np.full(len(heard.samples), np.nan)
        return Term("balance", absent, absent, "spreads", "bands beyond what is usual in the category")
    worst = np.max(far, axis=0)
    return Term(
        "balance", closeness(worst, 2.0), worst, "spreads", "bands beyond what is usual in the category"
    )


def _axis_of(word: str) -> str:
    return vocabulary().tone[word].axis


def _mono(heard: Heard) -> Term:
    """What is lost when both channels become one."""
    middle = (heard.middle.astype(np.float64) ** 2).mean(axis=1)
    side = (heard.side.astype(np.float64) ** 2).mean(axis=1)
    lost_db = 10 * np.log10(np.maximum(middle + side, 1e-6) / np.maximum(middle, 1e-6))
    return Term("mono", closeness(np.maximum(lost_db - 4, 0), 6), lost_db, "dB", "level lost in mono", 0.5)


def _dynamics(heard: Heard, brief: Brief) -> Term:
    values = AXES["dynamics"](heard)
    norm = norms().axis(brief.category, "dynamics")
    far = np.maximum(np.abs(values - norm.middle) / norm.spread - 1, 0)
    asked = "dynamics" in {_axis_of(word) for word in brief.target.tone}
    score = np.full(len(values), np.nan) if asked else closeness(far, 2.0)
    return Term("dynamics", score, values, "dB", f"peak against mean level; usual is {norm.middle:.0f}")


def _image(heard: Heard, brief: Brief) -> Term:
    """How wide the stereo image is; a narrow one is half as good, unless it is asked for."""
    width_db = AXES["width"](heard)
    asked = "width" in {_axis_of(word) for word in brief.target.tone}
    score = 0.4 + 0.6 * closeness(np.maximum(_WIDE_DB - width_db, 0), 8)
    meaning = "energy of the side against the middle"
    return Term("image", np.where(asked, np.nan, score), width_db, "dB", meaning, _IMAGE_WEIGHT)


def _ending(heard: Heard, brief: Brief) -> Term:
    """How hard a sound ends: its last level, or, of a loop, the jump from its end to its beginning."""
    if brief.target.bars is not None:
        jump = _seam_db(heard)
        return Term(
            "seam", closeness(np.maximum(jump - 6, 0), 12), jump, "dB", "jump from the end to the beginning"
        )
    level_db = _last_level_db(heard)
    score = closeness(np.maximum(level_db + 50, 0), 15)
    return Term("ending", score, level_db, "dB", "level just before it ends", _ENDING_WEIGHT)


def _last_level_db(heard: Heard) -> Floats:
    """Highest level of 3 ms within the 20 ms before a sound ends for good, against its loudest, `[B]`."""
    found = np.empty(len(heard.samples))
    for row, (middle, side) in enumerate(zip(heard.middle, heard.side, strict=True)):
        power = middle.astype(np.float64) ** 2 + side.astype(np.float64) ** 2
        count = len(power) // _END_HOP
        blocks = power[len(power) - count * _END_HOP :].reshape(count, _END_HOP).mean(axis=1)
        loudest = max(float(np.convolve(blocks, np.ones(4) / 4, "valid").max()), 1e-30)
        sounding = np.flatnonzero(blocks > loudest * 1e-6)
        last = sounding[-1] if len(sounding) else 0
        ended = np.convolve(blocks[max(0, last - _END_BLOCKS) : last + 1], np.ones(3) / 3, "valid")
        end = ended.max(initial=0)
        found[row] = 10 * np.log10(max(end / loudest, 1e-6))
    return found


def _seam_db(heard: Heard) -> Floats:
    """The step over the seam against the steps around it, `[B]` in dB."""
    reach = 4 * LEVEL_HOP
    sound = np.concatenate([heard.samples[:, :, -reach:], heard.samples[:, :, :reach]], axis=2)
    steps = np.abs(np.diff(sound.astype(np.float64), axis=2)).max(axis=1)
    usual = np.sort(steps, axis=1)[:, -reach // 8]
    return np.asarray(20 * np.log10(np.maximum(steps[:, reach - 1] / np.maximum(usual, 1e-9), 1e-3)))
