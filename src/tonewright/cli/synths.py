"""`tonewright synths`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from tonewright.cli.options import Flag


@dataclass(frozen=True)
class Synths:
    """List the synths, or what can be turned on one of them."""

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="[NAME]", help_behavior_hint="")] = ""
    """A synth to describe."""
    json: Flag = False
    """Print JSON: the names, or the JSON Schema of the synth's presets."""

    def run(self) -> None:
        """Print."""
        from tonewright.cli.output import print_json
        from tonewright.synths import names, preset_schema, synth
        from tonewright.synths.base import plays_notes
        from tonewright.synths.registry import SCHEMES

        if not self.name:
            if self.json:
                print_json(names())
            else:
                print("\n".join([*names(), *(f"{scheme}:PATH" for scheme in SCHEMES)]))
            return
        player = synth(self.name)
        if self.json:
            print_json(preset_schema(player))
            return
        notes = "" if plays_notes(player) else "; it plays no notes, pitch is a matter of its controls"
        print(f"{player.name}, version {player.version}: {len(player.controls)} controls{notes}")
        if path := getattr(player, "path", None):
            print(f"made from {path}")
        for group, controls in player.controls.groups.items():
            print(f"\n{group}")
            for control in controls:
                reach = f"{control.low:g}…{control.high:g} {control.unit}".rstrip()
                print(f"  {control.name:24} {reach:20} {control.meaning}")
        if check_sound := getattr(player, "check_sound", None):
            check_sound()  # what hinders it from playing
