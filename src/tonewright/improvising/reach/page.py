"""The page of a corpus: what is in it, and what of it a synth can reach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.improvising.corpus.describing import CorpusFacts, PartFacts
from tonewright.improvising.corpus.sounds import Recorded
from tonewright.improvising.hearing import SAMPLE_RATE_HZ
from tonewright.improvising.reach.comparing import WORST_S, ColumnRange, Distances, FeatureReach, Reach
from tonewright.reports import lanes, plots
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import MOST_SOUNDS, player
from tonewright.reports.sounds import equal_loudness, loudness_note
from tonewright.reports.table import Column, bar, table

_BINS = 80
_WORST = 12
_PARTS_NOTE = (
    "Parts are decided by recording, so that no take is in two of them. Silence is what stays below −60 "
    "dBFS. Loudness (momentary) and pitch: from the 5th to the 95th percentile of what sounds."
)
_DISTANCE_NOTE = (
    "For every frame that sounds, the distance to the nearest point of the table: root mean square of the "
    "differences of normalised features, in spreads of each, as the environment's reward has it. An agent "
    "that plays this synth comes no nearer on average, but for what lies between the points."
)
_FEATURES_NOTE = (
    "Alone: how near the synth comes in this feature, whatever the others do. Together: how near it comes in "
    "it at the points that are nearest in all."
)
_RANGES_NOTE = (
    "What was recorded, from the 5th to the 95th percentile with the median (upper bar), and what the "
    "synth's points hold, from the lowest to the highest (lower bar), where the feature is there at all."
)
_WORST_NOTE = "Five seconds of each: those that are furthest from anything the synth can do."


def corpus_html(name: str, facts: CorpusFacts, reach: Reach | None = None, sounds: Path | None = None) -> str:
    """The page of a corpus.

    Args:
        name: What it is called.
        facts: What it holds.
        reach: What of it a synth can reach, if that was compared.
        sounds: Folder of the recordings, to play those that are reached worst.

    Returns:
        One HTML document that needs no other file and no network. Names of files are escaped.

    Raises:
        UsageError: `sounds` is no folder with sounds.
    """
    sections = [Section("parts", "What is in it", _parts(facts))]
    if reach is not None:
        sections += [
            Section("distances", "How near the synth comes", _distances(reach)),
            Section("features", "Feature by feature", _features(reach)),
            Section("worst", "The recordings it reaches worst", _worst(reach, sounds)),
            Section("ranges", "Ranges", _ranges(reach)),
        ]
    if facts.contents.skipped:
        rows = [(wording.one_line(file), why) for file, why in facts.contents.skipped]
        skipped = table("Sounds that were skipped", [Column("Sound"), Column("Why")], rows, stacked=True)
        sections.append(Section("skipped", "Skipped", skipped))
    whole = facts.whole
    count = f"{whole.recordings:,} {'recording' if whole.recordings == 1 else 'recordings'}"
    against = "" if reach is None else f" · against {reach.points:,} points of {reach.synth}"
    return page(
        name,
        sections,
        eyebrow="Tonewright corpus",
        lede=f"{count} · {wording.duration(whole.seconds)}{against}",
        notice=" ".join(wording.sentence(remark) for remark in facts.remarks),
        aside=None if reach is None else Section("reach", "Within reach", _score(reach)),
    )


def _parts(facts: CorpusFacts) -> Html:
    columns = (
        Column("Part"),
        Column("Recordings", "figure", before="recordings"),
        Column("Duration", "figure", before="duration"),
        Column("Share", "figure", before="share"),
        Column("Silence", "figure", before="silence"),
        Column("Loudness", "figure quiet", before="loudness"),
        Column("Pitch", "figure quiet", before="pitch"),
    )
    total_s = facts.whole.seconds
    rows = [_part(str(part.split), part, total_s) for part in facts.parts]
    rows.append(_part("all", facts.whole, total_s))
    made = table("Parts of the corpus", columns, rows, stacked=True, totals=[len(rows) - 1])
    return join(tag("p", _PARTS_NOTE, class_="note"), made)


def _part(name: str, part: PartFacts, total_s: float) -> tuple[str, ...]:
    loudness = pitch = ""
    if part.loudness_lufs is not None:
        low, high = (wording.minus(f"{value:.0f}") for value in part.loudness_lufs)
        loudness = f"{low} to {high} LUFS"
    if part.pitch_hz is not None:
        pitch = " to ".join(map(wording.frequency, part.pitch_hz))
    return (
        name,
        f"{part.recordings:,}",
        wording.duration(part.seconds),
        f"{part.seconds / total_s:.0%}",
        f"{part.silence:.0%}",
        loudness,
        pitch,
    )


def _score(reach: Reach) -> Html:
    silence = "" if reach.silence is None else f" Of silence, {reach.silence:.0%}."
    text = (
        f"of the frames that sound lie within {reach.threshold:g} spreads of something the synth can do; "
        f"half lie within {reach.whole.median:.2f}, nine tenths within {reach.whole.p90:.2f}.{silence}"
    )
    score = tag("p", tag("b", f"{100 * reach.whole.within:.0f}"), " %", class_="score")
    return join(score, tag("p", text, class_="note"))


def _distances(reach: Reach) -> Html:
    values = reach.distances[~np.isnan(reach.distances)]
    step = plots.nice_step(max(float(np.percentile(values, 99.5)), 1.2 * reach.threshold), 6)
    end = step * np.ceil(max(float(np.percentile(values, 99.5)), 1.2 * reach.threshold) / step)
    counts, edges = np.histogram(np.minimum(values, end), _BINS, (0.0, end))
    shares = 100 * counts / len(values)
    rise = plots.nice_step(max(float(shares.max()), 1e-6) * 1.05, 4)
    top = rise * np.ceil(shares.max() * 1.05 / rise)
    x, y = np.repeat(edges / end, 2)[1:-1], np.repeat(shares / top, 2)
    x_ticks, y_ticks = plots.value_ticks(0.0, end, 6), plots.value_ticks(0.0, top, 4, "%")
    at = reach.threshold / end
    drawn = plots.drawing(
        f"Histogram of distances: half of the frames lie within {reach.whole.median:.2f}, nine tenths within "
        f"{reach.whole.p90:.2f}",
        plots.grid(x_ticks, y_ticks),
        plots.area(x, y, "fill accent"),
        plots.line(x, y, "stroke accent"),
        plots.line([at, at], [0.0, 1.0], "stroke sound-0"),
    )
    parts = table(
        "Distances by part",
        (
            Column("Part"),
            Column("Frames", "figure", before="frames"),
            Column("Median", "figure", before="median"),
            Column("90th percentile", "figure", before="90th percentile"),
            Column(f"Within {reach.threshold:g}", "figure", before="within"),
        ),
        [_distance_row(name, one) for name, one in [*reach.parts.items(), ("all", reach.whole)]],
        stacked=True,
        totals=[len(reach.parts)],
    )
    every = "" if reach.every == 1 else f" One frame of {reach.every} was compared."
    line = f" The line stands at the threshold, {reach.threshold:g}."
    return join(
        plots.frame(drawn, x_ticks, y_ticks, "distance to the nearest point, in spreads", "share of frames"),
        tag("p", _DISTANCE_NOTE + line + every, class_="note"),
        parts,
    )


def _distance_row(name: str, one: Distances) -> tuple[str, ...]:
    return (name, f"{one.frames:,}", f"{one.median:.2f}", f"{one.p90:.2f}", f"{one.within:.0%}")


def _features(reach: Reach) -> Html:
    within = f"Within {reach.threshold:g}"
    columns = (
        Column("Feature"),
        Column("Alone: median", "figure quiet", before="alone"),
        Column(within, "figure", before="within"),
        Column("Together: median", "figure quiet", before="together"),
        Column(within, "figure", before="within"),
    )
    made = table("Features", columns, [_feature(one) for one in reach.features], stacked=True)
    return join(tag("p", _FEATURES_NOTE, class_="note"), made)


def _feature(one: FeatureReach) -> tuple[str, ...]:
    cells: list[str] = []
    for found in (one.alone, one.together):
        if found is None:
            cells += ["–", "–"]
        else:
            cells += [f"{found.median:.2f}", join(f"{found.within:.0%}", bar(found.within))]
    return (tag("code", one.name), *cells)


def _worst(reach: Reach, sounds: Path | None) -> Html:
    columns = (
        Column("Recording"),
        Column("Part", "quiet", before="part"),
        Column("Median", "figure", before="median"),
        Column("90th percentile", "figure", before="90th percentile"),
        Column(f"Within {reach.threshold:g}", "figure", before="within"),
        Column("Worst from", "figure quiet", before="worst from"),
    )
    rows = [
        (
            wording.one_line(one.file.name), one.file.split, f"{one.distances.median:.2f}",
            f"{one.distances.p90:.2f}", f"{one.distances.within:.0%}", _clock(one.worst_s),
        )
        for one in reach.files[:_WORST]
    ]  # fmt: skip
    made = table("Recordings that are reached worst", columns, rows, stacked=True)
    return join(made) if sounds is None else join(_player(reach, sounds), made)


def _clock(seconds: float) -> str:
    """A position in a recording: `1:05.3`."""
    tenths = round(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _player(reach: Reach, folder: Path) -> Html:
    """The worst five seconds of the worst recordings that are still there."""
    recorded = Recorded(folder, (one.file for one in reach.files))
    names: list[str] = []
    heard: list[NDArray[np.float32]] = []
    for one in reach.files:
        if len(heard) == MOST_SOUNDS:
            break
        sound = recorded.read(one.file.name, one.worst_s, WORST_S)
        if sound is not None:
            names.append(wording.one_line(one.file.name))
            heard.append(sound)
    if not heard:
        note = "None of them is in the folder any more, as it was analysed."
        return tag("p", note, class_="note")
    together = np.zeros((len(heard), max(map(len, heard))), np.float32)
    for row, sound in zip(together, heard, strict=True):
        row[: len(sound)] = sound
    preview = equal_loudness(together, SAMPLE_RATE_HZ)
    level = lanes.levels(names, together, SAMPLE_RATE_HZ)
    stack = lanes.stack([level], together.shape[1] / SAMPLE_RATE_HZ)
    note = f"{_WORST_NOTE} {loudness_note(names, preview)}"
    return player("worst-sounds", names, preview, stack, note=note)


def _ranges(reach: Reach) -> Html:
    columns = (
        Column("Column"),
        Column("Recorded", "figure", before="recorded"),
        Column("Synth", "figure quiet", before="synth"),
        Column("", "bars"),
    )
    rows = [_range(one) for one in reach.ranges]
    return join(tag("p", _RANGES_NOTE, class_="note"), table("Ranges", columns, rows, stacked=True))


def _range(one: ColumnRange) -> tuple[str, ...]:
    unit = "" if one.unit == "1" else f" {one.unit}"
    recorded = "–" if one.recorded is None else f"{_numbers(one.recorded[::2])}{unit}"
    offered = "–" if one.table is None else f"{_numbers(one.table)}{unit}"
    return (tag("code", one.column), wording.unbroken(recorded), wording.unbroken(offered), _bars(one))


def _numbers(values: Sequence[float]) -> str:
    return " to ".join(wording.number(value) for value in values)


def _bars(one: ColumnRange) -> Html:
    """Both ranges on one scale."""
    ends = [*(one.recorded or ()), *(one.table or ())]
    if not ends:
        return join()
    # Frequencies span octaves.
    scale = np.log2 if one.unit in ("Hz", "1/s") and min(ends) > 0 else np.asarray
    low, high = float(scale(min(ends))), float(scale(max(ends)))

    def place(value: float) -> float:
        return 100 * (float(scale(value)) - low) / (high - low) if high > low else 50.0

    shapes = []
    if one.recorded is not None:
        begin, middle, end = map(place, one.recorded)
        shapes.append(_bar(begin, end, 0, "var(--ink)"))
        shapes.append(_bar(middle - 0.5, middle + 0.5, 0, "var(--card)"))
    if one.table is not None:
        shapes.append(_bar(place(one.table[0]), place(one.table[1]), 7, "var(--accent)"))
    return tag(
        "svg", *shapes, viewBox="0 0 100 12", preserveAspectRatio="none", aria_hidden="true",
        style="display:block;width:100%;height:.75rem",
    )  # fmt: skip


def _bar(begin: float, end: float, y: float, fill: str) -> Html:
    return tag("rect", x=begin, y=y, width=max(end - begin, 0.6), height=5, style=f"fill:{fill}")
