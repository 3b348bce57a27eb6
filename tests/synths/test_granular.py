"""Granular against closed forms: grains of recordings whose every sample is known."""

import hashlib
import os

import numpy as np
import pytest

from tonewright.audio import Clip, read, write
from tonewright.errors import AudioError, PresetError
from tonewright.synths import Preset, parse_preset, render_preset, synth
from tonewright.synths.granular.kernel import SLOTS
from tonewright.synths.words import Performance, words

RATE_HZ = 44_100
SECONDS = 2.0  # of the recordings made here
LOUDEST_RMS = 0.25  # that recordings are brought to
TONE = LOUDEST_RMS * np.sqrt(2)  # amplitude of a tone then


def made(folder, wave, *, rate=RATE_HZ, seconds=SECONDS, synth_rate=RATE_HZ):
    """The synth of a recording that is a function of the time."""
    path = folder / "recording.wav"
    samples = np.atleast_2d(wave(np.arange(round(seconds * rate)) / rate)).astype(np.float32)
    write(path, Clip(samples, rate), encoding="float", overwrite=True)
    return synth(f"granular:{path}", synth_rate)


def tone(hz, level=1.0):
    return lambda t: level * np.sin(2 * np.pi * hz * t)


def constant(t):
    return np.full_like(t, 0.5)


def ramp(t):
    return t / SECONDS


def unit(player, **values):
    """One cloud: single grains without scatter at full level, but for what is given."""
    single = {"density_hz": 1.0, "position": 0.5, "duration_s": 0.2, "pitch_semitones": 0.0}
    single |= {"spread": 0.0, "amplitude": 1.0}
    return player.controls.to_unit(single | values)[None]


def physical(player, params):
    return dict(zip(player.controls.names, player.controls.to_physical(params[0]), strict=True))


def sounding(player, params, seconds, seed=0):
    return player.voice(params, seed=seed).render(round(seconds * player.sample_rate_hz))[0].astype(float)


def fade_in(frames, rate=RATE_HZ):
    """What the gate does to a note's first 5 ms."""
    x = np.minimum(1, np.arange(frames) / round(0.005 * rate))
    return x * x * (3 - 2 * x)


def limited(sum_of_grains):
    size = np.abs(sum_of_grains)
    over = np.maximum(size - 0.7, 0)
    return np.sign(sum_of_grains) * np.where(over > 0, 0.7 + 0.3 * over / (over + 0.3), size)


def gain(density_hz, duration_s):
    return 1 / np.sqrt(1 + 3 / 8 * density_hz * duration_s)


def hann(age_s, duration_s):
    return np.where((age_s >= 0) & (age_s < duration_s), np.sin(np.pi * age_s / duration_s) ** 2, 0.0)


