"""What became of a session: whether it plays the same again, what both sides did, and what was counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.errors import SessionError, TonewrightError
from tonewright.features.hearing import hear
from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ, WINDOW
from tonewright.improvising.listening.features import descriptors_of
from tonewright.improvising.listening.normalising import CONFIDENCE, LOUDNESS, PITCH, Scales
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.portrait.shown import Shown, shown, traces
from tonewright.improvising.session.kept.folder import Kept, replay
from tonewright.improvising.session.osc import OSC
from tonewright.improvising.session.recording import SIDES
from tonewright.synths import synth as make_synth
from tonewright.synths.control import Control

LEAST_SHOWN_S = 180.0
"""So much of a session is shown, however large its page gets."""
_MOST_BYTES = 40e6
_BYTES_PER_S = SAMPLE_RATE_HZ * 2 * 4 / 3
"""Of a sound on a page: 16-bit samples in base64."""
_PLAIN = Scales(
    (LOUDNESS, PITCH, "spectral_centroid_hz"), ("level", "octaves", "octaves"), (0.0,) * 3, (1.0,) * 3
)
"""What is shown where the agent cannot be asked what it hears."""
_REPLAYING, _MEASURING = 0.9, 0.1
_EXPLAINING = {
    "failures": ("{} hop failed", "{} hops failed"),
    "recording_dropped": ("{} hop was not recorded", "{} hops were not recorded"),
    "stalls": ("nothing came in {} stall", "nothing came in {} stalls"),
}


@dataclass(frozen=True, eq=False)
class Side:
    """One of those who played, as it was recorded.

    Attributes:
        name: Of `recording.SIDES`.
        sound: `[n]` at the rate of agents, as much as is shown.
        traces: `[T]` of each column that is shown, in its unit; NaN where it is not there.
    """

    name: str
    sound: NDArray[np.float32]
    traces: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Timing:
    """How many times lie in each class.

    Attributes:
        edges_us: `[N]` lower bounds of the classes in µs, rising from 0; the last class has no upper bound.
        counts: `[N]`.
    """

    edges_us: NDArray[np.float64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Report:
    """A session, played again.

    Attributes:
        kept: The session.
        same: What became of playing it again, in a sentence.
        same_samples: Whether the agent played the same samples again; None if it could not.
        differs_from_s: From when on they differ; None if they do not, or it could not be played again.
        largest_difference: Between samples at full scale ±1, so far as both are there.
        shown_s: How much of the session is shown.
        sides: The agent, then the musician, as far as there is a recording.
        columns: What is shown of both.
        controls: `D` of the synth; none if it could not be played again.
        turned: `[T, D]` unit values of the controls, as they were turned when it was played again.
        timings: Of `clock`, how late hops began, and `work`, how long they took, as far as they were kept.
    """

    kept: Kept
    same: str
    same_samples: bool | None
    differs_from_s: float | None
    largest_difference: float | None
    shown_s: float
    sides: tuple[Side, ...]
    columns: tuple[Shown, ...]
    controls: tuple[Control, ...]
    turned: NDArray[np.float32]
    timings: Mapping[str, Timing]

    def facts(self) -> dict[str, Any]:
        """The numbers, all of them JSON."""
        kept = self.kept
        return {
            "synth": kept.synth,
            "agent": kept.agent,
            "note": kept.note,
            "seed": kept.seed,
            "input": kept.input,
            "output": kept.output,
            "began": kept.began.isoformat(),
            "seconds": round(kept.seconds, 4),
            "hops": kept.hops,
            "shown_s": round(self.shown_s, 4),
            "same": self.same_samples,
            "differs_from_s": self.differs_from_s,
            "largest_difference": self.largest_difference,
            "outcome": self.same,
            "commands": len(kept.commands),
            "events": len(kept.events),
            "counters": dict(kept.counters),
        }


@dataclass(frozen=True, eq=False)
class _Again:
    """What playing again gave: whether it could be, and how it compares."""

    words: str
    same: bool | None = None
    differs_from_s: float | None = None
    largest_difference: float | None = None
    turned: NDArray[np.float32] | None = None


def report(kept: Kept, *, progress: Callable[[float], None] = lambda share: None) -> Report:
    """Play a session again, compare, and measure both recordings as agents hear them.

    A session that cannot be played again is shown from its recordings alone. Of more than `LEAST_SHOWN_S` as
    much is shown as a page of 40 MB holds, if that is more.

    Args:
        kept: The session.
        progress: Called with the share of the work that has been done since.

    Raises:
        SessionError: Its timings are damaged.
        AudioError: A recording holds what is no sound.
    """
    timings = {name: one for name in ("clock", "work") if (one := _timing(kept, name)) is not None}
    recorded = _recorded(kept)
    again = _play_again(kept, recorded.get(SIDES[1]), lambda share: progress(_REPLAYING * share))
    if again.turned is None:
        progress(_REPLAYING)
    room_s = _MOST_BYTES / (max(len(recorded), 1) * _BYTES_PER_S)
    seconds = max([kept.seconds, *(len(sound) / SAMPLE_RATE_HZ for sound in recorded.values())])
    hops = round(min(seconds, max(LEAST_SHOWN_S, room_s)) / HOP_S)
    scales, controls = _instrument(kept)
    columns = shown(scales.columns, scales, descriptors_of((LOUDNESS, CONFIDENCE, *scales.columns)))
    sides = []
    for name in reversed(SIDES):
        if name in recorded:
            sound = recorded[name][: hops * HOP]
            sides.append(Side(name, sound, _traces(sound, columns, scales)))
    progress(_MEASURING)
    turned = np.zeros((0, 0), np.float32) if again.turned is None else again.turned[:hops]
    return Report(
        kept=kept,
        same=again.words,
        same_samples=again.same,
        differs_from_s=again.differs_from_s,
        largest_difference=again.largest_difference,
        shown_s=hops * HOP_S,
        sides=tuple(sides),
        columns=columns,
        controls=() if again.turned is None else controls,
        turned=turned,
        timings=timings,
    )


def _recorded(kept: Kept) -> dict[str, NDArray[np.float32]]:
    """What was recorded of each side and is a sound."""
    found = {}
    for name in SIDES:
        if name == SIDES[0] and kept.input == OSC:  # its recording is silence
            continue
        try:
            sound = kept.sound(name)
        except SessionError:
            continue
        if len(sound):
            found[name] = sound
    return found


def _play_again(
    kept: Kept, recorded: NDArray[np.float32] | None, progress: Callable[[float], None]
) -> _Again:
    if kept.input == OSC:
        return _Again(
            "The musician was another program, which sent descriptors and no sound: nothing to play it again "
            "from."
        )
    if recorded is None:
        return _Again("There is no recording of the agent to compare with: it was not played again.")
    try:
        played = replay(kept, progress=progress)
    except SessionError as error:
        return _Again(wording.sentence(str(error)))
    first, largest = _difference(recorded, played.sound)
    if first is None:
        words = f"Played again, it gives the same samples{_as_far(kept, len(recorded))}."
        return _Again(words, True, turned=played.controls)
    at_s = first / SAMPLE_RATE_HZ
    words = f"Played again, it differs from {at_s:.2f} s on{_by(largest)}: {_explained(kept)}."
    return _Again(words, False, at_s, largest, played.controls)


def _as_far(kept: Kept, samples: int) -> str:
    """What is missing of a recording that ended before its session."""
    reason = kept.document.get("recording")
    if reason is None:
        return ""
    recorded_s = samples / SAMPLE_RATE_HZ
    return f" as far as it was recorded, {recorded_s:.1f} s of {kept.seconds:.1f} s ({reason})"


def _difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[int | None, float]:
    """The first sample that differs, None if none does, and by how much they differ at most."""
    both = min(len(one), len(other))
    off = one[:both] != other[:both]
    largest = float(np.abs(one[:both] - other[:both]).max(initial=0.0))
    if off.any():
        return int(off.argmax()), largest
    return (None if len(one) == len(other) else both), largest


def _by(largest: float) -> str:
    return f", by {20 * np.log10(largest):.0f} dBFS at most".replace("-", "−") if largest else ""


def _explained(kept: Kept) -> str:
    told = []
    for name, (one, more) in _EXPLAINING.items():
        count = round(kept.counters.get(name, 0))
        if count:
            told.append((one if count == 1 else more).format(f"{count:,}"))
    if told:
        return f"when it was played, {wording.listing(told)}, which playing again does not repeat"
    return (
        "nothing that was counted explains it; a file of the session was changed, or this machine rounds "
        "differently"
    )


def _instrument(kept: Kept) -> tuple[Scales, tuple[Control, ...]]:
    """What the agent hears, and what it turns."""
    try:
        player = make_synth(kept.synth, SAMPLE_RATE_HZ)
        agent = load_agent(player, kept.agent)
    except TonewrightError:
        return _PLAIN, ()
    return agent.scales.take(agent.columns), player.controls.controls


def _traces(
    sound: NDArray[np.float32], columns: tuple[Shown, ...], scales: Scales
) -> dict[str, NDArray[np.float64]]:
    wanted = descriptors_of((LOUDNESS, CONFIDENCE, *(one.column for one in columns)))
    heard = hear(sound[None], SAMPLE_RATE_HZ, wanted, window=WINDOW, hop=HOP)
    return traces(heard.values[0], heard.names, columns, scales)


def _timing(kept: Kept, name: str) -> Timing | None:
    given = kept.deadlines.get(name)
    if given is None:
        return None
    try:
        edges_us, counts = np.asarray(given["edges_us"], np.float64), np.asarray(given["counts"], np.int64)
        fits = edges_us.ndim == 1 and edges_us.shape == counts.shape and len(counts) > 2 and edges_us[0] == 0
        fits = fits and (np.diff(edges_us) > 0).all() and (counts >= 0).all()
    except (KeyError, TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise SessionError(
            f"the deadlines of a session are bounds of classes in µs, rising from 0, and a count for each; "
            f"got something else as {name!r} in {str(kept.folder)!r}; use an intact copy"
        )
    return Timing(edges_us, counts)
