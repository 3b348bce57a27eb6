"""`match`: a sound in, a preset out."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip
from tonewright.audio.levels import rms_dbfs
from tonewright.checks import check_whole
from tonewright.errors import UsageError
from tonewright.files import StrPath
from tonewright.matching.judging import named_distances, rank_by_ear, similarity
from tonewright.matching.preparing import Target, check_window, prepare
from tonewright.matching.recording import Recording
from tonewright.matching.result import MatchResult
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.methods import networks_used, search_method
from tonewright.matching.search.objective import Objective, Progress
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.weak_points import out_of_reach, weak_points
from tonewright.synths import Preset, Synth
from tonewright.synths import synth as make_synth
from tonewright.synths.base import check_plays_notes, plays_notes

DEFAULT_RENDERS = 10_000
# Re-ranked on the held-out distances: presets within 2 % of the best loss, the best of each run within 10 %.
_NEARLY_BEST, _RUN_BEST = 1.02, 1.1
_RANDOM_PRESETS = 64
_AUDIBLE_DBFS = -50.0
_LIBRARIES = ("numpy", "scipy", "numba", "rocket-fft", "cma", "soxr", "onnxruntime")


def match(
    recording: Clip | Recording,
    *,
    start_s: float | None = None,
    length_s: float | None = None,
    synth: str = "serum-lite",
    renders: int | None = None,
    seconds_budget: float | None = None,
    note: float | None = None,
    gate_seconds: float | None = None,
    seed: int = 0,
    method: str = "full",
    networks: StrPath | None = None,
    progress: Progress = lambda renders, best: None,
) -> MatchResult:
    """Find a preset that sounds like a recording.

    The best preset heard is always kept; an interrupt (Ctrl-C) ends the search and returns it.

    Args:
        recording: As `tonewright.read` or `matching.read_recording` gives it. Its loudest note is matched, at
            most four seconds of it, mixed to mono.
        start_s: Where to begin instead, in seconds of the recording.
        length_s: How much to match, at most four seconds; to the end of the note if not given.
        synth: Name of the synth, or `scheme:PATH`.
        renders: How many presets may be rendered; 10,000 if neither budget is given.
        seconds_budget: How long the search may take; with `renders` too, whichever ends first.
        note: MIDI note to play, fractions allowed; estimated from the recording if not given. Of a synth that
            plays no notes, as its pitch is a control, none is searched and none may be given.
        gate_seconds: When the key is let go; searched if not given.
        seed: Seed of the search and of the synth's noise; the same seed and renders give the same preset.
        method: Name in `search.methods.METHODS`: "full" for the estimator, the agent, refinement and CMA-ES
            one after the other; the others are parts of it, and random search.
        networks: Folder with `estimator.onnx`, `agent.onnx` or both, as training leaves them, to use instead
            of those that come with the package.
        progress: Called with renders spent and best training loss after every batch.

    Raises:
        AudioError: The recording is silent or too short.
        UsageError: A budget, note or gate that makes no sense.
        UnknownNameError: No such synth or method.
        CheckpointError: The method needs a network that there is none of, or one is damaged or for another
            synth.

    Examples:
        >>> import tonewright as tw
        >>> result = tw.match(tw.read("examples/sounds/bass.flac"), renders=60, seed=0)
        >>> result.preset.synth, result.renders
        ('serum-lite', 60)
        >>> round(result.preset.midi_note)  # C2
        36
        >>> 0 < result.similarity <= 100
        True
    """
    check_arguments(start_s, length_s, renders, seconds_budget, note, gate_seconds, seed)
    if isinstance(recording, Clip):
        recording = Recording.of(recording)
    if not isinstance(recording, Recording):
        kind = type(recording).__name__
        raise UsageError(f"match takes a Clip, as tonewright.read(path) gives; got {kind}")
    search = search_method(method, networks)
    target = prepare(
        recording.clip,
        start_s=None if start_s is None else start_s - recording.start_s,
        length_s=length_s,
        note=note,
        gate_seconds=gate_seconds,
    )
    player = make_synth(synth, target.sample_rate_hz)
    if note is not None:
        check_plays_notes(player, f"note {note:g}")
    trained = networks_used(method, player, networks)
    if renders is None and seconds_budget is None:
        renders = DEFAULT_RENDERS
    budget = Budget(renders, seconds_budget)
    space = SearchSpace.of(player, target.midi_note, target.gate_seconds)
    objective = Objective(player, space, target.audio, budget, seed=seed, progress=progress)
    # On a fresh machine this compiles for a while, which is not the search's time.
    objective.terms(objective.render(space.decode(np.full((1, len(space)), 0.5)))[0])
    budget.start()
    interrupted = False
    try:
        search(objective, np.random.default_rng(seed))
    except BudgetSpent:
        pass
    except KeyboardInterrupt:
        if not len(objective.points):
            raise
        interrupted = True
    return _result(
        objective,
        target,
        recording,
        seconds=budget.seconds,
        method=method,
        trained=trained,
        interrupted=interrupted,
    )


def _result(
    objective: Objective,
    target: Target,
    recording: Recording,
    *,
    seconds: float,
    method: str,
    trained: dict[str, str],
    interrupted: bool,
) -> MatchResult:
    rate = target.sample_rate_hz
    near = objective.contenders(_NEARLY_BEST, _RUN_BEST)
    audio = objective.render(near)
    chosen = rank_by_ear(target.audio, audio, rate)[0]
    terms = objective.terms(audio[chosen])
    notes = objective.space.notes(near[chosen : chosen + 1])
    synth = objective.synth
    preset = Preset.of(
        synth,
        notes.params[0],
        midi_note=float(notes.midi_note[0]) if plays_notes(synth) else None,
        gate_seconds=float(notes.gate_seconds[0]),
    )
    return MatchResult(
        preset=preset,
        audio=audio[chosen],
        target=target.audio,
        sample_rate_hz=rate,
        distances=named_distances(target.audio, audio[chosen], rate),
        terms=terms,
        similarity=similarity(target.audio, audio[chosen], _random_presets(objective), rate),
        curve=tuple((renders, loss) for renders, loss, _ in objective.improvements),
        renders=objective.renders,
        seconds=seconds,
        seed=objective.seed,
        method=method,
        target_info=_facts(target, recording, synth),
        lacks=weak_points(target.audio, audio[chosen], rate),
        out_of_reach=out_of_reach(target.audio, audio[chosen], rate, synth),
        overview=recording.overview(target.window_s, target.notes.notes, target.taken),
        versions={
            "tonewright": version("tonewright"),
            synth.name: str(synth.version),
            "python": platform.python_version(),
            **trained,
            **{library: version(library) for library in _LIBRARIES},
        },
        interrupted=interrupted,
    )


def _facts(target: Target, recording: Recording, synth: Synth) -> dict[str, Any]:
    """What is known of the target, told about the whole recording."""
    named = {"path": recording.path, "sha256": recording.sha256} if recording.path else {}
    start_s = recording.start_s + target.window_s[0]
    facts = {**named, **target.info, "seconds": recording.seconds, "start_s": start_s}
    if not plays_notes(synth):
        del facts["note_source"]  # nothing has come of it
    return facts


def _random_presets(objective: Objective) -> NDArray[np.float32]:
    """Audible random presets `[batch, frames]` at the target's length, the zero of the similarity meter."""
    points = objective.space.sample(np.random.default_rng([objective.seed, 1]), _RANDOM_PRESETS)
    audio = objective.render(objective.space.decode(points))
    audible = audio[rms_dbfs(audio) > _AUDIBLE_DBFS]
    return audible if len(audible) else audio


def check_arguments(
    start_s: float | None,
    length_s: float | None,
    renders: int | None,
    seconds_budget: float | None,
    note: float | None,
    gate_seconds: float | None,
    seed: int,
) -> None:
    """Check what a search is told, as `match` takes it.

    Raises:
        UsageError: A window, budget, note, gate or seed that makes no sense.
    """
    check_window(start_s, length_s)
    if renders is not None:
        check_whole(renders, "renders", 1)
    check_whole(seed, "seed", 0)
    rules: tuple[tuple[str, float | None, Callable[[float], bool]], ...] = (
        ("seconds_budget is above 0", seconds_budget, lambda value: 0 < value < np.inf),
        ("note lies between 0 and 127", note, lambda value: 0 <= value <= 127),
        ("gate_seconds lies above 0 and up to 3600", gate_seconds, lambda value: 0 < value <= 3600),
    )
    for rule, value, fits in rules:
        if value is not None and not fits(value):
            raise UsageError(f"{rule}; got {value}")
