"""What an agent plays: controls, the `Synth` protocol and its registry, presets, every synth."""

from tonewright.synths.base import Synth, Voice
from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.playing import render_preset
from tonewright.synths.preset import Preset, load_preset, parse_preset, preset_schema
from tonewright.synths.registry import names, synth

__all__ = [
    "Control",
    "ControlSpace",
    "Preset",
    "Synth",
    "Voice",
    "load_preset",
    "names",
    "parse_preset",
    "preset_schema",
    "render_preset",
    "synth",
]
