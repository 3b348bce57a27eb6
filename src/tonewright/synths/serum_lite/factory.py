"""The factory bank: 64 named presets, written by hand in `factory.json`.

Each entry of the file is a whole preset, in physical units, as it would be saved on its own. The first tag is
its category.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

from tonewright.synths.preset import Preset, parse_preset

CATEGORIES = ("bass", "lead", "pad", "pluck", "keys", "drum", "effect")
"""First tags of the bank, in its order."""


@lru_cache(maxsize=1)
def factory_presets() -> tuple[Preset, ...]:
    """Every preset of the bank, category by category, each with the note and gate it was made for.

    Raises:
        PresetError: The bank does not fit this version of the synth.
    """
    bank = files(__package__).joinpath("factory.json").read_text(encoding="utf-8")
    return tuple(parse_preset(json.dumps(entry)) for entry in json.loads(bank))
