"""Sounds longer than a generator makes them: overlapping segments, joined where they fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tonewright.audio.clip import Clip
from tonewright.errors import UsageError
from tonewright.prompting.arranging.joining import Sound, correlations, crossfade, level_db
from tonewright.prompting.briefs.brief import bar_seconds
from tonewright.prompting.briefs.reading import asked
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generation, Generator, Request

LONGEST_S = 600.0
_FADE_S, _EDGE_S, _SHARE = 1.5, 1.5, 0.125
"""Fades, and what is not used at either end of a segment: so long, or this share of it."""
_REACH_S, _RHYTHM_REACH_S = 0.05, 0.01
_MOST_GAIN_DB = 12.0
_WORTH = 0.1
"""What a shift has to gain in correlation."""


@dataclass(frozen=True)
class Plan:
    """How a long sound is cut into segments.

    Attributes:
        frames: How long it is.
        segment: Frames of each segment as it is made.
        joints: Frames at which segments begin to become the next.
        lead: Frames at the beginning of a segment, but for the first, that are not used.
        fade: Frames over which one becomes the next.
        reach: Frames by which one may be moved to fit the one before it.
        rhythmic: Whether they are cut at whole bars.
    """

    frames: int
    segment: int
    joints: tuple[int, ...]
    lead: int
    fade: int
    reach: int
    rhythmic: bool


def plan(seconds: float, longest_s: float, bpm: float | None = None) -> Plan:
    """Cut a long sound into segments; one with a tempo at whole bars.

    Args:
        seconds: How long it is.
        longest_s: How long a segment may be.
        bpm: Its tempo, if it has one.

    Raises:
        UsageError: It is too long, or two bars are longer than a segment.
    """
    if not 0 < seconds <= LONGEST_S:
        raise UsageError(f"a stitched sound has at most {LONGEST_S:g} s; got {seconds:g}; make it shorter")
    frames, most = round(seconds * SAMPLE_RATE_HZ), int(longest_s * SAMPLE_RATE_HZ)
    if bpm is None:
        fade, edge = (
            int(min(whole_s, _SHARE * longest_s) * SAMPLE_RATE_HZ) for whole_s in (_FADE_S, _EDGE_S)
        )
        reach = min(round(_REACH_S * SAMPLE_RATE_HZ), fade // 4)
        lost = 2 * edge + fade + reach
        count = max(0, _ceil(frames + reach - most, most - lost))
        segment = _ceil(frames + reach + count * lost, count + 1)  # all of one length, and no longer
        joints = tuple(edge + (segment - lost) * number for number in range(1, count + 1))
        return Plan(frames, segment, joints, edge, fade, reach, rhythmic=False)
    bar = bar_seconds(bpm, 1) * SAMPLE_RATE_HZ
    bars = int(most / bar)
    if bars < 2:
        raise UsageError(
            f"two bars at {bpm:g} BPM are no longer than a segment; got {2 * bar / SAMPLE_RATE_HZ:.2f} s of "
            f"{longest_s:g}; ask for a faster tempo"
        )
    fade, reach = round(bar / 8), round(_RHYTHM_REACH_S * SAMPLE_RATE_HZ)
    total = math.ceil((frames + reach) / bar)
    count = max(0, _ceil(total - bars, bars - 1))
    # Of each segment the last bar is not used, but for its beginning: what models let fade away is not heard.
    length = max(2, _ceil(total + count, count + 1))
    joints = tuple(round((length - 1) * bar * number) for number in range(1, count + 1))
    return Plan(frames, round(length * bar), joints, 0, fade, reach, rhythmic=True)


def stitch(generator: Generator, request: Request, *, carry: float | None = None) -> Generation:
    """Make a sound of any length up to ten minutes.

    What the generator makes at once is made at once. Otherwise segments of seeds of their own overlap; each
    is moved to where it is most like the one before it, brought to its level, from which it returns to its
    own, and crossfaded. Where the prompt names a tempo they are cut at whole bars.

    Args:
        generator: Any.
        request: What to make, of any seconds.
        carry: Noise put over the end of a segment, from which the next begins; none begins so if None.

    Returns:
        As long as was asked for, or silence and the fault.

    Raises:
        UsageError: Too long, a setting out of range, or `carry` though the generator begins from no sound.
    """
    setting = generator.settings.get("seconds")
    if setting is None or request.seconds <= setting.high:
        return generator.generate([request])[0]
    if carry is not None and "init_audio" not in generator.settings:
        raise UsageError(
            f"{generator.name} begins from no sound, but from noise; got carry {carry:g}; leave it out"
        )
    cut = plan(request.seconds, setting.high, asked(request.prompt).bpm)
    segment_s = cut.segment / SAMPLE_RATE_HZ
    wanted = [
        replace(request, seconds=segment_s, seed=segment_seed(request.seed, number))
        for number in range(1 + len(cut.joints))
    ]
    made = generator.generate(wanted) if carry is None else _carried(generator, wanted, cut, carry)
    evaluations = sum(one.evaluations for one in made)
    told = replace(made[0].request, seconds=request.seconds, seed=request.seed)
    for number, one in enumerate(made, 1):
        if one.fault:
            silence = np.zeros((2, cut.frames), np.float32)
            fault = f"segment {number} of {len(wanted)}: {one.fault}"
            return Generation(silence, told, evaluations, fault)
    return Generation(join([one.samples for one in made], cut), told, evaluations)


def segment_seed(seed: int, number: int) -> int:
    """The seed of a segment: that of the request of the first, and drawn from it of all others."""
    if number == 0:
        return seed
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 1)


def _ceil(count: int, size: int) -> int:
    return -(-count // size)


def join(segments: list[Sound], cut: Plan) -> Sound:
    """Join segments `[channels, segment]` to a sound `[channels, frames]`."""
    whole = np.zeros((len(segments[0]), cut.frames), np.float32)
    first = segments[0][:, : cut.frames]
    whole[:, : first.shape[1]] = first
    for joint, segment in zip(cut.joints, segments[1:], strict=True):
        before = whole[:, joint : joint + cut.fade]
        lag = _lag(before, segment[:, cut.lead : cut.lead + cut.reach + cut.fade], cut)
        used = segment[:, cut.lead + lag :][:, : cut.frames - joint]
        used = used * _glide(_step_db(whole[:, :joint], before, used, cut), used.shape[1])
        whole[:, joint : joint + cut.fade] = crossfade(before, used[:, : cut.fade])
        rest = used[:, cut.fade :]
        whole[:, joint + cut.fade : joint + used.shape[1]] = rest
    return whole


def _lag(before: Sound, around: Sound, cut: Plan) -> int:
    """By how much a segment is moved: not where that makes it hardly more alike."""
    found = correlations(before, around)
    usual = 0 if cut.rhythmic else cut.reach // 2
    best = int(found.argmax())
    return best if found[best] - found[usual] >= _WORTH else usual


def _step_db(past: Sound, before: Sound, used: Sound, cut: Plan) -> float:
    """By how much a segment is turned up to be as loud as the one before it.

    Over the fade; of a rhythm, whose levels change from beat to beat, over the bar before and the bar after.
    """
    if not cut.rhythmic:
        step_db = level_db(before) - level_db(used[:, : cut.fade])
    else:
        bar = min(8 * cut.fade, used.shape[1], past.shape[1])
        step_db = level_db(past[:, -bar:]) - level_db(used[:, :bar])
    return float(np.clip(step_db, -_MOST_GAIN_DB, _MOST_GAIN_DB))


def _glide(from_db: float, frames: int) -> Sound:
    """Gains from a level to 0 dB over a segment, straight in dB, `[frames]`."""
    return np.asarray(10 ** (np.linspace(from_db, 0.0, frames) / 20), np.float32)


def _carried(generator: Generator, wanted: list[Request], cut: Plan, noise: float) -> list[Generation]:
    """Segments each of which begins from the end of the last, turned so that its overlap comes first."""
    made = generator.generate(wanted[:1])
    steps = np.diff((cut.lead, *cut.joints))
    for request, step in zip(wanted[1:], steps, strict=True):
        if made[-1].fault:
            break
        begun = Clip(np.roll(made[-1].samples, -int(step), axis=1), SAMPLE_RATE_HZ)
        made += generator.generate([replace(request, init_audio=begun, init_noise_level=noise)])
    return made
