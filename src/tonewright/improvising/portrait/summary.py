"""The character of an agent in a few numbers, and in plain words for a musician."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tonewright import wording
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.portrait.portraying import Portrait, Take
from tonewright.improvising.portrait.shown import Shown

AT_ONCE_MS, QUICK_MS, HEARD_MS = 30.0, 100.0, 300.0
"""Up to which rise time an answer comes at once (two attacks so near are heard as one), quickly, and with a
delay that is heard; what takes longer is slow."""
STILL = {"octaves": 10.0, "level": 0.5}
"""Trembling, in cents and dB, up to which a held note is still; of other columns, a tenth of a step."""
EXACT = {"octaves": 20.0, "level": 1.0}
"""Overshoot and error, in cents and dB, up to which nothing is said of them; of others, a fifth of a step."""
SELDOM, OFTEN = 0.05, 0.25
"""Share of hops and controls at an end of their range: up to the first seldom, from the second on often."""
RESTLESS_PER_S = 0.1
"""Ranges a second that a control travels on average, from which on it moves while nothing changes."""
NEAR_ORACLE = 0.95
"""Share of the oracle's reward from which on an agent is as good as it."""


@dataclass(frozen=True)
class Manner:
    """How an agent follows in one column; medians over what it followed, in cents, dB or the unit.

    Attributes:
        steps: How many steps there were.
        heard: Before and after how many of them it had a value.
        followed: How many it went along with.
        rise_ms: Time to 90 % of its way.
        overshoot: How far beyond where it ended.
        settling_ms: Time until it stays within a tenth of its way.
        settled: How many it settled after.
        off: Magnitude of the difference where it ended, of all steps.
        lag_ms: How late it is with whatever moves in all takes.
        trembling: While a note is held.
    """

    steps: int
    heard: int
    followed: int
    rise_ms: float | None
    overshoot: float | None
    settling_ms: float | None
    settled: int
    off: float | None
    lag_ms: float | None
    trembling: float | None


@dataclass(frozen=True)
class Character:
    """How an agent plays, in numbers.

    Attributes:
        manners: By column.
        rests: Whether a take ends in silence.
        silenced_ms: How long after the musician it is silent there; None if it is not.
        held_travel_per_s: Ranges a second that its controls travel while a note is held; None without one.
        rails_share: Share of all hops and controls at either end of their range.
        reward: On recordings that no training saw, mean over time; None without them.
        oracle_reward: What the step-limited oracle gets there.
    """

    manners: dict[str, Manner]
    rests: bool
    silenced_ms: float | None
    held_travel_per_s: float | None
    rails_share: float
    reward: float | None
    oracle_reward: float | None


def character(portrait: Portrait) -> Character:
    """The numbers of a portrait."""
    takes = portrait.takes
    resting = [take for take in takes if take.silent is not None]
    recordings = [take for take in takes if take.kind == "recording"]
    rails = _mean((take.agent.scores["rails_share"], take.hops) for take in takes)
    return Character(
        manners={one.column: _manner(one, takes) for one in portrait.columns},
        rests=bool(resting),
        silenced_ms=_median(take.silenced_ms for take in resting),
        held_travel_per_s=_median(_held_travel_per_s(take) for take in takes),
        rails_share=rails or 0.0,
        reward=_mean((take.agent.scores["reward"], take.hops) for take in recordings),
        oracle_reward=_mean((take.oracle.scores["reward"], take.hops) for take in recordings),
    )


def _manner(one: Shown, takes: Iterable[Take]) -> Manner:
    takes = list(takes)
    answers = [answer for take in takes for answer in take.responses[one.column] if answer is not None]
    settled = [answer.settling_ms for answer in answers if answer.settling_ms is not None]
    return Manner(
        steps=len(answers),
        heard=sum(answer.share is not None for answer in answers),
        followed=sum(answer.rise_ms is not None for answer in answers),
        rise_ms=_median(answer.rise_ms for answer in answers),
        overshoot=_median(answer.overshoot for answer in answers),
        settling_ms=_median(settled),
        settled=len(settled),
        off=_median(None if answer.off is None else abs(answer.off) for answer in answers),
        lag_ms=_median(take.lags_ms[one.column] for take in takes),
        trembling=_median(take.trembling.get(one.column) for take in takes),
    )


def facts(portrait: Portrait) -> dict[str, Any]:
    """A portrait as plain values for JSON: what is said, the character, and the numbers of every take."""
    found = character(portrait)
    return {
        "agent": portrait.method,
        "synth": portrait.synth.name,
        "columns": {
            one.column: {"title": one.title, "unit": one.unit, "difference_unit": one.difference_unit}
            for one in portrait.columns
        },
        "glance": glance(portrait.columns, found),
        "character": asdict(found),
        "takes": [
            {
                "kind": take.kind,
                "name": take.name,
                "seconds": round(take.seconds, 3),
                "agent": take.agent.scores,
                "oracle": take.oracle.scores,
                "off": take.agent.errors,
                "lags_ms": take.lags_ms,
                "trembling": take.trembling,
                "steps": [
                    {
                        "at_s": round(change.at * HOP_S, 3),
                        "name": change.name,
                        **{
                            column: answer and answer._asdict()
                            for column, answer in zip(take.responses, answers, strict=True)
                        },
                    }
                    for change, *answers in zip(take.changes, *take.responses.values(), strict=True)
                ],
            }
            for take in portrait.takes
        ],
    }


