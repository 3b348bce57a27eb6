"""Portraits: an agent follows gestures, phrases that no training saw and random walks, and all is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UnknownNameError
from tonewright.features.hearing import hear
from tonewright.improvising.corpus.sounds import Recorded
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.evaluation import Stage, follow
from tonewright.improvising.following.phrases import Phrase, held_out_phrases
from tonewright.improvising.following.walks import walk
from tonewright.improvising.hearing import FRAMING, HOP, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.listening.features import descriptors_of
from tonewright.improvising.listening.normalising import AUDIBLE_DBFS, CONFIDENCE, LOUDNESS, PITCH
from tonewright.improvising.playing.performing import Performance
from tonewright.improvising.playing.scoring import lag, scores
from tonewright.improvising.portrait.gestures import Change, Gesture, gestures
from tonewright.improvising.portrait.measured import measured
from tonewright.improvising.portrait.responses import Response, response, silenced_ms, trembling
from tonewright.improvising.portrait.shown import Shown, shown, traces
from tonewright.learning.held_out import HELD_OUT_SEED
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth

ORACLE = "limited"
"""Whose trace stands beside the agent's: the nearest points of the table, as fast as the agent may move."""
_WALK_S = 5.0
_MOVES = 0.5
"""Standard deviation, as a share of a step that counts, from which on a column moves enough to be late with
it."""


@dataclass(frozen=True, eq=False)
class Part:
    """What one of them plays in a take.

    Attributes:
        sound: `[T * hop]` float32 at 44.1 kHz; None where there is none to hear.
        traces: `[T]` of each column that is shown, in its unit, NaN where it is not there.
        controls: `[T, D]` unit values; none, `[T, 0]`, of the musician.
        scores: Those of `scoring.scores`; empty for the musician.
        errors: Median magnitude of the difference from the musician in each column that is shown, in cents,
            dB or its unit; None where they never both have it. Empty for the musician.
    """

    sound: NDArray[np.float32] | None
    traces: dict[str, NDArray[np.float64]]
    controls: NDArray[np.float32]
    scores: dict[str, float | None]
    errors: dict[str, float | None]


@dataclass(frozen=True, eq=False)
class Take:
    """A phrase and how it was followed.

    Attributes:
        kind: "gesture", "recording" or "walk".
        name: Of the phrase.
        meaning: What it shows, in a line.
        hops: How long it is, T.
        musician: What was played.
        agent: How the agent followed.
        oracle: How the step-limited oracle followed, without its sound.
        changes: What the musician did when, where that is known.
        responses: Answers of the agent to these, for each column that is shown; None where that makes no
            step.
        lags_ms: How late the agent is with each column that moves; None where it cannot be told.
        trembling: Of each column while a note is held; empty without one.
        silenced_ms: How long after the musician the agent is silent; None if it is not, or nobody is to be.
        held: Hops from and before which a note is held.
        silent: Hops from and before which the agent is to be silent.
    """

    kind: str
    name: str
    meaning: str
    hops: int
    musician: Part
    agent: Part
    oracle: Part
    changes: tuple[Change, ...]
    responses: dict[str, tuple[Response | None, ...]]
    lags_ms: dict[str, float | None]
    trembling: dict[str, float | None]
    silenced_ms: float | None
    held: tuple[int, int] | None
    silent: tuple[int, int] | None

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.hops * HOP_S


@dataclass(frozen=True, eq=False)
class Portrait:
    """How an agent plays.

    Attributes:
        method: Name of the agent.
        synth: What it plays.
        columns: What is shown of both sides.
        takes: Gestures first, then recordings, then walks.
        split: The part of the corpus that recordings are of.
        recordings: How many phrases it has; 0 without a corpus.
    """

    method: str
    synth: Synth
    columns: tuple[Shown, ...]
    takes: tuple[Take, ...]
    split: str
    recordings: int


@dataclass(frozen=True, eq=False)
class _Task:
    """A phrase that is to be followed, and what is known of it."""

    kind: str
    meaning: str
    phrase: Phrase
    sound: NDArray[np.float32] | None
    gesture: Gesture | None = None


