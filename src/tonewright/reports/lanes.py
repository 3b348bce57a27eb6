"""Lanes that share one time axis: spectrograms of sounds, their levels, and marks at times across all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.reports import plots
from tonewright.reports.markup import Html, data_uri, tag
from tonewright.reports.pictures import RANGE_DB, FrequencyAxis, colour_map, spectrogram_pngs
from tonewright.reports.player import short

_LEVEL_RANGE_DB = 60.0
_LEVEL_POINTS = 480
_MARK_TURNS, _REGION_TURNS = 0.4, 0.85
_LINE_GAP = 0.003
_LABEL_WIDTH, _SIGN_WIDTH = 0.02, 0.011  # of a narrow page's lane: a label without words, and each sign of it


def stack(lanes: Sequence[Html], seconds: float, marks: Sequence[Html] = ()) -> Html:
    """Lanes above one time axis, with marks across all of them.

    Args:
        lanes: From `spectrograms` and `levels`, from top to bottom.
        seconds: Duration of the sounds.
        marks: From `mark`.
    """
    overlay = tag("div", *marks, tag("i", class_="playhead"), class_="overlay")
    return tag("div", *lanes, plots.axis("x", plots.time_ticks(seconds)), overlay, class_="lanes")


def spectrograms(names: Sequence[str], sounds: NDArray[np.float32], sample_rate_hz: int) -> list[Html]:
    """A lane for each sound, all on one scale of level and one of frequency.

    Args:
        names: What a sentence calls each sound, as in `player`.
        sounds: `[n, frames]`.
        sample_rate_hz: Rate of all.
    """
    axis = FrequencyAxis.of_rate(sample_rate_hz)
    ticks = plots.axis("y", plots.frequency_ticks(axis))
    span = f"{wording.frequency(axis.low_hz)} to {wording.frequency(axis.high_hz)}"
    made = []
    for i, (name, png) in enumerate(zip(names, spectrogram_pngs(sounds, sample_rate_hz, axis), strict=True)):
        picture = tag(
            "img",
            src=data_uri("image/png", png),
            alt=f"Spectrogram of {name}: time from left to right, {span} from bottom to top, log scale",
        )
        content = tag("div", picture, tag("b", short(name), class_="chip"), class_="area")
        made.append(tag("div", ticks, content, class_=f"lane picture sound-{i}"))
    return made


def levels(names: Sequence[str], sounds: NDArray[np.float32], sample_rate_hz: int) -> Html:
    """A lane with the levels of all sounds over time; arguments as for `spectrograms`."""
    seconds = sounds.shape[1] / sample_rate_hz
    window_s = level_window_s(seconds)
    points = min(_LEVEL_POINTS, sounds.shape[1] + 1)
    measured = levels_dbfs(sounds, max(1, round(window_s * sample_rate_hz)), points)
    return level_lane(names, measured, seconds, window_s)


def level_lane(
    names: Sequence[str], measured_dbfs: NDArray[np.float64], seconds: float, window_s: float
) -> Html:
    """A lane with levels that were measured already.

    Args:
        names: What a sentence calls each sound, as in `player`.
        measured_dbfs: `[n, points]` at points spread evenly over the duration; −inf where silent.
        seconds: Duration of the sounds.
        window_s: Over how long each level was measured.
    """
    loudest = float(measured_dbfs.max()) if np.isfinite(measured_dbfs.max()) else 0.0
    top = 6.0 * np.ceil((loudest + 1.0) / 6.0)
    low = top - _LEVEL_RANGE_DB
    heights = np.clip((measured_dbfs - low) / _LEVEL_RANGE_DB, 0.0, 1.0)
    x = np.linspace(0, 1, measured_dbfs.shape[1])
    ticks = plots.value_ticks(low, top, 5, "dB")
    inner = [tick for tick in ticks if 0.05 < tick.at < 0.95]
    bare = [name.removeprefix("the ") for name in names]
    picture = plots.drawing(
        f"Level of {wording.listing(bare)} over time in decibels relative to full scale, RMS over "
        f"{wording.duration(window_s)}",
        plots.grid(plots.time_ticks(seconds), inner),
        plots.area(x, heights[0], "fill sound-0"),
        *(plots.line(x, height, f"stroke sound-{i}") for i, height in enumerate(heights)),
    )
    swatches = [tag("span", tag("i", class_=f"swatch sound-{i}"), name) for i, name in enumerate(bare)]
    key = tag("b", "Level in dBFS", *swatches, class_="chip")
    return tag("div", plots.axis("y", inner), tag("div", picture, key, class_="area"), class_="lane level")


def mark(label: str, at_s: float, seconds: float, until_s: float | None = None) -> Html:
    """A line with a label across all lanes, or a hatched region that begins with one.

    Args:
        label: What happens there; nothing is written where it is empty.
        at_s: When.
        seconds: Duration of the sounds.
        until_s: When the region ends.
    """
    at = at_s / seconds
    # A label far to the right stands to the left of its line, or it would hang over the edge.
    turned = " left" if at > (_MARK_TURNS if until_s is None else _REGION_TURNS) else ""
    kind, style = "line", f"--at:{at:.4f}"
    if until_s is not None:
        kind, style = "region", f"{style};--until:{until_s / seconds:.4f}"
    words = [tag("span", label)] if label else []
    return tag("i", *words, class_=f"mark {kind}{turned}", style=style)


def marks(moments: Sequence[tuple[float, str, str]], seconds: float) -> list[Html]:
    """Lines with labels at any number of times: where they come too close, some go without.

    Args:
        moments: `(when, label, words)` in the order of time. The label stands wherever it meets no other, the
            words as well where there is room; of lines that would touch, only the first is drawn.
        seconds: Duration of the sounds.
    """
    lines: list[tuple[float, str, str]] = []
    for at_s, label, words in moments:
        if not lines or (at_s - lines[-1][0]) / seconds >= _LINE_GAP:
            lines.append((at_s, label, words))
    taken: dict[int, tuple[float, float]] = {}
    texts = [""] * len(lines)
    for more in (False, True):
        for i, (at_s, label, words) in enumerate(lines):
            text = f"{label} {words}" if more else label
            low, high = _label_span(at_s / seconds, text)
            others = [span for j, span in taken.items() if j != i]
            if low >= 0 and high <= 1 and all(high <= one or other <= low for one, other in others):
                taken[i], texts[i] = (low, high), text
    # Labels above the lines of all others.
    order = sorted(range(len(lines)), key=lambda i: bool(texts[i]))
    return [mark(texts[i], lines[i][0], seconds) for i in order]


def legend(count: int) -> Html:
    """What the colours of so many spectrograms mean."""
    stops = ",".join("#" + bytes(colour).hex() for colour in colour_map(17))
    pictures = "picture" if count == 1 else f"{wording.count(count)} pictures"
    return tag(
        "div",
        tag("span", f"−{RANGE_DB:.0f} dB"),
        tag("i", style=f"background:linear-gradient(90deg,{stops})"),
        tag("span", f"0 dB: the loudest spot of the {pictures}"),
        class_="legend",
    )


def _label_span(at: float, text: str) -> tuple[float, float]:
    """From where to where a label reaches, as shares of the lane."""
    width = _LABEL_WIDTH + _SIGN_WIDTH * len(text)
    return (at - width, at) if at > _MARK_TURNS else (at, at + width)


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