class TestGrains:
    @pytest.mark.parametrize("semitones", [-24.0, -7.0, 0.0, 3.0, 12.0, 24.0])
    @pytest.mark.parametrize("position", [0.25, 0.5, 0.75])
    def test_a_grain_is_a_piece_of_the_recording_under_a_hann_window(self, tmp_path, semitones, position):
        player = made(tmp_path, tone(300.0))
        params = unit(player, position=position, pitch_semitones=semitones)
        played = physical(player, params)
        t = np.arange(12_000) / RATE_HZ
        ratio = 2 ** (played["pitch_semitones"] / 12)
        middle = played["position"] * (SECONDS - 1 / RATE_HZ)
        there = middle + ratio * (t - played["duration_s"] / 2)
        grain = gain(1.0, played["duration_s"]) * hann(t, played["duration_s"]) * tone(300.0, TONE)(there)
        sound = sounding(player, params, len(t) / RATE_HZ)
        np.testing.assert_allclose(sound, limited(grain) * fade_in(len(t)), atol=2e-3)

    @pytest.mark.parametrize("density_hz", [1.0, 2.9, 33.3, 100.0])
    def test_grains_begin_evenly_also_between_samples(self, tmp_path, density_hz):
        player = made(tmp_path, constant)
        params = unit(player, density_hz=density_hz, duration_s=0.03)
        played = physical(player, params)
        t = np.arange(round(0.8 * RATE_HZ)) / RATE_HZ
        onsets = np.arange(100) / played["density_hz"]
        level = LOUDEST_RMS * gain(played["density_hz"], played["duration_s"])
        total = level * hann(t - onsets[:, None], played["duration_s"]).sum(axis=0)
        np.testing.assert_allclose(sounding(player, params, 0.8), limited(total) * fade_in(len(t)), atol=1e-5)

    def test_a_hundred_grains_at_once_are_all_there(self, tmp_path):
        player = made(tmp_path, tone(437.0))
        params = unit(player, density_hz=100.0, duration_s=1.0)
        t = np.arange(round(2.5 * RATE_HZ)) / RATE_HZ
        ages = t - np.arange(250)[:, None] / 100
        middle = physical(player, params)["position"] * (SECONDS - 1 / RATE_HZ)
        total = gain(100, 1) * (hann(ages, 1.0) * tone(437.0, TONE)(middle + ages - 0.5)).sum(axis=0)
        expected = limited(total) * fade_in(len(t))
        np.testing.assert_allclose(sounding(player, params, 2.5), expected, atol=2e-3)

    @pytest.mark.parametrize("rate", [4_000, 44_100])
    def test_there_is_room_for_the_grains_of_every_corner(self, rate):
        player = synth("granular", rate)
        params = np.ones((1, 6), np.float32)
        most = 0
        for seed in range(8):
            voice = player.voice(params, seed=seed)
            for step in range(40):
                voice.turn(params * np.array([1, 1, 1, 1, step % 2, 1], np.float32))
                voice.render(rate // 15)
                most = max(most, int(voice._numbers[0, 1] - voice._numbers[0, 0]))
        assert 99 <= most < SLOTS - 10

    def test_a_grain_keeps_the_settings_it_began_with_but_for_the_level(self, tmp_path):
        player = made(tmp_path, tone(300.0))
        start = unit(player, duration_s=0.8)
        turned = unit(player, position=0.1, duration_s=0.05, pitch_semitones=11.0, spread=0.9)
        left, changed, quiet = (player.voice(start) for _ in range(3))
        for voice, target in ((changed, turned), (quiet, unit(player, duration_s=0.8, amplitude=0.25))):
            voice.render(5_000)
            voice.turn(target)
        expected = left.render(35_280)[0, 5_000:]
        np.testing.assert_array_equal(changed.render(30_280)[0], expected)
        softer = quiet.render(30_280)[0]
        np.testing.assert_allclose(softer[2_000:], 0.25 * expected[2_000:], atol=1e-6)
        assert np.abs(np.diff(softer)).max() < 1.1 * np.abs(np.diff(expected)).max()

    def test_the_first_grain_begins_at_once_whatever_the_scatter(self, tmp_path):
        player = made(tmp_path, constant)
        for seed in range(5):
            sound = sounding(player, unit(player, spread=1.0, density_hz=2.0), 0.2, seed)
            np.testing.assert_allclose(sound[300:], sounding(player, unit(player, density_hz=2.0), 0.2)[300:])


class TestScatter:
    """With a ramp for a recording, the middle of a grain tells where it was cut."""

    DENSITY_HZ, DURATION_S = 5.0, 0.02

    def cuts(self, player, position, spread, seed=0, grains=150):
        """When grains begin, in grains, and where they are cut."""
        params = unit(
            player, density_hz=self.DENSITY_HZ, duration_s=self.DURATION_S, position=position, spread=spread
        )
        sound = sounding(player, params, grains / self.DENSITY_HZ, seed)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], np.abs(sound) > 1e-7, [0]]).astype(int)))
        begins, ends = edges[::2], edges[1::2]
        whole = np.abs(ends - begins - self.DURATION_S * RATE_HZ) < 20
        begins = begins[whole]
        middles = begins + round(0.5 * self.DURATION_S * RATE_HZ)
        loudest = 1 - 0.05 / SECONDS  # the ramp's last tenth of a second, 0.1 s long
        places = sound[middles] / gain(self.DENSITY_HZ, self.DURATION_S) * loudest / LOUDEST_RMS
        return begins / RATE_HZ * self.DENSITY_HZ, places

    def test_without_spread_all_is_even(self, tmp_path):
        begins, places = self.cuts(made(tmp_path, ramp), 0.4, 0.0)
        np.testing.assert_allclose(begins, np.arange(len(begins)), atol=0.002)
        np.testing.assert_allclose(places, 0.4, atol=0.003)

    @pytest.mark.parametrize("spread", [0.01, 0.09, 0.25])
    def test_grains_come_later_by_its_root_and_are_cut_up_to_it_away(self, tmp_path, spread):
        begins, places = self.cuts(made(tmp_path, ramp), 0.4, spread)
        late = begins - np.floor(begins + 0.002)
        assert len(begins) == 150
        assert late.max() == pytest.approx(np.sqrt(spread), rel=0.03)
        assert late[1:].mean() == pytest.approx(np.sqrt(spread) / 2, rel=0.15)
        assert np.abs(places - 0.4).max() == pytest.approx(spread, rel=0.05)
        assert places.mean() == pytest.approx(0.4, abs=0.15 * spread)
        assert abs(np.corrcoef(late, places)[0, 1]) < 0.2

    def test_what_would_lie_outside_is_mirrored(self, tmp_path):
        player = made(tmp_path, ramp)
        _, low = self.cuts(player, 0.0, 0.25)
        assert low.min() > 0
        assert low.max() == pytest.approx(0.25, rel=0.05)
        params = unit(player, duration_s=1.0, position=1.0)  # the second half is the first one backwards
        sound = sounding(player, params, 1.0)
        np.testing.assert_allclose(sound[1_000:22_050], sound[-1_000:-22_050:-1], atol=1e-4)

    def test_what_is_random_belongs_to_the_seed(self, tmp_path):
        player = made(tmp_path, ramp)
        (_, first), (_, again), (_, other) = (self.cuts(player, 0.5, 0.2, seed, 60) for seed in (7, 7, 8))
        np.testing.assert_array_equal(first, again)
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.3
        rows = player.render(np.repeat(player.controls.defaults()[None], 3, axis=0), 60, 0.5, seed=3)
        np.testing.assert_array_equal(rows[0], rows[1])
        np.testing.assert_array_equal(rows[0], rows[2])


