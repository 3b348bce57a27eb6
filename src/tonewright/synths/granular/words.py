"""The words of granular, and the presets of the recording that ships."""

from __future__ import annotations

from collections.abc import Mapping

from tonewright import wording
from tonewright.synths.words import Performance, Words

PRESETS = (
    ("Deep Pulse", ("bass", "rhythm"), 4.0, 0.04, 0.22, -5.0, 0.0, 0.7),
    ("Frozen Chord", ("pad", "guitar"), 40.0, 0.2, 0.5, 0.0, 0.01, 0.6),
    ("Tabla Roll", ("rhythm", "tabla"), 12.0, 0.35, 0.08, 7.0, 0.02, 0.7),
    ("Harmonics Cloud", ("pad", "bright"), 30.0, 0.6, 0.4, 12.0, 0.03, 0.5),
    ("Buzzing Glass", ("lead", "harsh"), 98.0, 0.72, 0.02, 0.0, 0.0, 0.6),
    ("Rain", ("texture", "noise"), 60.0, 0.88, 0.03, 5.0, 0.08, 0.5),
    ("Everything", ("texture",), 25.0, 0.5, 0.2, 0.0, 1.0, 0.6),
)
"""Name, tags, and the controls in their order."""


def summary(values: Mapping[str, float], played: Performance) -> str:
    """What a preset sounds like, in sentences."""
    if not values["amplitude"]:
        return "Silent: the amplitude is zero."
    semitones = values["pitch_semitones"]
    pitch = "at the pitch of the recording"
    if abs(semitones) >= 0.05:
        pitch = f"{wording.quantity(abs(semitones), 'semitone', 2)} {'higher' if semitones > 0 else 'lower'}"
    density, duration = values["density_hz"], values["duration_s"]
    lengths = wording.duration(duration, 2)
    text = f"{wording.quantity(density, 'grain', 2)} a second, each of {lengths}, {pitch}"
    at_once = density * duration
    if at_once >= 1.5:
        text += f"; some {wording.number(at_once, 2)} sound at once"
    scattered = f", scattered by {values['spread']:.0%}" if values["spread"] >= 0.005 else ""
    place = f"They are cut around {values['position']:.0%} of the recording{scattered}."
    return f"{wording.sentence(text)} {place}"


def idle(values: Mapping[str, float], played: Performance) -> dict[str, str]:
    """Controls that change nothing as the others are set, by name, and why."""
    if values["amplitude"]:
        return {}
    return {name: "the amplitude is zero" for name in values if name != "amplitude"}


GRANULAR = Words("Granular", {"grains": "Grains"}, summary, idle)
