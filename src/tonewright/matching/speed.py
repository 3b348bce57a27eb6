"""How fast the parts of a search are, on this machine: what `tonewright bench` prints."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip
from tonewright.distances.loss import TrainingLoss
from tonewright.features import StreamAnalyser, hear
from tonewright.matching.matcher import match
from tonewright.matching.networks.load import load_trained
from tonewright.synths import synth as make_synth
from tonewright.threads import available_threads

_RATE_HZ = 16_000
_CANDIDATES = 32
_SECONDS = 0.5
_BATCH = 512
_RUNS = 15


def render_speed() -> dict[str, Any]:
    """Presets per second of Serum-lite: 0.5 s at 16 kHz, all 14 unison voices, batches of 512."""
    synth = make_synth("serum-lite", _RATE_HZ)
    params = synth.controls.sample(np.random.default_rng(0), _BATCH)
    full = params.copy()
    full[:, [synth.controls.index("osc1_unison"), synth.controls.index("osc2_unison")]] = 1.0
    return {
        "presets_per_second_14_voices": _rate(lambda: synth.render(full, 60, _SECONDS)),
        "presets_per_second_random": _rate(lambda: synth.render(params, 60, _SECONDS)),
        "live_voice_times_realtime": _live_voice(full[:1]),
    } | _conditions()


def hear_speed() -> dict[str, Any]:
    """Sounds per second: training loss against analysed targets, descriptors, and render + hear + compare."""
    synth = make_synth("serum-lite", _RATE_HZ)
    rng = np.random.default_rng(0)
    targets = synth.render(synth.controls.sample(rng, _BATCH), 60, _SECONDS)
    params = synth.controls.sample(rng, _BATCH)
    candidates = synth.render(params, 60, _SECONDS)
    loss = TrainingLoss(_RATE_HZ, candidates.shape[1])
    one, many = loss.analyse(targets[:1]), loss.analyse(targets)

    def step() -> None:
        loss.compare_and_hear(synth.render(params, 60, _SECONDS), many)

    return {
        "losses_per_second_one_target": _rate(lambda: loss(candidates, one)),
        "losses_per_second_many_targets": _rate(lambda: loss(candidates, many)),
        "hear_loudness_mfcc_per_second": _rate(lambda: hear(candidates, _RATE_HZ, ["loudness", "mfcc"])),
        "render_hear_compare_per_second": _rate(step),
        "live_hop_milliseconds": _live_hop(candidates[0]),
    } | _conditions()


def match_speed() -> dict[str, Any]:
    """Seconds of a match of a 1 s target with 10,000 renders, at 44.1 and at 16 kHz.

    Before that, what the networks take: to be loaded (once in a process), and to propose 32 presets.
    """
    seconds = _network_seconds()
    for rate in (44_100, _RATE_HZ):
        synth = make_synth("serum-lite", rate)
        params = synth.controls.sample(np.random.default_rng(1), 1)
        clip = Clip(synth.render(params, 60, 1.0), rate)
        match(clip, renders=64)  # compiled or loaded from the cache
        started = time.perf_counter()
        match(clip, renders=10_000)
        seconds[f"match_seconds_{rate}_hz"] = time.perf_counter() - started
    return seconds | _conditions()


def _network_seconds() -> dict[str, float]:
    synth = make_synth("serum-lite", _RATE_HZ)
    started = time.perf_counter()
    proposals = load_trained(synth).need_proposals(synth)
    loaded = time.perf_counter()
    rng, notes = np.random.default_rng(0), np.full(_CANDIDATES, 60.0)
    sound = synth.render(synth.controls.sample(rng, 1), 60, 1.0)[0]

    def propose() -> None:
        proposals(sound, notes, None, _CANDIDATES, rng)

    propose()
    return {
        "load_networks_seconds": loaded - started,
        "propose_32_presets_seconds": float(np.median([_seconds(propose) for _ in range(_RUNS)])),
    }


def _live_voice(params: NDArray[np.float32]) -> float:
    """How many times faster than time a live note of 14 voices is, in blocks of 64 at 44.1 kHz."""
    voice = make_synth("serum-lite", 44_100).voice(params, 60)
    seconds = [_seconds(lambda: voice.render(64)) for _ in range(1_000)]
    return float(64 / 44_100 / np.median(seconds))


def _live_hop(sound: NDArray[np.float32]) -> float:
    """Median time to hear every descriptor in a hop of 256 samples at 16 kHz, which lasts 16 ms."""
    analyser = StreamAnalyser(_RATE_HZ, "all")
    return float(1e3 * np.median([_seconds(lambda: analyser.push(sound[:256])) for _ in range(300)]))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _rate(work: Callable[[], object]) -> float:
    """Items per second of work on one batch: the best of several runs, which other programs disturb least."""
    work()
    return _BATCH / min(_seconds(work) for _ in range(_RUNS))


def _conditions() -> dict[str, Any]:
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "threads": available_threads(),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
    }
