"""The text of an SFZ file. Source: https://sfzformat.com, opcodes of SFZ version 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tonewright.audio.notes import note_name
from tonewright.documents import short_text
from tonewright.synths.instrument.loops import Loop
from tonewright.synths.instrument.zones import Zone

if TYPE_CHECKING:
    from tonewright.synths.instrument.rendering import Instrument


_MEANS_SOMETHING = re.compile(r"[^\w .,()+-]")


class Region(NamedTuple):
    """Keys, and the file they play.

    Attributes:
        zone: The keys.
        file: Name of the sample in its folder.
        turn: Which of several samples of these keys it is, from 1.
        loop: The part of it that is repeated.
    """

    zone: Zone
    file: str
    turn: int
    loop: Loop | None


def samples_folder(path: Path) -> str:
    """Name of the folder of samples beside an SFZ file; free of what SFZ gives a meaning to."""
    return f"{_MEANS_SOMETHING.sub('_', path.stem).strip() or 'instrument'} samples"


def sfz_text(instrument: Instrument, regions: Sequence[Region], folder: str) -> str:
    """The SFZ file.

    Args:
        instrument: What is played.
        regions: Its samples.
        folder: Folder of the samples beside the file.
    """
    preset = instrument.preset
    turns = max(region.turn for region in regions)
    loop_mode = "loop_continuous" if instrument.looped else "no_loop"
    lines = [
        f"// {short_text(preset.name) or 'A preset'} of {preset.synth}, rendered by Tonewright.",
        f"// {instrument.held} The synth knows no velocity: it turns the level alone (amp_veltrack).",
        "",
        "<global>",
        f"loop_mode={'one_shot' if instrument.one_shot else loop_mode}",
        "amp_veltrack=100",
    ]
    if not instrument.one_shot:
        lines.append(f"ampeg_release={instrument.release_s:.4g}")
    for region in regions:
        zone = region.zone
        lines += ["", f"<region> // {note_name(zone.key)}"]
        lines.append(f"lokey={zone.low_key} hikey={zone.high_key} pitch_keycenter={zone.key}")
        if turns > 1:
            lines.append(f"seq_length={turns} seq_position={region.turn}")
        if region.loop is not None:  # its last frame is part of the loop
            lines.append(f"loop_start={region.loop.start} loop_end={region.loop.end - 1}")
        lines.append(f"sample={folder}/{region.file}")
    return "\n".join(lines) + "\n"
