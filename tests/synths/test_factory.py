"""The factory bank: all can be heard, none clips, no two are alike, and each does what its name says."""

import re
from collections import Counter
from functools import lru_cache

import numpy as np
import pytest

from tonewright.audio.levels import true_peak_dbtp
from tonewright.audio.loudness import integrated_lufs, momentary_lufs
from tonewright.distances import mss
from tonewright.features.stft import mel_spectrogram
from tonewright.synths.preset import parse_preset
from tonewright.synths.serum_lite.factory import CATEGORIES, factory_presets
from tonewright.synths.serum_lite.synth import SerumLite

RATE_HZ = 44_100
BANK = factory_presets()
NAMES = [preset.name for preset in BANK]
COMMON_NOTE = 48

_WINDOW_S, _HOP_S = 0.02, 0.005


def _category(preset):
    return preset.tags[0]


def _of(category):
    return [preset for preset in BANK if _category(preset) == category]


def _render(presets, seconds, note=None, gate_s=None):
    synth = SerumLite(RATE_HZ)
    notes = [preset.midi_note if note is None else note for preset in presets]
    gates = [preset.gate_seconds if gate_s is None else gate_s for preset in presets]
    return synth.render(np.stack([preset.params(synth) for preset in presets]), notes, seconds, gates)


@lru_cache(maxsize=1)
def _bank_audio():
    """Every preset at its own note and gate, with 1.2 s or more of release."""
    return _render(BANK, 4.0)


def _audio(preset):
    return _bank_audio()[NAMES.index(preset.name)]


def _level_db(audio):
    """Level of 20 ms windows every 5 ms in dB below the loudest; window `k` is centred at `_time(k)`."""
    window, hop = round(_WINDOW_S * RATE_HZ), round(_HOP_S * RATE_HZ)
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    start = np.arange(0, len(audio) - window, hop)
    power = (energy[start + window] - energy[start]) / window
    return 10 * np.log10(power / power.max() + 1e-12)


def _time(window):
    return window * _HOP_S + _WINDOW_S / 2


def _rise_s(audio):
    """When the level first comes within 6 dB of its highest."""
    return _time(np.argmax(_level_db(audio) > -6))


def _fall_s(audio, drop_db):
    """When the level first lies so far below its highest, after that."""
    level = _level_db(audio)
    below = np.flatnonzero(level[level.argmax() :] < -drop_db)
    return _time(level.argmax() + below[0]) if len(below) else np.inf


def _level_at_db(audio, seconds):
    return _level_db(audio)[round((seconds - _WINDOW_S / 2) / _HOP_S)]


def _share_of_energy(audio, low_hz, high_hz):
    power = np.abs(np.fft.rfft(audio)) ** 2
    hz = np.fft.rfftfreq(len(audio), 1 / RATE_HZ)
    return power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()


def _centroid_octaves(audio, frames=2048, hop=512):
    """log2 of the spectral centroid in Hz, of frames within 40 dB of the loudest."""
    windows = np.lib.stride_tricks.sliding_window_view(audio, frames)[::hop] * np.hanning(frames)
    power = np.abs(np.fft.rfft(windows)) ** 2
    power = power[power.sum(axis=1) > 1e-4 * power.sum(axis=1).max()]
    return np.log2(power @ np.fft.rfftfreq(frames, 1 / RATE_HZ) / power.sum(axis=1))


def _mss_of_all_pairs(audio):
    """MSS of each preset with each, `[64, 64]`: its definition, with every spectrogram taken only once."""
    scales = []
    for window_ms, hop_ms, n_mels in ((10, 5, 32), (25, 10, 64), (100, 50, 128)):
        n_fft, hop = window_ms * RATE_HZ // 1000, hop_ms * RATE_HZ // 1000
        power = mel_spectrogram(audio, RATE_HZ, n_fft, hop, n_mels).reshape(len(audio), -1)
        decibels = 10 * np.log10(np.maximum(power, 1e-10))
        decibels = np.maximum(decibels - decibels.max(axis=1, keepdims=True), -80)
        scales.append([np.abs(decibels - one).mean(axis=1) for one in decibels])
    return np.mean(scales, axis=0)


