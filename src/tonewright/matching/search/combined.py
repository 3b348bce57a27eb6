"""Search methods that listen first: an estimator proposes, an agent turns controls, least squares refine.

Each takes the folder of the networks to use; those that come with the package if none is named.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.resampling import resample_array
from tonewright.files import StrPath
from tonewright.matching.estimator.proposals import Proposals
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.networks.load import load_trained
from tonewright.matching.search.agent_steps import AgentSteps
from tonewright.matching.search.least_squares import Residuals, refine
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.random_and_cma import POLISH_SPREAD, cma_search, evolve, sweep
from tonewright.threads import blas_on_one_thread

_CANDIDATES = 32
_OCTAVES = 3  # times as many where the note is searched over octaves
_KNOWN_SEMITONES = 1.0  # a range up to so wide is one note, in tune or not
_REFINED = 10  # candidates that are refined a little, before the best of them is refined to its end
_FIRST_STEPS, _MOST_STEPS = 2, 10
_TAKEN_ON = 2  # candidates that the agent starts from
_FIRST_AGENT_STEPS = 9  # from each of them, before anything else
_AGENT_STEPS = 50  # from each of them
_FEW_RENDERS = 200  # up to here it takes on one or two at a time, to get far; then many, which is quicker
_MANY = 16
_APPROACH = 4  # of the agent's steps, the first from a neutral preset, which is far away


def estimator_search(objective: Objective, rng: np.random.Generator, networks: StrPath | None = None) -> None:
    """The estimator's candidates alone, best of as many as may be rendered.

    Raises:
        CheckpointError: There is no estimator for the synth.
    """
    proposals = load_trained(objective.synth, networks).need_proposals(objective.synth)
    audio = _at_networks_rate(objective)
    while True:
        objective(_propose(objective, proposals, audio, rng))


def agent_search(objective: Objective, rng: np.random.Generator, networks: StrPath | None = None) -> None:
    """The agent alone: it starts from the neutral preset, again and again.

    Raises:
        CheckpointError: There is no agent for the synth.
    """
    agent = AgentSteps(objective, load_trained(objective.synth, networks).need_agent(objective.synth))
    neutral = np.nan_to_num(objective.space.neutral(), nan=0.5)[None]
    losses = objective(neutral)
    first = True
    while True:
        objective.begin_run()
        rows = np.zeros(1 if objective.renders < _FEW_RENDERS else _MANY, np.intp)
        agent.take(neutral[rows], losses[rows], _AGENT_STEPS - 1, rng, approach=_APPROACH, surely=first)
        first = False


def estimator_agent_search(
    objective: Objective, rng: np.random.Generator, networks: StrPath | None = None
) -> None:
    """The estimator's candidates, then the agent from the best of them; and again with other candidates.

    Raises:
        CheckpointError: There is no estimator or no agent for the synth.
    """
    trained = load_trained(objective.synth, networks)
    proposals = trained.need_proposals(objective.synth)
    agent = AgentSteps(objective, trained.need_agent(objective.synth))
    audio = _at_networks_rate(objective)
    while True:
        objective.begin_run()
        taken_on = _TAKEN_ON if objective.renders < _FEW_RENDERS else _MANY
        candidates = _propose(objective, proposals, audio, rng)
        losses = objective(candidates)
        best = np.argsort(losses)[:taken_on]
        agent.take(candidates[best], losses[best], _AGENT_STEPS, rng)


def full_search(objective: Objective, rng: np.random.Generator, networks: StrPath | None = None) -> None:
    """Candidates, agent and refinement from the best of them, then CMA-ES around the best; and again.

    What no network has been trained for is left out; without an estimator this is CMA-ES from random presets.
    """
    proposals, loaded = load_trained(objective.synth, networks)
    if proposals is None:
        cma_search(objective, rng)
        return
    agent = None if loaded is None else AgentSteps(objective, loaded)
    audio = _at_networks_rate(objective)
    residuals = Residuals(objective.target, objective.synth.sample_rate_hz)
    with blas_on_one_thread():
        _full_rounds(objective, proposals, agent, audio, residuals, rng)


def _full_rounds(
    objective: Objective,
    proposals: Proposals,
    agent: AgentSteps | None,
    audio: NDArray[np.float32],
    residuals: Residuals,
    rng: np.random.Generator,
) -> None:
    while True:
        objective.begin_run()
        candidates = _propose(objective, proposals, audio, rng)
        losses = objective(candidates)
        order = np.argsort(losses)
        if agent is not None:
            best = order[:_TAKEN_ON]
            agent.take(candidates[best], losses[best], _FIRST_AGENT_STEPS, rng)
        for start in candidates[order[:_REFINED]]:
            refine(objective, residuals, start, steps=_FIRST_STEPS)
        objective.end_run()
        refine(objective, residuals, objective.points[0], steps=_MOST_STEPS)
        sweep(objective)
        refine(objective, residuals, objective.points[0], steps=_MOST_STEPS)
        evolve(objective, objective.points[0], POLISH_SPREAD, rng)


def _at_networks_rate(objective: Objective) -> NDArray[np.float32]:
    """The target `[frames]` at the networks' rate."""
    return resample_array(objective.target, objective.synth.sample_rate_hz, HEARING_RATE_HZ)


def _propose(
    objective: Objective, proposals: Proposals, audio: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Points `[n, N]` that the estimator proposes; where the note is searched, each gets another note."""
    space, count = objective.space, _CANDIDATES
    if not isinstance(space.midi_note, tuple):
        notes = np.full(count, space.midi_note, np.float64)
    elif np.ptp(space.midi_note) <= _KNOWN_SEMITONES:
        notes = np.full(count, np.mean(space.midi_note))
    else:
        count *= _OCTAVES
        notes = rng.uniform(*space.midi_note, size=count)
    gate = None if isinstance(space.gate_seconds, tuple) else space.gate_seconds
    candidates = proposals(audio, notes, gate, count, rng)
    rows = zip(candidates.params, notes, candidates.gate_seconds, strict=True)
    return np.stack([space.point(params, note, gate) for params, note, gate in rows])
