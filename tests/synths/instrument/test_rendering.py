import re

import numpy as np
import pytest

from tonewright.audio import read
from tonewright.audio.levels import true_peak_dbtp
from tonewright.errors import OutputError, UsageError
from tonewright.synths import Preset
from tonewright.synths import synth as make_synth
from tonewright.synths.instrument import render_instrument, zones

RATE_HZ = 44_100
SYNTH = make_synth("serum-lite", RATE_HZ)
FACTORY = {preset.name: preset for preset in SYNTH.factory_presets()}
SUSTAINED, PLUCKED, MOVING, NOISY = "Deep Sub", "Marimba", "Warm Pad", "Tight Snare"
THREE = zones(48, 72, 12)


def preset(name, **controls):
    there = FACTORY[name]
    return Preset(there.synth, there.synth_version, {**there.controls, **controls}, name)


def parse_sfz(text):
    """Opcodes of the global header and of each region, as a player reads them."""
    text = re.sub(r"//.*", "", text)
    headers = re.split(r"<(\w+)>", text)[1:]
    sections = []
    for header, body in zip(headers[::2], headers[1::2], strict=True):
        # A value goes on until the next opcode or the end of its line: the names of samples hold spaces.
        opcodes = dict(re.findall(r"(\w+)=(.*?)(?=\s+\w+=|\s*$)", body, re.M))
        sections.append((header, opcodes))
    assert [header for header, _ in sections] == ["global"] + ["region"] * (len(sections) - 1)
    return sections[0][1], [{**sections[0][1], **opcodes} for _, opcodes in sections[1:]]


def test_the_file_names_what_was_rendered(tmp_path):
    instrument = render_instrument(FACTORY[SUSTAINED], THREE)
    instrument.save(tmp_path / "sub bass.sfz")
    text = (tmp_path / "sub bass.sfz").read_text("utf-8")
    common, regions = parse_sfz(text)
    assert common == {
        "loop_mode": "loop_continuous",
        "amp_veltrack": "100",
        "ampeg_release": f"{instrument.release_s:.4g}",
    }
    ranges = [
        tuple(int(region[name]) for name in ("lokey", "pitch_keycenter", "hikey")) for region in regions
    ]
    assert ranges == [(48, 48, 54), (55, 60, 66), (67, 72, 72)]
    for region, sounds, loops in zip(regions, instrument.samples, instrument.loops, strict=True):
        assert "\\" not in region["sample"]
        clip = read(tmp_path / region["sample"])
        np.testing.assert_allclose(clip.samples[0], sounds[0], atol=2**-23)
        assert (clip.sample_rate_hz, clip.channels) == (RATE_HZ, 1)
        assert (int(region["loop_start"]), int(region["loop_end"])) == (loops[0].start, loops[0].end - 1)
        assert loops[0].end < clip.frames
    assert sorted(path.name for path in (tmp_path / "sub bass samples").iterdir()) == [
        "note-048.wav", "note-060.wav", "note-072.wav",
    ]  # fmt: skip


def test_a_sample_is_what_the_synth_plays_with_the_key_held():
    instrument = render_instrument(FACTORY[SUSTAINED], THREE)
    params = FACTORY[SUSTAINED].params(SYNTH)[None]
    for zone, sounds, loops in zip(THREE, instrument.samples, instrument.loops, strict=True):
        own = SYNTH.render(params, zone.key, 5.0, 60.0)[0] * np.float32(10 ** (instrument.gain_db / 20))
        untouched = loops[0].end - round(0.05 * RATE_HZ)  # up to the fade at the end of the loop
        np.testing.assert_array_equal(sounds[0][:untouched], own[:untouched])


@pytest.mark.parametrize(
    ("name", "looped", "cut", "told"),
    [
        (SUSTAINED, True, False, "A note sounds for as long as its key is held."),
        (PLUCKED, False, False, "A note dies away while its key is held."),
        (MOVING, False, True, "A note ends with its sample, however long its key is held."),
    ],
)
def test_what_becomes_of_a_note_that_is_held(name, looped, cut, told, tmp_path):
    instrument = render_instrument(FACTORY[name], THREE)
    assert (instrument.looped, instrument.cut, instrument.held) == (looped, cut, told)
    assert instrument.summary()["looped"] == looped
    instrument.save(tmp_path / "a.sfz")
    common, _ = parse_sfz((tmp_path / "a.sfz").read_text())
    assert common["loop_mode"] == ("loop_continuous" if looped else "no_loop")
    for sounds in instrument.samples:
        if not looped:  # it comes to nothing at its end
            assert np.abs(sounds[0][-4:]).max() < 1e-4
    if name == PLUCKED:
        assert max(len(sounds[0]) for sounds in instrument.samples) < 3 * RATE_HZ


