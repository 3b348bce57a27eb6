"""Playing a preset to a clip."""

from __future__ import annotations

import numpy as np

from tonewright.audio import Clip
from tonewright.errors import UsageError
from tonewright.synths.base import check_plays_notes
from tonewright.synths.preset import Preset
from tonewright.synths.registry import synth as make_synth

_GATE_SECONDS = 1.0
_LONGEST_SECONDS = 60.0
_SILENCE = 10 ** (-90 / 20)
_BLOCK_SECONDS = 0.25


def render_preset(
    preset: Preset,
    *,
    sample_rate_hz: int = 44_100,
    midi_note: float | None = None,
    seconds: float | None = None,
    gate_seconds: float | None = None,
    seed: int = 0,
) -> Clip:
    """Render a preset.

    Args:
        preset: The preset.
        sample_rate_hz: Rate to render at.
        midi_note: Note, of a synth that plays notes; that of the preset if not given, or middle C.
        seconds: Duration; until the sound has died away after the gate if not given, at most a minute.
        gate_seconds: When the key is let go, at most `seconds` if both are given; that of the preset if not
            given, or one second.
        seed: Seed of the noise.

    Raises:
        UsageError: A value is out of range, the synth plays no notes, or `preset` is no `Preset`.
        PresetError: The preset does not fit its synth.

    Examples:
        >>> import tonewright as tw
        >>> synth = tw.synth("serum-lite")
        >>> preset = tw.Preset.of(synth, synth.controls.defaults(), midi_note=48)
        >>> clip = tw.render_preset(preset, sample_rate_hz=16_000, seconds=0.5)
        >>> clip.samples.shape
        (1, 8000)
    """
    if not isinstance(preset, Preset):
        raise UsageError(
            f"render_preset takes a Preset; got {type(preset).__name__}; Preset.load(path) reads a file"
        )
    player = make_synth(preset.synth, sample_rate_hz)
    if midi_note is not None:
        check_plays_notes(player, f"note {midi_note:g}")
    params = preset.params(player)[None]
    note = next((n for n in (midi_note, preset.midi_note) if n is not None), 60.0)
    gate = next((g for g in (gate_seconds, preset.gate_seconds) if g is not None), _GATE_SECONDS)
    if seconds is not None:
        if gate_seconds is not None and gate_seconds > seconds:
            raise UsageError(
                f"the gate is at most as long as the sound, {seconds:g} s; got {gate_seconds:g} s;"
                " let the key go earlier, or render more seconds"
            )
        return Clip(player.render(params, note, seconds, gate, seed), sample_rate_hz)
    if gate > _LONGEST_SECONDS:
        raise UsageError(f"a gate above {_LONGEST_SECONDS:g} s needs seconds, the duration; got {gate:g}")
    voice = player.voice(params, note, gate, seed)
    block = round(_BLOCK_SECONDS * sample_rate_hz)
    blocks = [voice.render(max(1, round(gate * sample_rate_hz)))]
    rendered = gate
    while rendered < _LONGEST_SECONDS:
        blocks.append(voice.render(block))
        rendered += _BLOCK_SECONDS
        if np.abs(blocks[-1]).max() < _SILENCE:
            break
    return Clip(np.concatenate(blocks, axis=1), sample_rate_hz)
