"""The lanes of the page that share one time axis: two spectrograms and the level of both sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.matching.result import MatchResult
from tonewright.reports import plots
from tonewright.reports.markup import Html, data_uri, join, tag
from tonewright.reports.pictures import RANGE_DB, FrequencyAxis, colour_map, spectrogram_pngs
from tonewright.synths.words import Performance

_LEVEL_RANGE_DB = 60.0
_LEVEL_POINTS = 480


def lanes(result: MatchResult, played: Performance, preview_seconds: float) -> Html:
    """All lanes, with marks where the key is let go and where the players end."""
    sounds = np.stack([result.target, result.audio])
    time = plots.time_ticks(played.seconds)
    overlay = tag("div", *_marks(played, preview_seconds), tag("i", class_="playhead"), class_="overlay")
    return tag(
        "div",
        *_spectrogram_lanes(sounds, result.sample_rate_hz),
        _level_lane(sounds, result.sample_rate_hz, time),
        plots.axis("x", time),
        overlay,
        class_="lanes",
    )


def level_window_s(seconds: float) -> float:
    """Over how long the level is measured: 20 ms, or an eighth of a shorter sound."""
    return min(seconds / 8, 0.02)


def levels_dbfs(sounds: NDArray[np.float32], window: int, points: int) -> NDArray[np.float64]:
    """RMS level around points spread evenly over the duration, both ends included.

    Args:
        sounds: `[batch, frames]`.
        window: Frames that each level is measured over; fewer at the ends.
        points: How many.

    Returns:
        `[batch, points]` in dB relative to full scale; −inf where silent.
    """
    frames = sounds.shape[1]
    energy = np.zeros((len(sounds), frames + 1))
    np.cumsum(np.square(sounds, dtype=np.float64), axis=1, out=energy[:, 1:])
    middle = np.linspace(0, frames, points)
    first = np.clip(np.round(middle - window / 2).astype(int), 0, frames - 1)
    last = np.clip(np.round(middle + window / 2).astype(int), first + 1, frames)
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10((energy[:, last] - energy[:, first]) / (last - first)))


def legend() -> Html:
    """What the colours of the spectrograms mean."""
    stops = ",".join("#" + bytes(colour).hex() for colour in colour_map(17))
    return tag(
        "div",
        tag("span", f"−{RANGE_DB:.0f} dB"),
        tag("i", style=f"background:linear-gradient(90deg,{stops})"),
        tag("span", "0 dB: the loudest spot of the two pictures"),
        class_="legend",
    )


def _spectrogram_lanes(sounds: NDArray[np.float32], sample_rate_hz: int) -> list[Html]:
    axis = FrequencyAxis.of_rate(sample_rate_hz)
    ticks = plots.axis("y", plots.frequency_ticks(axis))
    made = []
    pngs = spectrogram_pngs(sounds, sample_rate_hz, axis)
    for side, title, png in zip(("target", "match"), ("Target", "Match"), pngs, strict=True):
        span = f"{wording.frequency(axis.low_hz)} to {wording.frequency(axis.high_hz)}"
        picture = tag(
            "img",
            src=data_uri("image/png", png),
            alt=f"Spectrogram of the {side}: time from left to right, {span} from bottom to top, log scale",
        )
        content = tag("div", picture, tag("b", title, class_="chip"), class_="area")
        made.append(tag("div", ticks, content, class_=f"lane {side}"))
    return made


def _level_lane(sounds: NDArray[np.float32], sample_rate_hz: int, time: list[plots.Tick]) -> Html:
    window_s = level_window_s(sounds.shape[1] / sample_rate_hz)
    points = min(_LEVEL_POINTS, sounds.shape[1] + 1)
    levels = levels_dbfs(sounds, max(1, round(window_s * sample_rate_hz)), points)
    loudest = float(levels.max()) if np.isfinite(levels.max()) else 0.0
    top = 6.0 * np.ceil((loudest + 1.0) / 6.0)
    low = top - _LEVEL_RANGE_DB
    heights = np.clip((levels - low) / _LEVEL_RANGE_DB, 0.0, 1.0)
    x = np.linspace(0, 1, points)
    ticks = plots.value_ticks(low, top, 5, "dB")
    inner = [tick for tick in ticks if 0.05 < tick.at < 0.95]
    picture = plots.drawing(
        f"Level of target and match over time in decibels relative to full scale, RMS over "
        f"{wording.duration(window_s)}",
        plots.grid(time, inner),
        plots.area(x, heights[0], "fill target"),
        plots.line(x, heights[0], "stroke target"),
        plots.line(x, heights[1], "stroke match"),
    )
    swatches = [join(tag("i", class_=f"swatch {side}"), side) for side in ("target", "match")]
    key = tag("b", "Level in dBFS", *swatches, class_="chip")
    return tag("div", plots.axis("y", inner), tag("div", picture, key, class_="area"), class_="lane level")


def _marks(played: Performance, preview_seconds: float) -> list[Html]:
    made = []
    if played.released:
        at = played.gate_seconds / played.seconds
        turned = " left" if at > 0.4 else ""
        label = tag("span", "key released")
        made.append(tag("i", label, class_=f"mark release{turned}", style=f"--at:{at:.4f}"))
    if preview_seconds < played.seconds:
        label = tag("span", "the players end here")
        made.append(tag("i", label, class_="mark cut", style=f"--at:{preview_seconds / played.seconds:.4f}"))
    return made