class TestPitch:
    @pytest.mark.parametrize(
        "rates", [(44_100, 44_100), (48_000, 44_100), (44_100, 16_000), (11_025, 48_000)]
    )
    @pytest.mark.parametrize("semitones", [-24.0, -3.7, 0.0, 5.0, 19.0, 24.0])
    def test_it_is_right_at_any_rate(self, tmp_path, rates, semitones):
        recorded, played = rates
        player = made(tmp_path, tone(440.0), seconds=4.0, rate=recorded, synth_rate=played)
        sound = sounding(player, unit(player, pitch_semitones=semitones, duration_s=1.0), 1.0)
        assert loudest_hz(sound, played) == pytest.approx(440 * 2 ** (semitones / 12), abs=0.05)

    @pytest.mark.parametrize("semitones", [4.0, 7.0, 12.0, 24.0])
    def test_what_would_fold_at_nyquist_is_gone(self, tmp_path, semitones):
        hz = 1.1 * RATE_HZ / 2 / 2 ** (semitones / 12)
        player = made(tmp_path, tone(hz), seconds=4.0)
        sound = sounding(player, unit(player, pitch_semitones=semitones, duration_s=1.0), 1.0)
        assert np.abs(sound).max() < 1e-4

    @pytest.mark.parametrize(
        ("semitones", "heard_hz"),
        [(-24.0, 1_000.0), (-24.0, 5_000.0), (-5.0, 14_500.0)]
        + [(s, hz) for s in (-5.0, 0.5, 4.0, 7.0, 13.0, 18.0, 24.0) for hz in (1_000.0, 5_000.0, 9_900.0)]
        + [(s, 16_000.0) for s in (0.5, 4.0, 7.0, 13.0, 18.0, 24.0)],
    )
    def test_interpolation_adds_little(self, tmp_path, semitones, heard_hz):
        hz = heard_hz / 2 ** (semitones / 12)
        player = made(tmp_path, tone(hz), seconds=4.0)
        sound = sounding(player, unit(player, pitch_semitones=semitones, duration_s=1.0), 1.0)[500:-500]
        power = np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) ** 2
        away = np.abs(np.fft.rfftfreq(len(sound), 1 / RATE_HZ) - heard_hz) > 30
        added_db = 10 * np.log10(power[away].sum() / power[~away].sum())
        assert added_db < (-55 if heard_hz < 10_000 else -45)


