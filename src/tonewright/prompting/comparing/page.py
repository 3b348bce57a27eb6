"""The page of a comparison: listen to both, and read both cards side by side."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from tonewright import wording
from tonewright.prompting.comparing.comparison import Comparison, Side
from tonewright.prompting.comparing.tables import COMPONENTS, components, signed, terms
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ
from tonewright.reports import lanes
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import player
from tonewright.reports.sounds import Preview, equal_loudness, loudness_note

_ALIKE = 0.02
"""A difference of components that is not worth telling."""
_READING = (
    "Scores lie between 0 and 1, and are of the files as they are, not of what the player plays. A component "
    "is the geometric mean of its terms, the reward that of the components. A dot marks the better of two "
    "terms that are 0.1 or more apart. A dash stands for what does not apply."
)


def comparison_html(found: Comparison) -> str:
    """The page of a comparison. It holds all it needs, and the browser lets it connect to nothing."""
    brief = found.brief
    sections = [
        Section("listen", "Listen", _listen(found)),
        Section("components", "The five components", components(found)),
        *(
            Section(f"terms-{name}", name.capitalize(), terms(found, name))
            for name in COMPONENTS
            if any(name in side.card.terms for side in found.sides)
        ),
        Section("brief", "The brief", _brief(found)),
    ]
    names = [side.name for side in found.sides]
    faults = [f"{side.name}: {side.card.fault}." for side in found.sides if side.card.fault]
    return page(
        brief.description,
        sections,
        title=f"{names[0]} or {names[1]}",
        eyebrow="Two sounds against one brief",
        lede=f"{names[0]} · {names[1]} · {_asked(found)}",
        summary=_verdict(found),
        notice=" ".join(faults),
        aside=Section("reward", "Reward", _rewards(found)),
        style=_style(),
    )


@cache
def _style() -> str:
    return (files("tonewright.prompting.comparing") / "compare.css").read_text("utf-8")


def _asked(found: Comparison) -> str:
    target = found.brief.target
    bars = "" if target.bars is None else wording.quantity(target.bars, "bar")
    tempo = "" if target.bpm is None else f"{wording.number(target.bpm, 4)} BPM"
    parts = [found.brief.category, tempo, bars, target.key or "", wording.duration(target.seconds)]
    return " · ".join(filter(None, parts))


def _verdict(found: Comparison) -> str:
    """Which is better and by what, in a sentence or two."""
    better = found.better
    if better is None:
        return "Neither is better: their rewards are the same."
    name = found.sides[better].name
    text = f"{name} is better by {abs(found.difference):.2f}."
    sign = 1 if better else -1
    told = sorted(((sign * value, part) for part, value in found.differences.items()), reverse=True)
    ahead = [f"{part} ({signed(value)})" for value, part in told if value >= _ALIKE]
    behind = [f"{part} ({signed(value)})" for value, part in told[::-1] if value <= -_ALIKE]
    if ahead:
        text += f" It leads in {wording.listing(ahead)}"
        text += f", and falls behind in {wording.listing(behind)}." if behind else "."
    return text


def _rewards(found: Comparison) -> Html:
    rows = []
    for number, side in enumerate(found.sides):
        total = side.card.total
        mark = tag("span", "better", class_="won") if found.better == number else join()
        meter = tag(
            "div", tag("i", style=f"--at:{total:.4f}"), class_="meter", role="meter", aria_valuemin="0",
            aria_valuemax="1", aria_valuenow=f"{total:.3f}", aria_label=f"Reward of {side.name}",
        )  # fmt: skip
        head = tag(
            "p", tag("b", f"{total:.2f}"), tag("span", side.name, class_="whose"), mark, class_="score"
        )
        rows.append(tag("div", head, meter, class_=f"total sound-{number}"))
    return tag("div", *rows, class_="totals")


def _listen(found: Comparison) -> Html:
    names = [side.name for side in found.sides]
    frames = max(side.samples.shape[1] for side in found.sides)
    sounds = np.stack(
        [np.pad(side.samples, ((0, 0), (0, frames - side.samples.shape[1]))) for side in found.sides]
    )
    preview = equal_loudness(sounds, SAMPLE_RATE_HZ)
    mono = np.asarray(sounds.mean(axis=1), np.float32)
    pictures = [*lanes.spectrograms(names, mono, SAMPLE_RATE_HZ), lanes.levels(names, mono, SAMPLE_RATE_HZ)]
    return player(
        "player",
        names,
        preview,
        lanes.stack(pictures, preview.whole_seconds, _marks(found, preview)),
        legend=lanes.legend(2),
        note=loudness_note(names, preview),
    )


def _marks(found: Comparison, preview: Preview) -> list[Html]:
    """Where bars begin, and where the players end."""
    target, seconds = found.brief.target, preview.whole_seconds
    made = []
    if target.bpm is not None and target.bars is not None:
        bar_s = target.seconds / target.bars
        starts = [number * bar_s for number in range(1, 1 + int(seconds / bar_s - 1e-3))]
        made = lanes.marks([(at_s, f"bar {number}", "") for number, at_s in enumerate(starts, 2)], seconds)
    if preview.cut:
        made.append(lanes.mark("the players end here", preview.seconds, seconds, seconds))
    return made


def _brief(found: Comparison) -> Html:
    brief, target = found.brief, found.brief.target
    kinds = dict.fromkeys((brief.category, brief.subcategory))
    facts = [
        ("Asked for", brief.description),
        ("Category", ", ".join(kinds)),
        ("Length", wording.duration(target.seconds)),
        ("Tempo", "" if target.bpm is None else f"{wording.number(target.bpm, 4)} BPM"),
        ("Key", target.key or ""),
        ("Tone words", ", ".join(target.tone)),
        ("Elements", ", ".join(target.elements)),
        *((side.name, _file(side)) for side in found.sides),
    ]  # fmt: skip
    rows = [tag("div", tag("dt", name), tag("dd", wording.unbroken(text))) for name, text in facts if text]
    return join(tag("dl", *rows), tag("p", _READING, class_="note reading"))


def _file(side: Side) -> str:
    seconds = side.samples.shape[1] / SAMPLE_RATE_HZ
    fault = f"; {side.card.fault}" if side.card.fault else ""
    return f"{wording.duration(seconds)}, reward {side.card.total:.3f}{fault}"
