"""`tonewright render PRESET -o NAME.sfz`: what it shows while it works, and at the end."""

from __future__ import annotations

from pathlib import Path

DEFAULT_NOTES = (36, 84, 3)
"""Lowest and highest note, and semitones from sample to sample."""


def run_instrument(
    preset: Path,
    output: Path,
    *,
    notes: tuple[int, int, int] | None,
    seconds: float | None,
    gate_seconds: float | None,
    sample_rate_hz: int,
    round_robin: int,
    seed: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Render an instrument, write it, and say what came out; see `tonewright.synths.instrument`."""
    from tonewright.cli.output import print_json
    from tonewright.cli.progress import work_progress
    from tonewright.synths import load_preset
    from tonewright.synths.instrument import render_instrument, zones

    keys = zones(*(notes or DEFAULT_NOTES))
    with work_progress("rendering", len(keys) * round_robin) as done:
        instrument = render_instrument(
            load_preset(preset),
            keys,
            sample_rate_hz=sample_rate_hz,
            seconds=seconds,
            gate_seconds=gate_seconds,
            round_robin=round_robin,
            seed=seed,
            progress=done,
        )
    instrument.save(output, overwrite=overwrite)
    if as_json:
        print_json({"files": [str(output.absolute())], **instrument.summary()})
    else:
        print(f"wrote {output}: {instrument.describe()}")