def loudest_hz(sound, rate):
    """Frequency of the strongest line, by a parabola through the logarithms around it."""
    spectrum = np.log(np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 4 * len(sound))) + 1e-12)
    peak = int(spectrum.argmax())
    a, b, c = spectrum[peak - 1 : peak + 2]
    return (peak + 0.5 * (a - c) / (a - 2 * b + c)) * rate / (4 * len(sound))


class TestLevel:
    @pytest.mark.parametrize("duration_s", [0.3, 1.0])
    @pytest.mark.parametrize("density_hz", [20.0, 100.0])
    def test_a_dense_cloud_is_as_loud_as_the_recording(self, tmp_path, density_hz, duration_s):
        noise = np.random.default_rng(0).standard_normal(round(SECONDS * RATE_HZ))
        player = made(tmp_path, lambda t: noise[: len(t)])
        params = unit(player, density_hz=density_hz, duration_s=duration_s, spread=0.5)
        sound = sounding(player, params, 3.0)[round(duration_s * RATE_HZ) :]
        power = np.convolve(noise**2, np.ones(4_410) / 4_410, "valid").max()
        recorded = min(LOUDEST_RMS / np.sqrt(power), 0.7 / np.abs(noise).max())
        thinner = np.sqrt(3 / 8 * density_hz * duration_s) * gain(density_hz, duration_s)
        assert np.sqrt((sound**2).mean()) == pytest.approx(recorded * thinner, rel=0.12)
        assert thinner > 10 ** (-1.5 / 20) or density_hz * duration_s < 7

    def test_it_never_leaves_full_scale(self, tmp_path):
        player = made(tmp_path, tone(400.0, 0.01))  # in step with the grains: the worst that can add up
        rows = np.concatenate([unit(player, density_hz=d, duration_s=1.0) for d in (50.0, 80.0, 100.0)])
        sound = player.render(rows, 60, 2.0)
        assert 0.9 < np.abs(sound).max() < 1

    def test_no_amplitude_is_silence(self, tmp_path):
        player = made(tmp_path, tone(400.0))
        assert not sounding(player, unit(player, amplitude=0.0), 0.5).any()