def test_keys_that_hold_and_keys_that_do_not_are_not_mixed(monkeypatch):
    from tonewright.synths.instrument import rendering

    found = iter([(2_300, 40_000), None, (2_300, 40_000)])
    monkeypatch.setattr(rendering, "find_loop", lambda sound, rate: next(found))
    instrument = render_instrument(FACTORY[SUSTAINED], THREE)
    assert instrument.loops == [[None], [None], [None]]
    assert instrument.cut


@pytest.mark.parametrize("release_s", [0.05, 0.3, 1.5])
def test_a_sampler_fades_as_the_synth_does(release_s):
    instrument = render_instrument(preset(SUSTAINED, amp_release_s=release_s), [THREE[1]])
    # The synth falls by e⁻⁵, bent to end at its time: 20 dB after 0.4487 of it. A sampler falls by e⁻⁹.
    assert instrument.release_s == pytest.approx(9 * 0.4487 / np.log(10) * release_s, rel=0.1, abs=0.01)


def test_no_sample_clips_and_one_gain_does_for_all():
    loud = {"osc1_level": 1.0, "osc2_level": 1.0, "master_volume": 1.0, "filter_resonance": 0.9}
    instrument = render_instrument(preset(SUSTAINED, **loud), THREE)
    assert instrument.gain_db < -1
    peaks = [float(true_peak_dbtp(sounds[0][None])[0]) for sounds in instrument.samples]
    assert max(peaks) == pytest.approx(-1, abs=0.05)
    assert "turned down by" in instrument.describe()
    assert render_instrument(preset(SUSTAINED, master_volume=0.05), THREE).gain_db == 0


def test_samples_in_turn_differ_in_their_noise(tmp_path):
    instrument = render_instrument(FACTORY[NOISY], THREE, round_robin=3, seed=5)
    params = FACTORY[NOISY].params(SYNTH)[None]
    for turn in range(3):
        own = SYNTH.render(params, 60, 5.0, 60.0, 5 + turn)[0] * np.float32(10 ** (instrument.gain_db / 20))
        sound = instrument.samples[1][turn]
        np.testing.assert_array_equal(sound, own[: len(sound)])
    instrument.save(tmp_path / "a.sfz")
    _, regions = parse_sfz((tmp_path / "a.sfz").read_text())
    assert [(region["seq_length"], region["seq_position"]) for region in regions] == [
        ("3", "1"), ("3", "2"), ("3", "3"),
    ] * 3  # fmt: skip
    assert len({region["sample"] for region in regions}) == 9
    with pytest.raises(UsageError, match="this one sounds the same every time; got round robin 2"):
        render_instrument(FACTORY[SUSTAINED], THREE, round_robin=2)


def test_with_a_gate_every_note_is_whole(tmp_path):
    instrument = render_instrument(FACTORY[MOVING], THREE, gate_seconds=0.5)
    assert instrument.one_shot
    own = SYNTH.render(FACTORY[MOVING].params(SYNTH)[None], 60, 5.0, 0.5)[0]
    sound = instrument.samples[1][0]
    np.testing.assert_allclose(sound, own[: len(sound)] * 10 ** (instrument.gain_db / 20), atol=1e-6)
    assert np.abs(own[len(sound) :]).max() < 10 ** (-89 / 20)
    instrument.save(tmp_path / "a.sfz")
    common, regions = parse_sfz((tmp_path / "a.sfz").read_text())
    assert common == {"loop_mode": "one_shot", "amp_veltrack": "100"}
    assert not any("loop_start" in region for region in regions)


