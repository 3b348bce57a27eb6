"""The page of a session: both sides, to see and to hear, what was told and happened, and what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

import numpy as np

from tonewright import wording
from tonewright.improvising.hearing import HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.portrait.drawn import control_lanes, descriptor_lane, heard_at_s
from tonewright.improvising.session.counters import COUNTERS, troubles, untroubled
from tonewright.improvising.session.kept.folder import FILE, LOG, Kept
from tonewright.improvising.session.kept.moments import Moment, moments
from tonewright.improvising.session.kept.report import Report, Side
from tonewright.improvising.session.kept.timing_plot import timing_plot
from tonewright.improvising.session.osc import OSC
from tonewright.reports import lanes
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import player
from tonewright.reports.sounds import equal_gain, gain_note
from tonewright.reports.table import Column, table
from tonewright.reports.traces import Trace

_MOST_ROWS = 500
"""Of a table."""
_MOST_POINTS = 4_000
_COMMANDS = (Column("Mark"), Column("Time"), Column("Command"), Column("Value"))
_EVENTS = (Column("Mark"), Column("Time"), Column("Event"))
_SAME = {
    True: "Played again, it gives the same samples.",
    False: "Played again, it does not give the same samples; see above.",
    None: "It could not be played again; see above.",
}
_LANES_NOTE = (
    "What is recorded is heard as agents hear; nothing is drawn where there is silence, or no pitch. Marks "
    "are numbered as in the tables below."
)
_TIMING_NOTE = (
    "Both axes are logarithmic. The line is where the next hop is due, after {hop}: a hop that ends beyond "
    "it keeps the next one waiting."
)
_CONTROLS_NOTE = {
    True: " Below, the controls of the synth.",
    False: " Below, the controls of the synth as they were turned when it was played again: from the mark "
    "“differs” on they may have been others.",
}


def report_html(found: Report) -> str:
    """The page of a session.

    Args:
        found: What became of it.

    Returns:
        One HTML document that needs no other file and no network. All names and words are escaped.
    """
    kept = found.kept
    sections = [
        Section("glance", "At a glance", tag("ul", *map(_item, _glance(found)), class_="findings")),
        Section("sounds", "What was played", tag("div", tag("div", _played(found), class_="take"))),
    ]
    every = moments(kept)
    told = [(f"{one.number}", _time(one), one.do, one.words) for one in every if one.do]
    if told:
        sections.append(Section("commands", "What it was told", _long(_COMMANDS, told, FILE)))
    happened = [(f"{one.number}", _time(one), one.words) for one in every if not one.do]
    if happened:
        sections.append(Section("events", "What happened", _long(_EVENTS, happened, LOG)))
    plots = [timing_plot(name, one) for name, one in found.timings.items() if one.counts.any()]
    if plots:
        note = _TIMING_NOTE.format(hop=wording.duration(HOP_S, 2))
        sections.append(Section("timing", "Timing", tag("div", *plots, tag("p", note, class_="note"))))
    if kept.counters:
        sections.append(Section("counters", "What was counted", _counters(kept.counters)))
    return page(
        f"A session with {wording.one_line(kept.synth)}",
        sections,
        eyebrow="Tonewright session",
        lede=f"{wording.duration(kept.seconds)} · {_began(kept)}",
        notice="" if found.same_samples else found.same,
    )


def _item(text: str) -> Html:
    return tag("li", wording.unbroken(text))


def _glance(found: Report) -> list[str]:
    kept = found.kept
    agent = "the one that ships" if kept.agent is None else wording.one_line(kept.agent)
    note = "" if kept.note is None else f" Note {wording.number(kept.note, 4)}."
    told = [
        f"{wording.duration(kept.seconds)}, {kept.hops:,} hops, from {_began(kept)} on.",
        f"It heard {_place(kept.input)} and played to {_place(kept.output)}.",
        f"Agent: {agent}.{note} Seed {kept.seed}.",
        _SAME[found.same_samples],
    ]
    some, none = troubles(kept.counters), untroubled(kept.counters)
    if some:
        told.append(f"{wording.listing(some)}.")
    if none:
        told.append(f"No {wording.listing(none, 'or')}.")
    if not {"late_deadlines", "underruns"} & kept.counters.keys():
        told.append("It was played as fast as it went, not in real time.")
    elif "worst_hop_ms" in kept.counters:
        worst_ms = kept.counters["worst_hop_ms"]
        told.append(f"The slowest hop took {worst_ms:.1f} ms; there are {1000 * HOP_S:.1f} ms for each.")
    if "recording" in kept.document:
        told.append(f"The recording ended early: {wording.one_line(kept.document['recording'])}.")
    return told


def _place(name: str) -> str:
    known = {OSC: "another program (Open Sound Control)", "default": "the default sound card"}
    return known.get(name, wording.one_line(name))


def _began(kept: Kept) -> str:
    return f"{kept.began.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _played(found: Report) -> Html:
    """Both sounds, and what was heard and turned, on one axis of time."""
    if not found.sides:
        return tag("p", "Nothing was recorded: there is nothing to see or to hear.", class_="note")
    names = [f"the {side.name}" for side in found.sides]
    longest = max(len(side.sound) for side in found.sides)
    audio = np.stack([np.pad(side.sound, (0, longest - len(side.sound))) for side in found.sides])
    preview = equal_gain(audio, SAMPLE_RATE_HZ, whole=True)
    seconds = longest / SAMPLE_RATE_HZ
    drawn = lanes.spectrograms(names, audio, SAMPLE_RATE_HZ)
    for column in found.columns:
        # The second is a band beneath the first.
        curves = [_trace(i, side, column.column) for i, side in enumerate(found.sides)]
        drawn.append(descriptor_lane(column, curves[::-1], seconds))
    note = _LANES_NOTE
    if found.controls:
        every = _every(len(found.turned))
        at_s = np.arange(len(found.turned))[::every] * HOP_S
        turned = found.turned[::every]
        drawn += control_lanes(found.controls, [("the agent", "sound-0", turned)], at_s, seconds)
        note += _CONTROLS_NOTE[bool(found.same_samples)]
    return join(
        tag("p", _cut(found) + note, class_="note"),
        player(
            "session",
            names,
            preview,
            lanes.stack(drawn, seconds, _marks(found, seconds)),
            legend=lanes.legend(len(names)),
            note=gain_note(preview),
        ),
    )


def _trace(number: int, side: Side, column: str) -> Trace:
    values = side.traces[column]
    every = _every(len(values))
    return Trace(f"the {side.name}", f"sound-{number}", heard_at_s(len(values))[::every], values[::every])


def _every(hops: int) -> int:
    """Of so many hops a curve has a point for each, or for every second, third."""
    return max(1, hops // _MOST_POINTS)  # a lane is hardly wider than a thousand pixels


def _cut(found: Report) -> str:
    whole_s = found.kept.seconds
    if found.shown_s > whole_s - HOP_S:
        return ""
    return (
        f"To keep this page small, the first {wording.duration(found.shown_s)} of "
        f"{wording.duration(whole_s)} are shown here; tables and figures below cover all of it. "
    )


def _marks(found: Report, seconds: float) -> list[Html]:
    lines = [(one.at_s, f"{one.number}", _label(one)) for one in moments(found.kept) if one.at_s < seconds]
    drawn = lanes.marks(lines, seconds)
    if found.differs_from_s is not None and found.differs_from_s < seconds:
        drawn.append(lanes.mark("differs", found.differs_from_s, seconds))
    return drawn


def _label(moment: Moment) -> str:
    return f"{moment.do} {moment.words}".rstrip("– ") if moment.do else ""


def _time(moment: Moment) -> str:
    return wording.unbroken(moment.time)


def _long(heads: Sequence[Column], rows: Sequence[Sequence[str]], file: str) -> Html:
    made = table(f"{heads[2].title}s", heads, rows[:_MOST_ROWS])
    if len(rows) <= _MOST_ROWS:
        return made
    note = f"The first {_MOST_ROWS} of {len(rows):,}; {file} holds all."
    return join(made, tag("p", note, class_="note"))


def _counters(counters: Mapping[str, float]) -> Html:
    order = [*(name for name in COUNTERS if name in counters), *sorted(counters.keys() - COUNTERS.keys())]
    rows = []
    for name in order:
        title, meaning = COUNTERS.get(name, (name, ""))
        value = counters[name]
        text = wording.unbroken(f"{value:,.2f} ms") if name.endswith("_ms") else f"{value:,.0f}"
        rows.append((title, text, meaning))
    heads = (Column("What"), Column("How many", "figure"), Column("Which are", "quiet"))
    return table("Counters", heads, rows, stacked=True)
