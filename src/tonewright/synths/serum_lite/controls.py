"""The 24 controls of Serum-lite, in the order of its unit vectors."""

from __future__ import annotations

from tonewright.synths.control import Control, ControlSpace

WAVES = ("sine", "saw", "square", "triangle")
_MORPH = tuple((i / (len(WAVES) - 1), wave) for i, wave in enumerate(WAVES))

MAX_UNISON = 7
LFO_PITCH_SEMITONES = 7.0
"""Swing of the pitch at full LFO amount, to either side."""
LFO_FILTER_OCTAVES = 2.5
"""Swing of the cutoff at full LFO amount, to either side."""


def _envelope(prefix: str, group: str, what: str, sustain: float) -> tuple[Control, ...]:
    return (
        Control(f"{prefix}_attack_s", group, 0.001, 2.0, 0.005, "log", "s", f"linear rise of the {what}"),
        Control(
            f"{prefix}_decay_s", group, 0.005, 2.0, 0.3, "log", "s", f"fall of the {what} to its sustain"
        ),
        Control(f"{prefix}_sustain", group, 0.0, 1.0, sustain, meaning=f"{what} while the key is held"),
        Control(
            f"{prefix}_release_s", group, 0.02, 4.0, 0.2, "log", "s", f"fall of the {what} after the key"
        ),
    )


def _oscillator(prefix: str, level: float, morph: float) -> tuple[Control, ...]:
    return (
        Control(f"{prefix}_morph", prefix, 0.0, 1.0, morph, meaning="wave shape", landmarks=_MORPH),
        Control(f"{prefix}_unison", prefix, 1, MAX_UNISON, 1, "integer", "voices", "voices in unison"),
        Control(f"{prefix}_level", prefix, 0.0, 1.0, level, meaning="level, linear in amplitude"),
    )


CONTROLS = ControlSpace(
    (
        *_oscillator("osc1", 0.8, 1 / 3),
        *_oscillator("osc2", 0.0, 1 / 3),
        Control("osc2_semitones", "osc2", -12, 12, 0, "integer", "semitones", "transposition against osc1"),
        Control("unison_detune_cents", "oscs", 0, 50, 15, "linear", "cents", "detune of outermost voices"),
        Control("noise_level", "noise", 0.0, 1.0, 0.0, meaning="level of white noise, linear in amplitude"),
        Control("filter_cutoff_hz", "filter", 30, 20_000, 8_000, "log", "Hz", "cutoff of the low-pass"),
        Control("filter_resonance", "filter", 0.0, 1.0, 0.1, meaning="resonance: Q from 0.5 to 16"),
        Control("filter_envelope_octaves", "filter", -4, 4, 0, "linear", "octaves", "mod envelope on cutoff"),
        *_envelope("amp", "amp envelope", "level", 0.8),
        *_envelope("mod", "mod envelope", "modulation", 0.0),
        Control("lfo_rate_hz", "lfo", 0.05, 15, 4, "log", "Hz", "rate of the sine LFO"),
        Control("lfo_amount", "lfo", 0.0, 1.0, 0.0, meaning="depth: 7 semitones or 2.5 octaves at full"),
        Control(
            "lfo_target", "lfo", 0.0, 1.0, 0.0,
            meaning="crossfade of what it moves", landmarks=((0.0, "pitch"), (1.0, "filter")),
        ),
        Control("master_volume", "master", 0.0, 1.0, 0.7, meaning="level of the sum, linear in amplitude"),
    )
)  # fmt: skip