def test_it_holds_64_presets_eight_or_more_of_each_category():
    assert len(BANK) == 64
    count = Counter(map(_category, BANK))
    assert tuple(count) == CATEGORIES  # and in this order
    assert min(count.values()) >= 8


def test_names_are_unique_and_short_and_tags_are_plain_words():
    assert len({name.casefold() for name in NAMES}) == len(BANK)
    for preset in BANK:
        assert re.fullmatch(r"[A-Z][A-Za-z]*( [A-Z][A-Za-z]*){0,3}", preset.name)
        assert len(set(preset.tags)) == len(preset.tags) >= 3
        assert all(re.fullmatch(r"[a-z0-9-]+", tag) for tag in preset.tags)


def test_every_preset_is_whole_and_survives_saving():
    synth = SerumLite(RATE_HZ)
    for preset in BANK:
        assert list(preset.controls) == synth.controls.names
        assert parse_preset(preset.to_json()) == preset
        back = synth.controls.to_values(preset.params(synth))
        assert back == pytest.approx(dict(preset.controls), rel=1e-5, abs=1e-6)


def test_the_bank_is_read_once():
    assert factory_presets() is BANK


def test_every_control_is_put_to_use():
    values = {name: [preset.controls[name] for preset in BANK] for name in SerumLite.controls.names}
    for control in SerumLite.controls:
        assert len(set(values[control.name])) >= (5 if control.steps else 8), control.name
        units = control.to_unit(values[control.name])
        assert units.max() - units.min() >= 0.6, control.name
    amount, target = np.array(values["lfo_amount"]), np.array(values["lfo_target"])
    assert np.sum(amount * (1 - target) > 0.01) >= 10  # LFO on pitch
    assert np.sum(amount * target > 0.05) >= 10  # LFO on the filter
    assert np.sum(np.abs(values["filter_envelope_octaves"]) >= 1) >= 25
    assert min(values["filter_envelope_octaves"]) < 0
    assert np.sum(np.array(values["osc1_unison"]) > 1) >= 20
    assert np.sum(np.array(values["noise_level"]) > 0) >= 15


def test_numbers_are_rounded_as_a_person_would():
    for preset in BANK:
        for name, value in preset.controls.items():
            assert float(f"{value:.3g}") == value, (preset.name, name)


def test_notes_and_gates_are_sensible():
    notes = {"bass": (28, 48), "lead": (55, 84), "pad": (45, 72), "pluck": (57, 84), "keys": (48, 76)}
    gates = {"pad": (1.5, 3), "drum": (0.05, 1.5), "effect": (0.3, 3)}
    for preset in BANK:
        low, high = notes.get(_category(preset), (12, 96))
        assert low <= preset.midi_note <= high, preset.name
        low, high = gates.get(_category(preset), (0.2, 2))
        assert low <= preset.gate_seconds <= high, preset.name


def test_every_preset_is_audible():
    assert integrated_lufs(_bank_audio(), RATE_HZ).min() > -34


def test_the_bank_is_even_in_loudness():
    integrated = integrated_lufs(_bank_audio(), RATE_HZ)
    loudest = momentary_lufs(_bank_audio(), RATE_HZ).max(axis=1)
    for preset, whole, moment in zip(BANK, integrated, loudest, strict=True):
        if _category(preset) == "drum":
            assert -23 < moment < -14, preset.name
        else:
            assert -23 < whole < -15, preset.name
            assert moment < -11, preset.name


def test_none_clips():
    assert np.abs(_bank_audio()).max() < 1
    assert true_peak_dbtp(_bank_audio()).max() < -0.5


def test_none_clips_an_octave_around_its_note_or_at_middle_c():
    for preset in BANK:
        for note in (preset.midi_note - 12, preset.midi_note + 12, 60):
            assert np.abs(_render([preset], 1.0, note)).max() < 1, (preset.name, note)


