import json

import numpy as np
import soundfile

from tonewright.audio import Clip, resample, write
from tonewright.distances import get

KEYS = [
    "mss",
    "wmfcc",
    "sot",
    "rms",
    "spectral_convergence",
    "log_stft_mae",
    "mfcc_mae",
    "lufs_difference",
    "f0_cents",
]


def test_json_has_every_published_distance(run, wav, tmp_path, sound):
    write(tmp_path / "b.wav", Clip(0.5 * sound[::-1].copy(), 16_000))
    outcome = run("compare", wav, tmp_path / "b.wav", "--json")
    values = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    assert list(values) == KEYS
    assert all(np.isfinite(value) for value in values.values())
    assert values["mss"] > 1


def test_a_sound_is_like_itself(run, wav):
    values = json.loads(run("compare", wav, wav, "--json").out)
    assert values == dict.fromkeys(KEYS, 0.0) | {"rms": 1.0}


def test_text_explains_each(run, wav):
    heading, *lines = run("compare", wav, wav).out.splitlines()
    assert heading.split() == ["distance", "value", "unit", "better", "meaning"]
    assert [line.split()[0] for line in lines] == KEYS
    unit, better, meaning = (heading.index(word) for word in ("unit", "better", "meaning"))
    for name, line in zip(KEYS, lines, strict=True):
        one = get(name)
        shown = (line[unit:better].strip(), line[better:meaning].strip(), line[meaning:])
        assert shown == (one.unit, one.better, one.meaning)


def test_text_tells_what_was_done_to_make_the_sounds_alike(run, wav, tmp_path, sound):
    write(tmp_path / "long.wav", Clip(np.stack([np.pad(sound, (0, 4_000))] * 2), 16_000))
    longer = "lengths: A lasts 0.250 s, B 0.500 s; A was followed by silence"
    shorter = "lengths: A lasts 0.500 s, B 0.250 s; B was followed by silence"
    told = run("compare", wav, tmp_path / "long.wav").out.splitlines()[10:]
    assert told == [longer, "channels: A has 1, B 2; both were mixed to mono, but for lufs_difference"]
    assert run("compare", tmp_path / "long.wav", wav).out.splitlines()[10] == shorter


def test_a_length_that_differs_by_resampling_alone_is_none(run, wav, tmp_path, sound):
    write(tmp_path / "b.wav", resample(Clip(sound, 16_000), 22_050))
    told = run("compare", wav, tmp_path / "b.wav").out.splitlines()[10:]
    assert told == ["rates: B was brought from 22050 to 16000 Hz, the rate of A"]


def test_rates_lengths_and_channels_may_differ(run, wav, tmp_path):
    time_s = np.arange(96_000) / 192_000
    tone = 0.3 * np.sin(2 * np.pi * 220 * time_s)
    soundfile.write(tmp_path / "b.flac", np.stack([tone] * 8, axis=1), 192_000, subtype="PCM_24")
    values = json.loads(run("compare", wav, tmp_path / "b.flac", "--json").out)
    assert values["f0_cents"] < 10


def test_silence_can_be_compared(run, wav, tmp_path, sound):
    write(tmp_path / "silent.wav", Clip(0 * sound, 16_000))
    values = json.loads(run("compare", wav, tmp_path / "silent.wav", "--json").out)
    assert all(np.isfinite(value) for value in values.values())
    assert values["rms"] == 0


def test_a_rate_too_low_to_compare_names_the_file(refuse, wav, tmp_path):
    soundfile.write(tmp_path / "low.wav", np.full(3_000, 0.1), 3_000)
    assert refuse("compare", tmp_path / "low.wav", wav, code=1) == (
        f"{str(tmp_path / 'low.wav')!r}: sounds are compared at a whole sample rate from 4000 to 768000 Hz;"
        " got 3000; resample them"
    )


def test_more_than_a_minute_is_refused(refuse, wav, tmp_path):
    soundfile.write(tmp_path / "b.wav", np.zeros(61 * 8_000), 8_000)
    complaint = refuse("compare", wav, tmp_path / "b.wav", code=1)
    assert complaint.endswith("lasts 61.00 s; at most 60 s are taken: cut it")


def test_channels_that_cancel_each_other_are_told(run, wav, tmp_path, sound):
    write(tmp_path / "b.wav", Clip(np.stack([sound, -sound]), 16_000))
    told = run("compare", wav, tmp_path / "b.wav").out.splitlines()[10:]
    assert told == [
        "channels: A has 1, B 2; both were mixed to mono, but for lufs_difference",
        "channels: those of B cancel each other; distances of their mean take it for silent",
    ]
    told = run("compare", tmp_path / "b.wav", tmp_path / "b.wav").out.splitlines()[10:]
    assert [line.split()[3] for line in told] == ["A", "B"]