def test_names_that_mean_something_to_a_player_are_changed(tmp_path):
    instrument = render_instrument(preset(PLUCKED), [THREE[0]])
    instrument.save(tmp_path / "a=b $c #d; [é].sfz")
    assert (tmp_path / "a_b _c _d_ _é_ samples" / "note-048.wav").is_file()
    _, (region,) = parse_sfz((tmp_path / "a=b $c #d; [é].sfz").read_text("utf-8"))
    assert (tmp_path / region["sample"]).is_file()


def test_a_name_of_a_preset_stays_a_remark(tmp_path):
    odd = Preset("serum-lite", 1, FACTORY[PLUCKED].controls, "a\n<region> sample=b")
    render_instrument(odd, [THREE[0]]).save(tmp_path / "a.sfz")
    assert len(parse_sfz((tmp_path / "a.sfz").read_text())[1]) == 1


def test_nothing_is_overwritten_unless_told_and_nothing_is_left_over(tmp_path):
    instrument, fewer = (render_instrument(FACTORY[PLUCKED], keys) for keys in (THREE, THREE[:1]))
    samples = tmp_path / "a samples"
    samples.mkdir()
    (samples / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        instrument.save(tmp_path / "a.sfz")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a samples", "mine.txt"]
    instrument.save(tmp_path / "a.sfz", overwrite=True)
    with pytest.raises(OutputError, match="it exists"):
        fewer.save(tmp_path / "a.sfz")
    assert len(list(samples.glob("*.wav"))) == 3
    fewer.save(tmp_path / "a.sfz", overwrite=True)
    assert sorted(path.name for path in samples.iterdir()) == ["mine.txt", "note-048.wav"]
    with pytest.raises(UsageError, match=r"end the name in \.sfz"):
        fewer.save(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0.0}, {"seconds": 61.0}, {"gate_seconds": 0.0}, {"round_robin": 0}], ids=str
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError, match="got "):
        render_instrument(FACTORY[PLUCKED], THREE, **wrong)


def test_a_silent_preset_is_refused():
    with pytest.raises(UsageError, match="silent on each of 3 notes"):
        render_instrument(preset(PLUCKED, master_volume=0.0), THREE)


def test_a_real_player_plays_it(tmp_path):
    """sfizz plays what the synth plays, also beyond the end of a sample, and fades as the synth does."""
    pysfizz = pytest.importorskip("pysfizz", reason="needs the player sfizz: pip install pysfizz")
    render_instrument(FACTORY[SUSTAINED], zones(48, 49)).save(tmp_path / "a.sfz")
    text = (tmp_path / "a.sfz").read_text("utf-8")
    (tmp_path / "a.sfz").write_text(f"<control> hint_ram_based=1\n{text}", "utf-8")
    player = pysfizz.Synth(RATE_HZ, 64)
    assert player.load_sfz_file(tmp_path / "a.sfz")
    assert player.playable_keys == [48, 49]
    played = player.render_note(48, 127, 8.0, 9.0)[0].astype(float)[1:]
    own = SYNTH.render(FACTORY[SUSTAINED].params(SYNTH)[None], 48, 9.0, 8.0)[0].astype(float)[:-1]
    early = slice(64, 2 * RATE_HZ)  # after the block in which the player fades every note in
    played *= np.dot(own[early], own[early]) / np.dot(played[early], own[early])
    error = np.square(played[early] - own[early]).mean() / np.square(own[early]).mean()
    assert 10 * np.log10(error) < -60
    held = slice(7 * RATE_HZ, 8 * RATE_HZ)
    assert 10 * np.log10(np.square(played[held]).mean() / np.square(own[held]).mean()) == pytest.approx(
        0, abs=0.1
    )
    bends = np.abs(np.diff(played, 2))
    assert bends[2 * RATE_HZ : 8 * RATE_HZ].max() <= 1.01 * np.abs(np.diff(own, 2))[: 8 * RATE_HZ].max()
    released = slice(round(8.05 * RATE_HZ), round(8.07 * RATE_HZ))
    down = 10 * np.log10(np.square(played[released]).mean() / np.square(own[released]).mean())
    assert down == pytest.approx(0, abs=2)


def test_a_synth_without_notes_makes_no_instrument():
    sine = make_synth("sine")
    whistle = Preset.of(sine, sine.controls.defaults())
    rule = r"^sine plays no notes, .*; got an instrument; render a sound file$"
    with pytest.raises(UsageError, match=rule):
        render_instrument(whistle, THREE)
