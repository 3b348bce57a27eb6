"""The page of an agent: its character at a glance, then take by take what it did, to see and to hear."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tonewright import wording
from tonewright.improvising.evaluation import SHIPPED
from tonewright.improvising.hearing import HOP_S, SAMPLE_RATE_HZ, WINDOW
from tonewright.improvising.portrait.drawn import control_lanes, descriptor_lane, heard_at_s
from tonewright.improvising.portrait.portraying import Portrait, Take
from tonewright.improvising.portrait.responses import Response
from tonewright.improvising.portrait.shown import Shown
from tonewright.improvising.portrait.summary import Character, Manner, character, glance
from tonewright.reports import lanes
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import player
from tonewright.reports.sounds import equal_gain, gain_note
from tonewright.reports.table import Column, table
from tonewright.reports.traces import GHOST, Trace, ghost_switch

_AGENT, _MUSICIAN, _ORACLE = "the agent", "the musician", "step-limited oracle"
_KINDS = {
    "gesture": ("gestures", "Gestures", "Played on a sine, so that every change is known."),
    "recording": (
        "recordings",
        "Recordings it never heard",
        "Phrases of the corpus that were kept from training.",
    ),
    "walk": ("walks", "What the synth itself plays", ""),
}
_MANNERS_NOTE = (
    "Medians. Rise time: from when the musician had gone 90 % of the way until the agent had gone 90 % of "
    "its own. Settling: until it stays within a tenth of its way. Overshoot: beyond where it ends; off: "
    "where it ends, minus where the musician does. Lag: by how much it is late in all takes, with whatever "
    "moves. Trembling: half of what the middle nine tenths of the time span while a note is held. While a "
    "pitch changes, what is heard of it may slip for an instant, on both sides."
)
_ORACLE_NOTE = (
    "The oracle looks up the nearest sound of the synth and goes there as fast as the agent may move: what "
    "it does not reach, the agent hardly can."
)
_LANES_NOTE = (
    "Both sides are heard alike, {window:.0f} ms at a time; nothing is drawn where there is silence, or no "
    "pitch. Below, the controls of the synth."
)


def portrait_html(portrait: Portrait) -> str:
    """The page of an agent.

    Args:
        portrait: How it played.

    Returns:
        One HTML document that needs no other file and no network. All names are escaped.
    """
    found = character(portrait)
    findings = tag("ul", *(tag("li", text) for text in glance(portrait.columns, found)), class_="findings")
    switch = ghost_switch("Draw what the step-limited oracle does, too")
    sections = [
        Section("glance", "At a glance", join(findings)),
        Section("figures", "In figures", join(_manners(portrait.columns, found), _takes(portrait))),
    ]
    for kind, (id_, title, note) in _KINDS.items():
        takes = [(i, take) for i, take in enumerate(portrait.takes) if take.kind == kind]
        if not takes:
            continue
        content = [_take(portrait, take, f"take-{i + 1}") for i, take in takes]
        if kind == "gesture":
            words = f"{note} {_LANES_NOTE.format(window=1000 * WINDOW / SAMPLE_RATE_HZ)} {_ORACLE_NOTE}"
            content.insert(0, join(tag("p", words, class_="note"), switch))
        elif note:
            content.insert(0, tag("p", note, class_="note"))
        sections.append(Section(id_, title, join(*content)))
    seconds = sum(take.seconds for take in portrait.takes)
    who = "The agent that ships" if portrait.method == SHIPPED else portrait.method
    return page(
        f"An agent plays {portrait.synth.name}",
        sections,
        title=f"{who}: {portrait.synth.name}",
        eyebrow="Tonewright agent",
        lede=f"{who} · {wording.count(len(portrait.takes))} takes, {wording.duration(seconds)}",
        aside=_reward(found),
    )


def _reward(found: Character) -> Section | None:
    if found.reward is None or found.oracle_reward is None:
        return None
    score = tag("p", tag("b", f"{found.reward:.2f}"), class_="score")
    text = (
        "mean over time, from recordings that no training saw, beside "
        f"{found.oracle_reward:.2f} of the step-limited oracle. The environment's reward tells how near the "
        "agent is to the musician in what counts."
    )
    return Section("reward", "Reward", join(score, tag("p", text, class_="note")))


def _manners(columns: Sequence[Shown], found: Character) -> Html:
    heads = (
        Column("What is followed"),
        Column("Steps followed", "figure quiet", after="followed"),
        Column("Rise time", "figure", before="rise"),
        Column("Overshoot", "figure", before="overshoot"),
        Column("Settling", "figure", before="settling"),
        Column("Off", "figure", before="off"),
        Column("Lag", "figure", before="lag"),
        Column("Trembling", "figure", before="trembling"),
    )
    rows = [_manner(one, found.manners[one.column]) for one in columns]
    return join(
        table("How steps are followed", heads, rows, stacked=True), tag("p", _MANNERS_NOTE, class_="note")
    )


def _manner(one: Shown, manner: Manner) -> tuple[str, ...]:
    tremble = "–" if manner.trembling is None else f"±{one.difference(manner.trembling)}"
    followed = f"{manner.followed} of {manner.steps}" if manner.steps else "–"
    return (
        one.title,
        wording.unbroken(followed),
        _ms(manner.rise_ms),
        _difference(one, manner.overshoot),
        _ms(manner.settling_ms),
        _difference(one, manner.off),
        _ms(manner.lag_ms),
        wording.unbroken(tremble),
    )


def _takes(portrait: Portrait) -> Html:
    """The numbers of all takes."""
    heads = [
        Column("Take"),
        Column("Reward", "figure", before="reward"),
        Column("Oracle", "figure quiet", before="oracle"),
        *(Column(f"{one.title} off", "figure", before=one.title.lower()) for one in portrait.columns),
        Column("Lag", "figure", before="lag"),
        Column("Travel", "figure quiet", before="travel"),
        Column("At the ends", "figure quiet", before="at the ends"),
    ]
    rows = []
    for i, take in enumerate(portrait.takes):
        scores = take.agent.scores
        rows.append(
            (
                tag("a", wording.one_line(take.name), href=f"#take-{i + 1}-title"),
                _number(scores["reward"]),
                _number(take.oracle.scores["reward"]),
                *(_difference(one, take.agent.errors[one.column]) for one in portrait.columns),
                _ms(scores["lag_ms"]),
                wording.unbroken(f"{scores['travel_per_s']:.2g} /s"),
                f"{scores['rails_share']:.0%}",
            )
        )
    note = (
        "Off: median difference from the musician while both have it. Lag: of all that counts. Travel: how "
        "many ranges a control goes in a second, on average. At the ends: share of the time that a control "
        "is at an end of its range."
    )
    return join(table("Takes", heads, rows, stacked=True), tag("p", note, class_="note"))


def _take(portrait: Portrait, take: Take, id_: str) -> Html:
    names, sounds = [_AGENT], [take.agent.sound]
    note = ""
    if take.musician.sound is not None:
        names.append(_MUSICIAN)
        sounds.append(take.musician.sound)
    else:
        note = (
            "The musician is not heard here: his recordings were not at hand as they were analysed, or their "
            "folder was not named (--sounds). "
        )
    audio = np.stack([sound for sound in sounds if sound is not None])
    preview = equal_gain(audio, SAMPLE_RATE_HZ)
    seconds = audio.shape[1] / SAMPLE_RATE_HZ
    drawn = [
        *lanes.spectrograms(names, audio, SAMPLE_RATE_HZ),
        *(_descriptor(one, take, seconds) for one in portrait.columns),
        *_controls(portrait, take, seconds),
    ]
    marks = [lanes.mark(change.name, change.at * HOP_S, seconds) for change in take.changes]
    parts = [
        tag("h3", wording.one_line(take.name), id=f"{id_}-title"),
        tag("p", take.meaning, class_="note"),
        player(
            id_,
            names,
            preview,
            lanes.stack(drawn, seconds, marks),
            legend=lanes.legend(len(names)),
            note=note + gain_note(preview),
        ),
    ]
    if any(answer is not None for answers in take.responses.values() for answer in answers):
        parts.append(_responses(portrait.columns, take))
    return tag("div", *parts, class_="take")


def _descriptor(one: Shown, take: Take, seconds: float) -> Html:
    at_s = heard_at_s(take.hops)
    sides = (
        (take.oracle, _ORACLE, GHOST),
        (take.musician, _MUSICIAN, "sound-1"),
        (take.agent, _AGENT, "sound-0"),
    )
    drawn = [Trace(name, class_, at_s, side.traces[one.column]) for side, name, class_ in sides]
    return descriptor_lane(one, drawn, seconds)


def _controls(portrait: Portrait, take: Take, seconds: float) -> list[Html]:
    sides = ((_ORACLE, GHOST, take.oracle.controls), (_AGENT, "sound-0", take.agent.controls))
    return control_lanes(portrait.synth.controls.controls, sides, np.arange(take.hops) * HOP_S, seconds)


def _responses(columns: Sequence[Shown], take: Take) -> Html:
    heads = (
        Column("Step"),
        Column("In", "quiet"),
        Column("Rise time", "figure", before="rise"),
        Column("Overshoot", "figure", before="overshoot"),
        Column("Settling", "figure", before="settling"),
        Column("Off", "figure", before="off"),
    )
    rows = []
    for i, change in enumerate(take.changes):
        for one in columns:
            answer = take.responses[one.column][i]
            if answer is not None:
                rows.append((f"{change.at * HOP_S:.1f} s: {change.name}", one.title, *_response(one, answer)))
    return table(f"Steps of {take.name}", heads, rows, stacked=True)


def _response(one: Shown, answer: Response) -> tuple[str, ...]:
    if answer.share is None:
        return ("has none", "–", "–", _signed(one, answer.off))
    if answer.rise_ms is None:
        return ("does not follow", "–", "–", _signed(one, answer.off))
    settling = "does not" if answer.settling_ms is None else _ms(answer.settling_ms)
    return _ms(answer.rise_ms), _difference(one, answer.overshoot), settling, _signed(one, answer.off)


def _ms(value: float | None) -> str:
    return "–" if value is None else wording.unbroken(f"{wording.minus(f'{value:.0f}')} ms")


def _difference(one: Shown, value: float | None) -> str:
    return "–" if value is None else wording.unbroken(one.difference(value))


def _signed(one: Shown, value: float | None) -> str:
    if value is None:
        return "–"
    text = one.difference(value)
    sign = "" if float(text.split()[0].replace(",", "")) == 0 else "−" if value < 0 else "+"
    return wording.unbroken(f"{sign}{text}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