def portray(
    on: Stage,
    method: str | None = None,
    *,
    sounds: Path | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Portrait:
    """Let an agent follow, really rendered, what shows its character.

    Of the held-out phrases of the corpus those are taken that it follows best, in the middle and worst, as
    the lookup table tells; or all, if there are three or fewer.

    Args:
        on: The agent, its table and the corpus; see `evaluation.stage`.
        method: Which of `on.methods`; the first agent if not given.
        sounds: Folder of the recordings of the corpus, to hear them.
        progress: Called with the share of the work that has been done since.

    Raises:
        UnknownNameError: No such method.
        UsageError: `sounds` is no folder with sounds.
    """
    method = method or on.methods[0]
    if method not in on.methods:
        raise UnknownNameError("method", method, on.methods)
    synth = make_synth(on.config.synth, SAMPLE_RATE_HZ)
    descriptors = on.descriptors
    tasks = [_Task("gesture", one.meaning, one.phrase, one.sound, one) for one in gestures(descriptors)]
    count = 0
    if on.corpus is not None:
        phrases = held_out_phrases(on.corpus, on.split)
        count = len(phrases)
        recorded = None if sounds is None else Recorded(sounds, on.corpus.files)
        for phrase, meaning in _chosen(on, method, phrases, lambda share: progress(0.1 * share)):
            heard = None if recorded is None else _heard_again(recorded, phrase)
            tasks.append(_Task("recording", meaning, _with(phrase, tasks[0].phrase.columns), heard))
    else:
        progress(0.1)
    track = walk(len(synth.controls), round(_WALK_S / HOP_S), np.random.default_rng(HELD_OUT_SEED))
    phrase, sound = measured(f"A random walk of {synth.name}", synth, track, descriptors, HELD_OUT_SEED)
    meaning = "The synth itself, its controls at random: the agent could play the same."
    tasks.append(_Task("walk", meaning, phrase, sound))

    phrases = [task.phrase for task in tasks]
    env, played = _follow(on, phrases, "render", method, lambda share: progress(0.4 * share))
    _, followed = _follow(on, phrases, "render", ORACLE, lambda share: progress(0.4 * share))
    columns = shown(env.reward_columns, env.setting.scales, descriptors)
    wanted = descriptors_of((LOUDNESS, CONFIDENCE, *(one.column for one in columns)))
    measures = [one for one in wanted if one in descriptors]
    takes = []
    for row, task in enumerate(tasks):
        takes.append(_take(env, task, row, columns, played, followed, measures))
        progress(0.1 / len(tasks))
    return Portrait(method, synth, columns, tuple(takes), on.split, count)


def _follow(
    on: Stage, phrases: Sequence[Phrase], hearing: str, method: str, progress: Callable[[float], None]
) -> tuple[ImproviseEnv, Performance]:
    also = [one for one in descriptors_of((LOUDNESS, PITCH)) if one in on.descriptors]
    return follow(on, phrases, hearing, method, HELD_OUT_SEED, also=also, progress=progress)


def _chosen(
    on: Stage, method: str, phrases: list[Phrase], progress: Callable[[float], None]
) -> list[tuple[Phrase, str]]:
    """Phrases to show, and why each is."""
    env, played = _follow(on, phrases, "table", method, progress)
    rewards = [
        scores(played, row, len(phrase.frames), env.reward_columns)["reward"] or 0.0
        for row, phrase in enumerate(phrases)
    ]
    order = np.argsort(rewards)[::-1]
    if len(order) <= 3:
        return [(phrases[i], "A phrase that no training saw.") for i in order]
    of = f"of {len(order)} phrases that no training saw"
    return [
        (phrases[order[0]], f"The one it follows best {of}."),
        (phrases[order[len(order) // 2]], f"A typical one {of}: half are followed better."),
        (phrases[order[-1]], f"The one it follows worst {of}."),
    ]


def _with(phrase: Phrase, columns: tuple[str, ...]) -> Phrase:
    """The phrase with those columns that all have."""
    at = [phrase.columns.index(name) for name in columns]
    return phrase._replace(columns=columns, frames=phrase.frames[:, at])


def _heard_again(recorded: Recorded, phrase: Phrase) -> NDArray[np.float32] | None:
    """The sound of a phrase of recordings; None if any of them is gone."""
    sound = np.zeros(len(phrase.frames) * HOP, np.float32)
    at = 0
    for name, begin_s, end_s in phrase.files:
        piece = recorded.read(name, begin_s, end_s - begin_s)
        if piece is None:
            return None
        frames = round((end_s - begin_s) / HOP_S) * HOP
        sound[at : at + min(frames, len(piece))] = piece[:frames]
        at += frames
    return sound


def _take(
    env: ImproviseEnv,
    task: _Task,
    row: int,
    columns: tuple[Shown, ...],
    played: Performance,
    followed: Performance,
    measures: Sequence[str],
) -> Take:
    phrase, gesture = task.phrase, task.gesture
    hops, scales = len(phrase.frames), env.setting.scales
    musician = Part(
        task.sound,
        traces(phrase.frames, phrase.columns, columns, scales),
        np.zeros((hops, 0), np.float32),
        {},
        {},
    )
    sides = []
    for performance in (played, followed):
        sound = performance.sound(env.setting.synth, row)[: hops * HOP]
        heard = hear(sound[None], SAMPLE_RATE_HZ, measures, window=FRAMING.window, hop=HOP)
        own = traces(heard.values[0], heard.names, columns, scales)
        sides.append(
            Part(
                sound if performance is played else None,
                own,
                performance.controls[row, :hops],
                scores(performance, row, hops, env.reward_columns),
                {one.column: _error(one, own, musician.traces) for one in columns},
            )
        )
    agent, oracle = sides
    answers: dict[str, tuple[Response | None, ...]] = {}
    tremble: dict[str, float | None] = {}
    lags_ms: dict[str, float | None] = {}
    changes = gesture.changes if gesture is not None else ()
    for one in columns:
        mine = one.comparable(agent.traces[one.column])
        theirs = one.comparable(musician.traces[one.column])
        lags_ms[one.column] = _lag_ms(played, row, hops, one, theirs)
        answers[one.column] = tuple(
            response(mine, theirs, change.at, change.until, one.least) for change in changes
        )
        if gesture is not None and gesture.held is not None:
            tremble[one.column] = trembling(mine[slice(*gesture.held)])
    silent = gesture.silent if gesture is not None else None
    quiet_ms = None
    if silent is not None:
        rest = slice(*silent)
        quiet_ms = silenced_ms(agent.traces[LOUDNESS][rest], musician.traces[LOUDNESS][rest], AUDIBLE_DBFS)
    return Take(
        kind=task.kind,
        name=phrase.name,
        meaning=task.meaning,
        hops=hops,
        musician=musician,
        agent=agent,
        oracle=oracle,
        changes=changes,
        responses=answers,
        lags_ms=lags_ms,
        trembling=tremble,
        silenced_ms=quiet_ms,
        held=gesture.held if gesture is not None else None,
        silent=silent,
    )


def _error(
    one: Shown, own: dict[str, NDArray[np.float64]], target: dict[str, NDArray[np.float64]]
) -> float | None:
    off = np.abs(one.comparable(own[one.column]) - one.comparable(target[one.column]))
    known = off[~np.isnan(off)]
    return float(np.median(known)) if len(known) else None


def _lag_ms(
    played: Performance, row: int, hops: int, one: Shown, target_trace: NDArray[np.float64]
) -> float | None:
    """How late the agent is with a column; None where that does not move, or it does not follow."""
    known = target_trace[~np.isnan(target_trace)]
    if len(known) < 2 or known.std() < _MOVES * one.least:
        return None
    at = [played.columns.index(one.column)]
    own, target = (side[row, :hops, at].T for side in (played.own, played.target))
    late, _ = lag(own, target, played.presence[row, :hops, at].T.astype(np.float64))
    return late