@pytest.mark.parametrize("note", [None, COMMON_NOTE], ids=["own-notes", "common-note"])
def test_no_two_are_alike(note):
    audio = _render(BANK, 2.0, note)
    apart = _mss_of_all_pairs(audio)
    apart[np.tril_indices(len(BANK))] = np.inf
    first, second = np.unravel_index(np.argsort(apart, axis=None)[:10], apart.shape)
    published = mss(audio[first], audio[second], RATE_HZ)
    assert published == pytest.approx(apart[first, second], rel=1e-3)
    alike = [(NAMES[i], NAMES[j], float(apart[i, j])) for i, j in np.argwhere(apart < 2)]
    assert alike == []


@pytest.mark.parametrize("preset", _of("bass"), ids=lambda preset: preset.name)
def test_a_bass_lies_low(preset):
    assert _share_of_energy(_audio(preset), 0, 500) > 0.85
    assert _share_of_energy(_audio(preset), 20, 200) > 0.35
    assert _rise_s(_audio(preset)) < 0.06


@pytest.mark.parametrize("preset", _of("lead"), ids=lambda preset: preset.name)
def test_a_lead_speaks_at_once_and_holds(preset):
    assert _rise_s(_audio(preset)) < 0.06
    assert _level_at_db(_audio(preset), preset.gate_seconds) > -8
    assert 2 ** np.median(_centroid_octaves(_audio(preset))) > 250


@pytest.mark.parametrize("preset", _of("pad"), ids=lambda preset: preset.name)
def test_a_pad_swells_holds_and_lingers(preset):
    assert _rise_s(_audio(preset)) > 0.08
    assert _level_at_db(_audio(preset), preset.gate_seconds) > -8
    assert _level_at_db(_audio(preset), preset.gate_seconds + 0.15) > -20


@pytest.mark.parametrize("preset", _of("pluck"), ids=lambda preset: preset.name)
def test_a_pluck_is_struck_and_dies_away_though_held(preset):
    held = _render([preset], 3.0, gate_s=3.0)[0]
    assert _rise_s(held) < 0.02
    assert 0.1 < _fall_s(held, 20) < 1.5


@pytest.mark.parametrize("preset", _of("keys"), ids=lambda preset: preset.name)
def test_keys_speak_at_once_and_sing_on(preset):
    held = _render([preset], 3.0, gate_s=3.0)[0]
    assert _rise_s(held) < 0.06
    assert _fall_s(held, 20) > 0.3
    assert _level_at_db(_audio(preset), preset.gate_seconds + 1) < -40  # no pedal


@pytest.mark.parametrize("preset", _of("drum"), ids=lambda preset: preset.name)
def test_a_drum_is_struck_and_gone_within_a_second(preset):
    held = _render([preset], 3.0, gate_s=3.0)[0]
    assert _rise_s(held) < 0.025
    assert _fall_s(held, 20) < 1
    assert _level_at_db(held, 2.5) < -60


@pytest.mark.parametrize("preset", _of("effect"), ids=lambda preset: preset.name)
def test_an_effect_moves(preset):
    octaves = _centroid_octaves(_audio(preset))
    assert np.ptp(np.percentile(octaves, [10, 90])) > 0.4


@pytest.mark.parametrize(
    "preset",
    [preset for preset in BANK if _category(preset) not in ("drum", "effect") and "blip" not in preset.tags],
    ids=lambda preset: preset.name,
)
def test_what_has_a_pitch_is_in_tune(preset):
    """The strongest partial is one of the note, or of its lower octave."""
    audio = _audio(preset)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    strongest_hz = spectrum.argmax() * RATE_HZ / len(audio)
    lower_octave_hz = 440 * 2 ** ((preset.midi_note - 12 - 69) / 12)
    partial = round(strongest_hz / lower_octave_hz)
    assert 1 <= partial <= 8
    cents = 1200 * np.log2(strongest_hz / (partial * lower_octave_hz))
    assert abs(cents) < preset.controls["unison_detune_cents"] + 40


def test_named_drums_lie_where_they_belong():
    kicks = [preset for preset in BANK if "kick" in preset.tags]
    hats = [preset for preset in BANK if "hat" in preset.tags]
    assert len(kicks) >= 3
    assert len(hats) >= 2
    for kick in kicks:
        assert _share_of_energy(_audio(kick), 20, 200) > 0.8, kick.name
    for hat in hats:
        assert _share_of_energy(_audio(hat), 5_000, RATE_HZ) > 0.8, hat.name
