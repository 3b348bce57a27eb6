"""The words of Serum-lite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from tonewright import wording
from tonewright.synths.serum_lite.controls import LFO_FILTER_OCTAVES, LFO_PITCH_SEMITONES, WAVES
from tonewright.synths.serum_lite.modulation import envelope
from tonewright.synths.words import Performance, Words

Values = Mapping[str, float]

# The cards below the summary have the digits.
_about = partial(wording.quantity, digits=2)
_about_s = partial(wording.duration, digits=2)
_about_hz = partial(wording.frequency, digits=2)

_SILENT = 1e-3  # −60 dB
_HELD_FULLY = 0.999
_HARDLY_FALLEN, _GONE = 0.97, 0.01  # levels of an envelope: as good as full, as good as nothing
_STILL_RINGING = 0.05
_HEARD_OCTAVES = 0.1  # of the cutoff
_STAGES = ("attack_s", "decay_s", "sustain", "release_s")
_OSCILLATORS = {"osc1": "oscillator 1", "osc2": "oscillator 2"}
_ENVELOPES = {"amp": "the level", "mod": "the modulation"}
_INTERVALS = (
    "a semitone", "a whole tone", "a minor third", "a major third", "a fourth", "a tritone",
    "a fifth", "a minor sixth", "a major sixth", "a minor seventh", "a major seventh", "an octave",
)  # fmt: skip


def idle(values: Values, played: Performance) -> dict[str, str]:
    """Controls that change nothing as the others are set, by name, and why."""
    if values["master_volume"] < _SILENT:
        return {name: "the volume is down" for name in values if name != "master_volume"}
    reasons: dict[str, str] = {}
    for prefix, title in _OSCILLATORS.items():
        if values[f"{prefix}_level"] < _SILENT:
            others = [name for name in values if name.startswith(prefix) and not name.endswith("_level")]
            reasons |= dict.fromkeys(others, f"{title} is silent")
    if all(values[f"{o}_unison"] == 1 or values[f"{o}_level"] < _SILENT for o in _OSCILLATORS):
        reasons["unison_detune_cents"] = "no unison voices to detune"
    if values["lfo_amount"] < _SILENT:
        reasons |= dict.fromkeys(("lfo_rate_hz", "lfo_target"), "the LFO's amount is zero")
    for prefix, title in _ENVELOPES.items():
        reasons |= _idle_in_envelope(values, played, prefix, title)
    if abs(values["filter_envelope_octaves"]) < 0.01:
        reasons |= {f"mod_{stage}": "the filter does not follow this envelope" for stage in _STAGES}
    return reasons


def _idle_in_envelope(values: Values, played: Performance, prefix: str, title: str) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if values[f"{prefix}_sustain"] > _HELD_FULLY:
        reasons[f"{prefix}_decay_s"] = f"{title} is sustained in full"
    if played.held_seconds <= values[f"{prefix}_attack_s"]:
        stages = (f"{prefix}_decay_s", f"{prefix}_sustain")
        reasons |= dict.fromkeys(stages, f"{played.held_until} before the attack ends")
    if not played.released:
        reasons[f"{prefix}_release_s"] = "the key is held to the end"
    return reasons


def summary(values: Values, played: Performance) -> str:
    """What the preset sounds like, in a few sentences."""
    if values["master_volume"] < _SILENT:
        return "The volume is down: nothing is heard."
    parts = [_source(values), _filter(values, played), _amplitude(values, played), _lfo(values, played)]
    return " ".join(wording.sentence(part) for part in parts if part)


def _source(values: Values) -> str:
    levels = {prefix: values[f"{prefix}_level"] for prefix in _OSCILLATORS}
    heard = sorted((o for o in levels if levels[o] >= _SILENT), key=lambda o: -levels[o])
    noise = values["noise_level"]
    if not heard:
        return "white noise alone" if noise >= _SILENT else "no oscillator and no noise: nothing is heard"
    loudest = levels[heard[0]]
    text = _oscillator(values, heard[0])
    if len(heard) == 2:
        text += f" with {_oscillator(values, heard[1], _balance(levels[heard[1]] / loudest))}"
    if any(values[f"{prefix}_unison"] > 1 for prefix in heard):
        cents = values["unison_detune_cents"]
        text += f", detuned by up to {_about(cents, 'cent')}" if cents >= 0.5 else ", not detuned"
    if noise > 1.2 * loudest:
        return f"white noise over {text}"
    return f"{text}, plus {_noise(noise / loudest)}" if noise >= _SILENT else text


def _oscillator(values: Values, prefix: str, balance: str = "") -> str:
    voices, shape = int(values[f"{prefix}_unison"]), _shape(values[f"{prefix}_morph"])
    words = [*balance.split(), shape]
    article = "an" if words[0][0] in "aeiou" else "a"
    if voices > 1:
        text = " ".join([wording.count(voices), *words, "voices"])
    else:
        text = " ".join([article, *words, *(["blend"] if "–" in shape else [])])
    semitones = int(values["osc2_semitones"]) if prefix == "osc2" else 0
    if semitones:
        text += f" {_INTERVALS[abs(semitones) - 1]} {'above' if semitones > 0 else 'below'} the note"
    return text


def _shape(morph: float) -> str:
    place = morph * (len(WAVES) - 1)
    first = min(int(place), len(WAVES) - 2)
    share = place - first
    left, right = WAVES[first], WAVES[first + 1]
    if share < 0.15:
        return left
    if share > 0.85:
        return right
    if share < 0.35:
        return f"{right}-tinged {left}"
    return f"{left}-tinged {right}" if share > 0.65 else f"{left}–{right}"


def _balance(ratio: float) -> str:
    if ratio > 0.8:
        return "equally loud"
    return "quieter" if ratio > 0.35 else "much quieter"


def _noise(ratio: float) -> str:
    if ratio > 0.5:
        return "plenty of white noise"
    return "some white noise" if ratio > 0.1 else "a trace of white noise"


def _filter(values: Values, played: Performance) -> str:
    cutoff, octaves, resonance = (
        values[f"filter_{name}"] for name in ("cutoff_hz", "envelope_octaves", "resonance")
    )
    attack, held_s = values["mod_attack_s"], played.held_seconds
    reached = abs(octaves) * min(held_s / attack, 1.0)
    moves = reached >= _HEARD_OCTAVES
    if cutoff > 15_000 and not moves:
        return "the filter is open"
    peak = next(
        word
        for limit, word in ((0.15, "hardly any"), (0.4, "mild"), (0.7, "clear"), (2.0, "strong"))
        if resonance < limit
    )
    text = f"the low-pass filter sits at {_about_hz(cutoff)} with {peak} resonance"
    if not moves:
        return text
    verb = "opens" if octaves > 0 else "closes"
    text += f"; its envelope {verb} it by {_about(reached, 'octave')}"
    if attack >= held_s:
        return f"{text} until {played.held_until}"
    text += f" within {_about_s(attack)}"
    level, when = _fall(values, played, "mod")
    if level > _HARDLY_FALLEN:
        return f"{text} and keeps it there"
    return f"{text} and lets it fall back {f'to {level:.0%} of that {when}' if level >= _GONE else when}"


def _amplitude(values: Values, played: Performance) -> str:
    attack = values["amp_attack_s"]
    level, when = _fall(values, played, "amp")
    if attack >= played.held_seconds:
        text = f"it swells to {level:.0%} of full level by the time {played.held_until}"
    else:
        start = next(
            word
            for limit, word in ((0.01, "starts at once"), (0.05, "speaks quickly"), (0.3, "fades in softly"),
                                (99.0, "swells slowly"))
            if attack < limit
        )  # fmt: skip
        rest = f"falls to {level:.0%} {when}"
        if level > _HARDLY_FALLEN:
            rest = "stays at full level while the key is held"
        elif level < _GONE:
            rest = f"dies away {when}"
        text = f"it {start} ({_about_s(attack)}) and {rest}"
    if not played.released or level < _GONE:
        return text
    left = _envelope(values, played, "amp", played.seconds)
    if left >= _STILL_RINGING:
        return f"{text}; after the release it is still at {left:.0%} when the clip ends"
    rings_s = min(values["amp_release_s"], played.seconds - played.held_seconds)
    return f"{text}; after the release it rings for {_about_s(rings_s)}"


def _fall(values: Values, played: Performance, prefix: str) -> tuple[float, str]:
    """Level of an envelope when the key is let go or the clip ends, and what its fall took in words."""
    level = _envelope(values, played, prefix, played.held_seconds)
    falling_s = played.held_seconds - values[f"{prefix}_attack_s"]
    decay_s = values[f"{prefix}_decay_s"]
    if decay_s <= falling_s or level < _GONE:
        return level, f"over {_about_s(min(decay_s, falling_s))}"
    return level, f"by the time {played.held_until}"


def _envelope(values: Values, played: Performance, prefix: str, at_s: float) -> float:
    stages = [float(values[f"{prefix}_{stage}"]) for stage in _STAGES]
    return float(envelope(at_s, played.gate_seconds, *stages))


def _lfo(values: Values, played: Performance) -> str:
    rate_hz, target = values["lfo_rate_hz"], values["lfo_target"]
    cycles = rate_hz * played.seconds
    swings = cycles >= 0.75  # the sine starts upwards at 0 and has been to both ends by then
    reached = values["lfo_amount"] * math.sin(2 * math.pi * min(cycles, 0.25))
    cents = 100 * LFO_PITCH_SEMITONES * reached * (1 - target)
    octaves = LFO_FILTER_OCTAVES * reached * target
    by = "by ±" if swings else "by up to "
    moved = []
    if cents >= 3:
        semitones = cents / 100
        small, large = _about(cents, "cent"), _about(semitones, "semitone")
        moved.append(f"the pitch {by}{small if semitones < 1 else large}")
    if octaves >= 0.05:
        moved.append(f"the cutoff {by}{_about(octaves, 'octave')}")
    if not moved:
        return ""
    if swings:
        return f"an LFO at {_about_hz(rate_hz)} sways {wording.listing(moved)}"
    return f"an LFO, too slow to swing within the clip, bends {wording.listing(moved)}"


SERUM_LITE = Words(
    title="Serum-lite",
    groups={
        "osc1": "Oscillator 1",
        "osc2": "Oscillator 2",
        "oscs": "Both oscillators",
        "noise": "Noise",
        "filter": "Filter",
        "amp envelope": "Amp envelope",
        "mod envelope": "Mod envelope",
        "lfo": "LFO",
        "master": "Master",
    },
    summary=summary,
    idle=idle,
)