def glance(columns: Iterable[Shown], found: Character) -> list[str]:
    """What a musician has to know, a sentence or a few for each point.

    Args:
        columns: What is shown.
        found: The numbers.
    """
    columns = list(columns)
    said = [_followed(one, found.manners[one.column]) for one in columns if found.manners[one.column].steps]
    held = [(one, found.manners[one.column].trembling) for one in columns]
    said += _held([(one, tremble) for one, tremble in held if tremble is not None], found.held_travel_per_s)
    if found.rests:
        if found.silenced_ms is None:
            said.append("When you stop, it goes on: it does not get silent within a second.")
        else:
            said.append(f"When you stop, it is silent {_after(found.silenced_ms)}.")
    said.append(_at_the_ends(found.rails_share))
    if found.reward is not None and found.oracle_reward is not None:
        said.append(_compared(found.reward, found.oracle_reward))
    return said


def _followed(one: Shown, manner: Manner) -> str:
    steps = "the step" if manner.steps == 1 else f"the {wording.count(manner.steps)} steps"
    if manner.rise_ms is None:
        why = "it does not follow" if 2 * manner.heard > manner.steps else "it hardly has any of its own"
        return f"{one.title}: {why}; it goes along with none of {steps}."
    speed = "slowly"
    for until_ms, word in (
        (AT_ONCE_MS, "at once"),
        (QUICK_MS, "quickly"),
        (HEARD_MS, "with a delay you hear"),
    ):
        if manner.rise_ms <= until_ms:
            speed = word
            break
    along = "it follows"
    if manner.followed < manner.steps:
        along = f"it goes along with {wording.count(manner.followed)} of {steps}, those"
    text = f"{one.title}: {along} {speed}, 90 % of the way in {wording.duration(manner.rise_ms / 1000, 2)}"
    exact = EXACT.get(one.kind, one.least / 5)
    beyond, off = manner.overshoot or 0.0, manner.off or 0.0
    restless = manner.followed - manner.settled
    if 2 * restless > manner.followed:  # what goes beyond the end is then no overshoot
        after = "" if manner.steps == 1 else f" after {wording.count(restless)} of {steps}"
        text += f", but does not settle{after}"
    else:
        text += f", overshoots by {one.difference(beyond)}" if beyond > exact else ", does not overshoot"
    text += f" and ends {one.difference(off)} off." if off > exact else " and ends where you are."
    if 0 < 2 * restless <= manner.followed:
        text += f" After {wording.count(restless)} of {steps} it does not settle."
    return text


def _held(trembling: list[tuple[Shown, float]], travel_per_s: float | None) -> list[str]:
    if not trembling:
        return []
    moved = [
        f"{one.title.lower()} by ±{one.difference(value)}"
        for one, value in trembling
        if value > STILL.get(one.kind, one.least / 10)
    ]
    text = (
        f"When you hold a note, it trembles: {wording.listing(moved)}."
        if moved
        else ("When you hold a note, it holds still.")
    )
    if travel_per_s is not None and travel_per_s > RESTLESS_PER_S:
        text += f" Its controls travel {wording.quantity(travel_per_s, 'range', 2)} a second meanwhile."
    return [text]


def _after(late_ms: float) -> str:
    return f"{wording.duration(late_ms / 1000, 2)} later" if late_ms > AT_ONCE_MS else "at once"


def _at_the_ends(share: float) -> str:
    word = "seldom" if share <= SELDOM else "often" if share >= OFTEN else "at times"
    text = (
        f"Its controls are {word} at an end of their range: {wording.number(100 * share, 2)} % of the time."
    )
    return f"{text} Either the best is there, or what is played lies beyond it." if share >= OFTEN else text


def _compared(reward: float, oracle: float) -> str:
    text = (
        f"Recordings that no training saw: it gets a reward of {reward:.2f}, and the best that the lookup "
        f"table knows, as fast as it may move, {oracle:.2f}"
    )
    share = reward / oracle if oracle > 0 else 1.0
    return f"{text}; it is as near as can be." if share >= NEAR_ORACLE else f"{text}."


def _held_travel_per_s(take: Take) -> float | None:
    if take.held is None:
        return None
    controls = take.agent.controls[slice(*take.held)].astype(np.float64)
    seconds = take.seconds * len(controls) / take.hops
    return float(np.abs(np.diff(controls, axis=0)).sum(axis=0).mean() / seconds)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _mean(values: Iterable[tuple[float | None, float]]) -> float | None:
    """Of values and their weights."""
    known = [(value, weight) for value, weight in values if value is not None]
    if not known:
        return None
    numbers, weights = np.transpose(known)
    return float(np.average(numbers, weights=weights))
