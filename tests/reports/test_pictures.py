from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from tonewright.reports.pictures import FrequencyAxis, colour_map, encode_png, levels_db, spectrogram_pngs

RATE = 44_100
AXIS = FrequencyAxis.of_rate(RATE)


def decode_png(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Palette indices and palette of an 8-bit palette PNG, every check sum verified."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", content, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, *kind_of_picture = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert kind_of_picture == [8, 3, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (lines[:, 0] == 2).all()  # filter "up"
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return np.cumsum(lines[:, 1:], axis=0, dtype=np.uint8), palette


def sine(frequency_hz: float, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (64, 200)])
def test_png_round_trip(shape: tuple[int, int]) -> None:
    indices = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    decoded, palette = decode_png(encode_png(indices, colour_map()))
    np.testing.assert_array_equal(decoded, indices)
    np.testing.assert_array_equal(palette, colour_map())


def test_lightness_of_the_colour_map_rises_in_even_steps() -> None:
    encoded = colour_map(64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)  # CIE L*
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert lightness[0] < 5
    assert lightness[-1] > 92
    assert steps.std() < 0.25 * steps.mean()


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_colour_map_has_as_many_colours_as_asked(levels: int) -> None:
    assert len(np.unique(colour_map(levels), axis=0)) == levels


@pytest.mark.parametrize("frequency_hz", [41.2, 110.0, 261.6, 440.0, 1800.0, 5000.0, 15_000.0])
def test_a_sine_lies_in_its_row(frequency_hz: float) -> None:
    rows = 240
    levels = levels_db(sine(frequency_hz)[None], RATE, AXIS, 100, rows)[0]
    expected = int((1 - AXIS.height(frequency_hz)) * rows)
    loudest = np.abs(levels[:, 20:80].mean(axis=1).argmax() - expected)
    resolution_octaves = 10.8 / frequency_hz / np.log(2) / 2  # half a bin of the longest window
    octaves_per_row = np.log2(AXIS.high_hz / AXIS.low_hz) / rows
    assert loudest <= 1 + resolution_octaves / octaves_per_row


def test_levels_are_relative_to_the_louder_sound() -> None:
    loud = sine(1000.0)
    levels = levels_db(np.stack([loud, 0.1 * loud]), RATE, AXIS, 100, 240)
    assert levels[0].max() == 0.0
    assert levels[1].max() == pytest.approx(-20.0, abs=0.01)
    assert levels.min() == -80.0


def test_sines_of_equal_level_read_alike_across_the_blended_windows() -> None:
    peaks = [
        levels_db(np.stack([sine(1000.0), sine(hz)]), RATE, AXIS, 60, 240)[1, :, 20:40].max()
        for hz in (80.0, 280.0, 700.0, 2300.0, 8000.0)
    ]
    assert np.ptp(peaks) < 1.6  # a Hann window reads up to 1.4 dB low between its bins


def test_an_onset_lies_in_its_column() -> None:
    sound = np.concatenate([np.zeros(RATE // 2, np.float32), sine(6000.0)])
    levels = levels_db(sound[None], RATE, AXIS, 200, 120)[0]
    row = int((1 - AXIS.height(6000.0)) * 120)
    onset = int((levels[row] > -12).argmax())
    assert abs(onset - 100) <= 3  # 5 ms a column, a window of 23 ms


@pytest.mark.parametrize("frames", [1, 10, 441, 20_000])
@pytest.mark.parametrize("rate", [8000, RATE])
def test_every_length_fills_the_picture(frames: int, rate: int) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, (2, frames)).astype(np.float32)
    axis = FrequencyAxis.of_rate(rate)
    levels = levels_db(sound, rate, axis, 300, 90)
    assert levels.shape == (2, 90, 300)
    assert np.isfinite(levels).all()


def test_a_long_sound_is_averaged_so_that_nothing_falls_between_columns() -> None:
    sound = np.zeros(20 * RATE, np.float32)
    sound[7 * RATE : 7 * RATE + 200] = 1.0  # 5 ms in 20 s, a column is 200 ms
    levels = levels_db(sound[None], RATE, AXIS, 100, 60)[0]
    assert levels[:, 35].max() > -20


def test_a_sound_cut_short_draws_no_click() -> None:
    cosine = np.cos(2 * np.pi * 201.3 * np.arange(RATE // 2) / RATE).astype(np.float32)
    levels = levels_db(cosine[None], RATE, AXIS, 200, 120)[0]
    far = slice(0, int((1 - AXIS.height(4000.0)) * 120))
    assert levels[far, 0].max() > -50  # its sudden start does
    assert levels[far, -1].max() < -60


def test_silence_is_dark() -> None:
    assert (levels_db(np.zeros((2, 4000), np.float32), RATE, AXIS, 50, 40) == -80).all()


def test_pictures_have_the_size_asked_and_stay_small() -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, (2, RATE)).astype(np.float32)
    for png in spectrogram_pngs(noise, RATE, AXIS, columns=320, rows=100):
        indices, palette = decode_png(png)
        assert indices.shape == (100, 320)
        assert indices.max() < len(palette)
        assert len(png) < 40_000


def test_the_axis_ends_at_half_the_sample_rate() -> None:
    assert FrequencyAxis.of_rate(8000).high_hz == 4000
    assert FrequencyAxis.of_rate(192_000).high_hz == 20_000
    assert AXIS.height(AXIS.low_hz) == 0
    assert AXIS.height(AXIS.high_hz) == pytest.approx(1)
    np.testing.assert_allclose(AXIS.edges_hz(10)[[0, 10]], [30, 20_000])