class TestSource:
    def test_its_file_is_known_by_its_bytes(self, tmp_path):
        first = made(tmp_path, tone(300.0))
        path = tmp_path / "recording.wav"
        assert first.name == f"granular:{path}"
        assert first.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        sound = sounding(first, unit(first), 0.1)
        second = made(tmp_path, tone(500.0))  # of the same name: what was read before does not count
        assert second.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != first.file_sha256
        assert np.abs(sounding(second, unit(second), 0.1) - sound).max() > 0.1
        assert first.factory_presets() == ()

    def test_the_one_that_ships(self):
        player = synth("granular")
        assert (player.name, player.plays_notes) == ("granular", False)
        assert len(player.file_sha256) == 64
        assert len(player.factory_presets()) >= 5

    def test_channels_are_mixed(self, tmp_path):
        mixed = made(tmp_path, lambda t: np.stack([tone(300.0)(t), 0 * t]))
        sound = sounding(mixed, unit(mixed), 0.2)
        one = made(tmp_path, tone(300.0))
        np.testing.assert_allclose(sound, sounding(one, unit(one), 0.2), atol=1e-6)

    @pytest.mark.parametrize("seconds", [0.01, 0.05, 0.3])
    def test_it_may_be_shorter_than_a_grain(self, tmp_path, seconds):
        player = made(tmp_path, tone(700.0), seconds=seconds)
        rows = np.concatenate(
            [
                unit(player, duration_s=1.0, pitch_semitones=s, position=p)
                for s in (-24, 0, 24)
                for p in (0, 0.3, 1)
            ]
        )
        sound = player.render(rows, 60, 1.0, 1.0)
        assert np.isfinite(sound).all()
        assert (np.sqrt((sound**2).mean(axis=1)) > 0.1).all()
        assert np.abs(sound).max() < 1

    @pytest.mark.parametrize(
        ("samples", "rate", "rule"),
        [
            (np.zeros((1, 44_100)), 44_100, "is silent; give another"),
            (np.stack([tone(300.0)(np.arange(9_000) / 9e3), -tone(300.0)(np.arange(9_000) / 9e3)]), 9_000,
             "is silent: its channels cancel each other; give another"),
            (np.ones((1, 80)), 8_001, r"from 0\.01 s of sound or more; got .* of 0\.0100 s; give another"),
            (np.full((1, 121 * 4_000), 0.1), 4_000, "at most 120 s are taken"),
        ],
    )  # fmt: skip
    def test_sounds_it_cannot_use(self, tmp_path, samples, rate, rule):
        path = tmp_path / "odd.wav"
        write(path, Clip(samples.astype(np.float32), rate), encoding="float")
        with pytest.raises(AudioError, match=rule):
            synth(f"granular:{path}")

    def test_files_it_cannot_use(self, tmp_path):
        text, pipe = tmp_path / "a.txt", tmp_path / "pipe"
        text.write_text("no sound at all")
        os.mkfifo(pipe)
        for path, rule in [
            (tmp_path / "none.wav", "no such file or directory; check the path"),
            ("", "no such file or directory"),
            ("a\0b", "check the path|null|zero"),
            (tmp_path, "is a folder; give the path of a sound file"),
            (text, "is text; give a WAV"),
            (pipe, "got the pipe"),
            (os.devnull, "is a device"),
        ]:
            with pytest.raises(AudioError, match=rule) as caught:
                synth(f"granular:{path}")
            assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "name", ["with spaces.wav", "#1: a 'quoted' \"take\".wav", "ünï:côde.wav", "no-ending"]
    )
    def test_presets_of_any_name(self, tmp_path, name):
        path = tmp_path / name
        write(tmp_path / "x.wav", Clip(tone(300.0)(np.arange(9_000) / 9e3)[None].astype(np.float32), 9_000))
        os.replace(tmp_path / "x.wav", path)
        player = synth(f"granular:{path}")
        params = player.controls.sample(np.random.default_rng(3))[0]
        text = Preset.of(player, params, name="Mine").to_json()
        preset = parse_preset(text)
        assert preset.synth == f"granular:{path}"
        clip = render_preset(preset, seconds=0.3, gate_seconds=0.3)
        np.testing.assert_array_equal(clip.samples, player.render(preset.params(player)[None], 60, 0.3, 0.3))
        path.unlink()
        with pytest.raises(
            PresetError, match="the sound that this preset plays is missing or unfit: cannot read"
        ):
            parse_preset(text)

    def test_a_preset_belongs_to_its_recording(self, tmp_path):
        player = made(tmp_path, tone(300.0))
        preset = Preset.of(synth("granular"), player.controls.defaults())
        with pytest.raises(PresetError, match="is for the synth 'granular', not 'granular:"):
            preset.params(player)


def test_words():
    player = synth("granular")
    spoken, played = words(player), Performance(1.0, 1.0)
    values = player.controls.to_values(
        unit(player, density_hz=40.0, duration_s=0.5, pitch_semitones=-12.0, spread=0.25)[0]
    )
    assert spoken.summary(values, played) == (
        "40 grains a second, each of 500 ms, 12 semitones lower; some 20 sound at once. "
        "They are cut around 50% of the recording, scattered by 25%."
    )
    assert set(spoken.idle(values | {"amplitude": 0.0}, played)) == set(player.controls.names) - {"amplitude"}


def test_position_leads_from_low_to_high_and_to_noise_in_the_recording_that_ships():
    from tonewright.synths.granular.synth import SOURCE

    samples = read(SOURCE).samples[0].astype(float)
    windows = samples[: len(samples) // 4_410 * 4_410].reshape(-1, 4_410) * np.hanning(4_410)
    power = np.abs(np.fft.rfft(windows)) ** 2
    hz = np.fft.rfftfreq(4_410, 1 / 44_100)
    centroid = (power * hz).sum(axis=1) / power.sum(axis=1)
    flatness = np.exp(np.log(power + 1e-12).mean(axis=1)) / power.mean(axis=1)
    ranks = centroid.argsort().argsort()
    assert np.corrcoef(ranks, np.arange(len(ranks)))[0, 1] > 0.8
    assert centroid.max() / centroid.min() > 40
    assert flatness[-5:].min() > 100 * np.median(flatness[:10])
