"""The contract of every registered descriptor."""

from __future__ import annotations

import numpy as np
import pytest

from tonewright.audio import Clip, channel_weights
from tonewright.features import CHANNEL_RULES, StreamAnalyser, all_descriptors, hear

RATE_HZ = 16_000
NAMES = [one.name for one in all_descriptors()]
BY_NAME = {one.name: one for one in all_descriptors()}


def noise(frames: int, seed: int = 0, amplitude: float = 0.1) -> np.ndarray:
    return (amplitude * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def sine(frames: int, frequency_hz: float = 441.0, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / RATE_HZ)).astype(np.float32)


def impulse(frames: int) -> np.ndarray:
    samples = np.zeros(frames, np.float32)
    samples[1000] = 1.0
    return samples


SOUNDS = {
    "silence": np.zeros(4000, np.float32),
    "one sample": np.ones(1, np.float32),
    "10 ms": sine(160),
    "DC": np.full(4000, 0.5, np.float32),
    "impulse": impulse(4000),
    "sine": sine(4000, amplitude=1.0),
    "square": np.sign(sine(4000)) * np.float32(1.0),
    "Nyquist": np.tile(np.array([1.0, -1.0], np.float32), 2000),
    "noise": noise(4000),
    "noise below the floor": noise(4000, amplitude=1e-7),
    "denormal": np.full(4000, 1e-40, np.float32),
    "clipped far beyond full scale": np.sign(noise(4000)) * np.float32(999.0),
    "16-bit": np.round(sine(4000, amplitude=1e-4) * 32767).astype(np.float32) / 32767,
    "noise, then silence": np.concatenate([noise(2000), np.zeros(6000, np.float32)]),
}


@pytest.mark.parametrize("name", NAMES)
def test_declaration(name: str):
    one = BY_NAME[name]
    assert one.unit
    assert one.meaning[0].isupper()
    assert one.meaning.endswith(".")
    assert len(one.source) > 10
    assert one.category.replace("_", "").islower()
    assert one.channels in CHANNEL_RULES


def test_names_are_unique_and_columns_are_lower_case_words():
    columns = [column for one in BY_NAME.values() for column in one.columns]
    assert len(set(columns)) == len(columns)
    assert all(column.replace("_", "").isalnum() and column == column.lower() for column in columns)
    # A name shared by a descriptor and a category means the same either way.
    for name in set(NAMES) & {one.category for one in BY_NAME.values()}:
        assert [one.name for one in BY_NAME.values() if one.category == name] == [name]


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("name", NAMES)
def test_values_are_finite_and_one_to_a_hop(name: str, sound: str):
    audio = SOUNDS[sound]
    before = audio.copy()
    table = hear(audio, RATE_HZ, name)
    assert table.values.shape == (1, -(-len(audio) // 256), len(BY_NAME[name].columns))
    assert table.values.dtype == np.float32
    assert np.isfinite(table.values).all()
    np.testing.assert_array_equal(audio, before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("rate_hz", "window", "hop"), [(4000, None, None), (48_000, None, None), (44_100, 1500, 333)]
)
def test_values_are_finite_at_other_rates_and_lengths(name: str, rate_hz: int, window: int, hop: int):
    table = hear(np.stack([noise(5000), sine(5000)]), rate_hz, name, window=window, hop=hop)
    assert np.isfinite(table.values).all()


@pytest.mark.parametrize("name", NAMES)
def test_batch_is_single_to_the_bit(name: str):
    # Enough sounds for several groups and several threads.
    batch = np.stack([*(noise(8192, seed) for seed in range(39)), sine(8192)])
    together = hear(batch, RATE_HZ, name).values
    for i in (0, 17, 39):
        np.testing.assert_array_equal(hear(batch[i], RATE_HZ, name).values[0], together[i])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("block", [1, 64, 333, 5000])
def test_streaming_is_offline_to_the_bit(name: str, block: int):
    frames = 5500 if block > 1 else 1500
    audio = np.concatenate([sine(frames // 2), noise(frames - frames // 2)])
    analyser = StreamAnalyser(RATE_HZ, [name, f"{name}_delta"])
    pieces = [analyser.push(audio[i : i + block]) for i in range(0, frames, block)]
    streamed = np.concatenate([*pieces, analyser.flush()])
    np.testing.assert_array_equal(streamed, hear(audio, RATE_HZ, [name, f"{name}_delta"]).values[0])


@pytest.mark.parametrize("name", NAMES)
def test_streaming_is_offline_at_lengths_that_do_not_divide(name: str):
    audio = noise(6000)
    analyser = StreamAnalyser(22_050, name, window=700, hop=300)
    streamed = np.concatenate([analyser.push(part) for part in np.split(audio, [5, 1000, 1001, 4321])])
    streamed = np.concatenate([streamed, analyser.flush()])
    np.testing.assert_array_equal(streamed, hear(audio, 22_050, name, window=700, hop=300).values[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [2, 6, 8, 9])
def test_several_channels_come_together_as_the_descriptor_states(name: str, channels: int):
    sounds = np.stack(
        [noise(5000, i, 0.01) + sine(5000, 300.0 + 70 * i, 0.1 + 0.05 * i) for i in range(channels)]
    )
    together = hear(Clip(sounds, RATE_HZ), descriptors=name).values[0]
    apart = hear(sounds, RATE_HZ, name).values
    if BY_NAME[name].channels == "mix":
        expected = hear(Clip(sounds, RATE_HZ).mono(), RATE_HZ, name).values[0]
    elif BY_NAME[name].channels == "largest":
        expected = apart.max(axis=0)
    else:
        powers = 10 ** (apart.astype(np.float64) / 10)
        expected = 10 * np.log10(np.einsum("c...,c->...", powers, channel_weights(channels)))
    np.testing.assert_allclose(together, expected, rtol=0, atol=1e-5)
    # The sounds differ so much that no rule gives what another one would.
    assert abs(together - apart[0]).max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_gain_moves_levels_only(name: str):
    one = BY_NAME[name]
    audio = noise(8192, amplitude=0.1) + sine(8192, amplitude=0.5)
    loud, quiet = (hear(gain * audio, RATE_HZ, name).values[0, 8:] for gain in (1.0, 0.5))
    moved = np.full(len(one.columns), -20 * np.log10(2.0) if one.unit in ("dBFS", "dBTP", "LUFS") else 0.0)
    if one.category == "cepstrum":
        moved[0] = -20 * np.log10(2.0) * np.sqrt({"mfcc": 40, "mfcc20": 64}[name])
    np.testing.assert_allclose(quiet - loud, np.broadcast_to(moved, loud.shape), atol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_heard_before_it_sounds(name: str):
    # Frames that end before the two sounds part are the same: no descriptor looks ahead.
    first, second = noise(8192), noise(8192)
    second[4096:] = sine(4096)
    same = 4096 // 256
    heard = hear(np.stack([first, second]), RATE_HZ, name).values
    np.testing.assert_array_equal(heard[0, :same], heard[1, :same])
    assert not np.array_equal(heard[0, same:], heard[1, same:])
