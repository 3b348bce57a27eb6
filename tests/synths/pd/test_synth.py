"""Patches played by real Pd."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tonewright.errors import SynthError
from tonewright.synths import Preset, parse_preset, render_preset
from tonewright.synths import synth as make_synth
from tonewright.synths.pd import player, workplace
from tonewright.synths.pd.driver import BLOCK
from tonewright.synths.pd.program import VARIABLE

from .patches import patch_text, processes, with_pd, write_patch, write_tone

pytestmark = with_pd

RATE = 44_100
HOSTILE = (
    "my synth", "a#b", "a,b", "a;b", "a$b", "$1x", "#1", "it's", 'q"q', "123", "-x", "ünï", "a{b}", "a.b.c",
    "~x", "a:b", "a%s", "1e5", "[a]",
)  # fmt: skip


@pytest.fixture
def tone(tmp_path):
    return make_synth(f"pd:{write_tone(tmp_path / 'tone')}")


def cosine(pitch, level, frames=RATE):
    """What the tone of `write_tone` plays while its gate is open."""
    return level * np.cos(2 * np.pi * 1_000 * pitch * np.arange(frames) / RATE)


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "Z"


class TestSound:
    def test_a_patch_gets_its_controls_at_once(self, tone):
        params = np.array([[0.44, 0.5], [0.1, 1.0], [1.0, 0.25]], np.float32)
        sound = tone.render(params, 60, 1, 1)[:, 400:-400]
        for row, (pitch, level) in zip(sound, params, strict=True):
            # Pd's cosine is a table of 2,048 points.
            np.testing.assert_allclose(row, cosine(pitch, level)[400:-400], atol=1e-3 * level)

    def test_a_single_control_is_a_float(self, tmp_path):
        path = write_patch(tmp_path, "inlet\n* 1000\nosc~\noutlet~", "0 1,1 2,2 3", ["pitch"])
        sound = make_synth(f"pd:{path}").render([[0.5]], 60, 0.5, 0.5)[0]
        np.testing.assert_allclose(sound[400:-400], cosine(0.5, 1, len(sound))[400:-400], atol=1e-3)

    def test_more_outlets_are_mixed_by_their_mean(self, tmp_path):
        boxes = "inlet\nunpack f f\nsig~\nsig~\noutlet~\noutlet\noutlet~"
        path = write_patch(tmp_path, boxes, "0 1,1 2,1.1 3,2 4,3 6")
        sound = make_synth(f"pd:{path}").render([[0.5, 0.25], [1, 0]], 60, 0.1, 0.1)
        np.testing.assert_allclose(sound[0, 300:-300], 0.375, rtol=1e-6)
        np.testing.assert_allclose(sound[1, 300:-300], 0.5, rtol=1e-6)

    def test_the_sample_rate_is_pds(self, tmp_path):
        path = write_patch(
            tmp_path, "inlet\nt b\nsamplerate~\n* 0.000001\nsig~\noutlet~", "0 1,1 2,2 3,3 4,4 5", ["a"]
        )
        for rate in (4_000, 16_000, 22_051, 44_100, 96_000, 384_000):
            sound = make_synth(f"pd:{path}", rate).render([[0.5]], 60, 0.1, 0.1)[0]
            assert sound[len(sound) // 2] == pytest.approx(rate * 1e-6, rel=1e-6)

    def test_the_gate_fades_as_that_of_a_drone(self, tmp_path):
        path = write_patch(tmp_path, "inlet\nsig~\noutlet~", "0 1,1 2", ["a"])
        level = make_synth(f"pd:{path}").render([[1.0]], 60, 0.1, 0.05)[0]
        sine = make_synth("sine").render([[0.5, 1.0]], 60, 0.1, 0.05)[0]
        ungated = make_synth("sine").voice([[0.5, 1.0]], 60).render(len(level))[0]
        heard = np.abs(ungated[300:]) > 0.1
        np.testing.assert_allclose((sine[300:] / ungated[300:])[heard], level[300:][heard], atol=1e-5)
        assert level[0] == 0
        assert (level[300:2_205] == 1).all()
        assert (level[2_205 + 221 :] == 0).all()

    def test_control_lists_come_as_float32(self, tmp_path):
        path = write_patch(tmp_path, "inlet\nsig~\noutlet~", "0 1,1 2", ["a"])
        values = np.random.default_rng(0).random((40, 1), np.float32)
        values[:4, 0] = np.float32(1e-7), np.nextafter(np.float32(1), np.float32(0)), 1, np.float32(1 / 3)
        sound = make_synth(f"pd:{path}").render(values, 60, 0.02, 0.02)
        np.testing.assert_array_equal(sound[:, 400], values[:, 0])

    def test_a_hundred_controls_of_many_rows(self, tmp_path):
        """More than a pipe holds at once, and each of them in its place."""
        boxes = "inlet\nunpack " + "f " * 100 + "\nsig~\nsig~\nsig~\n+~\n*~ 0.001\n+~\noutlet~"
        links = "0 1,1 2,1.57 3,1.99 4,3 6,4 6,2 7,6 7.1,7 8"
        path = write_patch(tmp_path, boxes, links, [f"c{i}" for i in range(100)])
        params = np.random.default_rng(3).random((130, 100), np.float32)
        sound = make_synth(f"pd:{path}").render(params, 60, 0.02, 0.02)[:, 400]
        np.testing.assert_allclose(sound, params[:, 0] + 0.001 * (params[:, 57] + params[:, 99]), rtol=1e-5)


class TestTurning:
    @pytest.mark.parametrize("at", [0, 1, 63, 64, 65, 300])
    def test_it_is_turned_at_the_next_block_of_pd(self, tmp_path, at):
        path = write_patch(tmp_path, "inlet\nsig~\noutlet~", "0 1,1 2", ["a"])
        voice = make_synth(f"pd:{path}").voice([[1.0]])
        before = voice.render(at)
        voice.turn([[0.5]])
        level = np.concatenate([before, voice.render(1_000)], axis=1)[0]
        step = -(-at // BLOCK) * BLOCK
        opening = np.minimum(1, np.arange(len(level)) / 220) ** 2 * (
            3 - 2 * np.minimum(1, np.arange(len(level)) / 220)
        )
        np.testing.assert_allclose(level, opening * np.where(np.arange(len(level)) < step, 1, 0.5), atol=1e-6)

    def test_every_turn_sends_the_list_once(self, tmp_path):
        boxes = "inlet\nt b\nf 0\n+ 1\nsig~\noutlet~"
        path = write_patch(tmp_path, boxes, "0 1,1 2,2 3,3 2.1,3 4,4 5", ["a"])
        voice = make_synth(f"pd:{path}").voice([[0.5]] * 2)
        counts = []
        for _ in range(5):
            counts.append(voice.render(448)[:, -1])
            voice.turn([[0.5]] * 2)
        np.testing.assert_array_equal(counts, np.arange(1, 6)[:, None].repeat(2, axis=1))


class TestRowsStandAlone:
    """Also those of patches whose instances would hear of each other."""

    @pytest.mark.parametrize(
        ("boxes", "links"),
        [
            ("inlet\ns pitch\nr pitch\n* 1000\nosc~\noutlet~", "0 1,2 3,3 4,4 5"),
            ("inlet\n* 1000\nosc~\nthrow~ bus\ncatch~ bus\noutlet~", "0 1,1 2,2 3,4 5"),
            ("inlet\n* 1000\nosc~\ndelwrite~ line 100\ndelread~ line 10\noutlet~", "0 1,1 2,2 3,4 5"),
            ("inlet\n* 1000\nosc~\nnoise~\n+~\noutlet~", "0 1,1 2,2 4,3 4.1,4 5"),
            (
                "inlet\nt f b\n* 1000\nosc~\nrandom 1000\n/ 1000\n*~\noutlet~",
                "0 1,1 2,2 3,1.1 4,4 5,3 6,5 6.1,6 7",
            ),
        ],
    )
    def test_shared_names_and_counters(self, tmp_path, boxes, links):
        made = make_synth(f"pd:{write_patch(tmp_path, boxes, links, ['pitch'])}")
        params = np.random.default_rng(1).random((5, 1), np.float32)
        together = made.render(params, 60, 0.2)
        for row in range(5):
            np.testing.assert_array_equal(made.render(params[row : row + 1], 60, 0.2)[0], together[row])
        np.testing.assert_array_equal(made.voice(params, 60, 0.15).render(together.shape[1]), together)
        assert len({row.tobytes() for row in together}) == 5

    def test_more_rows_than_a_pd_takes(self, tone):
        params = np.random.default_rng(2).random((150, 2), np.float32)
        sound = tone.voice(params).render(2_000)
        for row in range(0, 150, 37):
            np.testing.assert_array_equal(tone.voice(params[row : row + 1]).render(2_000)[0], sound[row])
        np.testing.assert_array_equal(tone.render(params, 60, 2_000 / RATE, 9.0), sound)

    def test_a_clock_that_is_no_multiple_of_anything(self, tmp_path):
        """Times are counted from the beginning of a row, never from that of another."""
        boxes = "inlet\nunpack f f\nmetro 3.337\nt b b\nmsg 0\nmsg 1 2.21\nvline~\noutlet~\nloadbang\nmsg 1"
        links = "0 1,8 9,9 2,2 3,3 5,3.1 4,4 6,5 6,6 7"
        made = make_synth(f"pd:{write_patch(tmp_path, boxes, links)}")
        assert made.patch.not_alone == ""
        sound = made.render(np.full((40, 2), 0.5), 60, 0.5)
        assert len(np.unique(sound[0])) > 1_000
        np.testing.assert_array_equal(sound, sound[:1].repeat(40, axis=0))


class TestSeed:
    def test_noise_and_random_have_other_numbers(self, tmp_path):
        boxes = "inlet\nsig~\nnoise~\n*~\noutlet~"
        made = make_synth(f"pd:{write_patch(tmp_path, boxes, '0 1,1 3,2 3.1,3 4', ['level'])}")
        sounds = [made.render([[1.0]], 60, 0.2, seed=seed)[0] for seed in (0, 0, 1, 2, 63, 64)]
        np.testing.assert_array_equal(sounds[0], sounds[1])
        np.testing.assert_array_equal(sounds[0], sounds[5])  # as it is documented
        for i, one in enumerate(sounds[1:5]):
            for other in sounds[1 : i + 1]:
                assert abs(np.corrcoef(one, other)[0, 1]) < 0.05

    def test_a_patch_can_ask_for_the_seed(self, tmp_path):
        boxes = "inlet\nr tonewright-seed\n+ 1\n* 0.01\nsig~\noutlet~"
        made = make_synth(f"pd:{write_patch(tmp_path, boxes, '1 2,2 3,3 4,4 5', ['unused'])}")
        sound = made.render([[0.5], [0.7]], 60, 0.1, seed=70)
        np.testing.assert_allclose(sound[:, 1_000], 0.71, rtol=1e-6)


class TestFolders:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_whatever_files_and_folders_are_called(self, tmp_path, name):
        expected = make_synth(f"pd:{write_tone(tmp_path / 'plain')}").render([[0.3, 0.7]], 60, 0.05)
        for path in (write_tone(tmp_path / name), write_tone(tmp_path / "folder", name=name)):
            np.testing.assert_array_equal(make_synth(f"pd:{path}").render([[0.3, 0.7]], 60, 0.05), expected)

    def test_a_folder_with_a_backslash(self, tmp_path):
        path = write_tone(tmp_path / "back\\slash")
        sound = make_synth(f"pd:{path}").render([[0.3, 0.7]], 60, 0.05)
        assert np.abs(sound).max() > 0.5

    def test_a_temporary_folder_with_a_hostile_name(self, tmp_path, monkeypatch):
        odd = tmp_path / "a b;c,d$1 #x"
        odd.mkdir()
        monkeypatch.setattr(workplace, "_parent", lambda: odd)
        sound = make_synth(f"pd:{write_tone(tmp_path / 'tone')}").render([[0.3, 0.7]], 60, 0.05)
        assert np.abs(sound).max() > 0.5
        assert list(odd.iterdir()) == []

    def test_files_and_abstractions_are_found_from_where_the_patch_is(self, tmp_path):
        path = write_patch(
            tmp_path / "a b" / "c", "inlet\ninner/scaled\nosc~\nown\n*~\noutlet~", "0 1,1 2,2 4,3 4.1,4 5",
            ["x"], paths=["../library;1"],
        )  # fmt: skip
        for file, boxes, links in (
            ("a b/c/inner/scaled.pd", "inlet\nbeside\noutlet", "0 1,1 2"),
            ("a b/c/inner/beside.pd", "inlet\n* 500\noutlet", "0 1,1 2"),
            ("a b/library;1/own.pd", "loadbang\ntext define -k \\$0-t\nmsg read ../level.txt\n"
             "text get \\$0-t\nmsg 0\noutlet", "0 2,0 4,2 1,4 3,3 5"),
        ):  # fmt: skip
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(patch_text(boxes, links))
        (tmp_path / "a b" / "level.txt").write_text("0.25;\n")
        sound = make_synth(f"pd:{path}").render([[1.0]], 60, 0.5, 0.5)[0]
        np.testing.assert_allclose(sound[400:-400], cosine(0.5, 0.25, len(sound))[400:-400], atol=1e-3)

    def test_a_relative_path_holds_where_the_folder_changes(self, tmp_path, monkeypatch):
        write_tone(tmp_path / "tone")
        monkeypatch.chdir(tmp_path)
        made = make_synth("pd:tone")
        monkeypatch.chdir("/")
        assert np.abs(made.render([[0.3, 0.7]], 60, 0.05)).max() > 0.5

    def test_a_preset_is_rendered(self, tone):
        preset = Preset.of(tone, [0.44, 0.5])
        clip = render_preset(parse_preset(preset.to_json()), seconds=0.5)
        np.testing.assert_array_equal(clip.samples, tone.render([[0.44, 0.5]], 60, 0.5, 1.0))


class TestFaults:
    def render(self, path, seconds=0.2):
        return make_synth(f"pd:{path}").render([[0.5], [0.7]], 60, seconds)

    @pytest.mark.parametrize(
        ("boxes", "links", "rule"),
        [
            ("inlet\nosc~\noutlet~\nnot-there~ 1 2", "0 1,1 2", r"got \[not-there~ 1 2\] in .* install"),
            ("inlet\nosc~\noutlet~\nclone not-there 3", "0 1,1 2", r"got \[clone not-there 3\] in"),
            ("inlet\nosc~\noutlet~\nloadbang\nmsg open no.wav\nreadsf~\nmsg read no.txt\ntextfile",
             "0 1,1 2,3 4,4 5,3 6,6 7", r"needs every file .* says .no.txt: can't open. of"),
            ("inlet\nosc~\noutlet~\nloadbang\nmsg read -resize no.wav a\nsoundfiler\narray define a",
             "0 1,1 2,3 4,4 5", r"a patch needs every file that it names; Pd says .*no.wav.* of"),
            ("inlet\nosc~ 100\nsqrt~\nlog~ -1\noutlet~\nsig~ 1e30\n*~ 1e30\n*~", "6 7,5 6,6 7.1,7 4",
             r"the sound of a patch is finite numbers; got NaN or infinity from .* after 0\.000 s"),
            ("inlet\nsig~\nexpr~ sqrt($v1-2)\noutlet~", "0 1,1 2,2 3", "got NaN or infinity"),
            ("inlet\nosc~\n*~ 0\noutlet~", "0 1,1 2,2 3", "at some setting .* got silence from .*; check"),
            ("inlet\nosc~ 3\noutlet~\ntabread4~ nowhere", "0 1,3 2", r"silence .*Pd said .* such array"),
            ("inlet\nosc~\noutlet~\nmsg \\; pd quit", "0 1,1 2,0 3", r"got its end \(exit code 0\)"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_in_a_line(self, tmp_path, boxes, links, rule):
        path = write_patch(tmp_path, boxes, links, ["a"])
        with pytest.raises(SynthError, match=rule) as caught:
            self.render(path)
        assert "\n" not in str(caught.value)
        assert not processes()

    def test_a_library_that_is_missing(self, tmp_path):
        path = write_tone(tmp_path, libraries=["no-such-library"])
        with pytest.raises(SynthError, match='Pd says "no-such-library: can\'t load library"; install it'):
            make_synth(f"pd:{path}").render([[0.5, 0.7]], 60, 0.1)

    @pytest.mark.parametrize("when", ["loadbang", "inlet"])
    def test_a_loop_without_end(self, tmp_path, monkeypatch, when):
        monkeypatch.setattr(player, "PATIENCE_S", 0.5)
        path = write_patch(
            tmp_path,
            "inlet\nosc~\noutlet~\nloadbang\nt b\nuntil",
            f"0 1,1 2,{3 * (when == 'loadbang')} 4,4 5",
            ["a"],
        )
        with pytest.raises(
            SynthError, match=r"within 0\.5 s; got none from .*, which seems to be in a loop without"
        ):
            self.render(path)
        assert not processes()

    def test_pd_dies_in_the_middle(self, tone):
        voice = tone.voice([[0.5, 0.7], [0.4, 0.7]])
        voice.render(100)
        for pid in processes():
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(SynthError, match=r"got its end \(the signal SIGKILL\) while it played"):
            voice.render(10_000)
        with pytest.raises(SynthError, match="plays until it fails or is closed"):
            voice.render(100)
        assert not processes()

    def test_a_patch_that_is_broken_later(self, tmp_path):
        """NaN at one setting of the controls: the others are rendered, and the moment is told."""
        path = write_patch(tmp_path, "inlet\nsig~\nexpr~ sqrt($v1-0.4)\noutlet~", "0 1,1 2,2 3", ["a"])
        made = make_synth(f"pd:{path}")
        assert np.isfinite(made.render([[0.7]], 60, 0.1)).all()
        with pytest.raises(SynthError, match=r"got NaN .* after 0\.029 s"):
            made.render([[[0.7], [0.3]]], 60, 0.1, hop=1_280)

    def test_pd_is_not_installed(self, tone, monkeypatch):
        monkeypatch.setenv(VARIABLE, "/nowhere/pd")
        assert tone.controls.names == ["pitch", "level"]  # what is known without it
        with pytest.raises(SynthError, match="playing a patch needs Pure Data"):
            tone.render([[0.5, 0.7]], 60, 0.1)

    def test_a_talkative_patch(self, tmp_path):
        path = write_patch(
            tmp_path,
            "inlet\nosc~\noutlet~\nmetro 0.1\nprint what-a-long-line\nloadbang\nmsg 1",
            "0 1,1 2,5 6,6 3,3 4",
            ["a"],
        )
        assert np.abs(self.render(path, 2.0)).max() > 0.5


class TestProcesses:
    def test_a_voice_that_is_dropped_ends_its_pd(self, tone):
        voice = tone.voice(np.full((3, 2), 0.5))
        voice.render(64)
        started = processes()
        assert started
        del voice
        assert not started & processes()

    def test_a_rendering_leaves_nothing(self, tone, tmp_path, monkeypatch):
        monkeypatch.setattr(workplace, "_parent", lambda: tmp_path)
        before = set(tmp_path.iterdir())
        tone.render(np.full((40, 2), 0.5), 60, 0.1)
        assert set(tmp_path.iterdir()) == before
        assert not processes()

    def test_pd_ends_with_a_process_that_was_killed(self, tmp_path):
        code = (
            "import sys, time; from tonewright.synths import synth\n"
            "voice = synth(sys.argv[1]).voice([[0.5, 0.5]] * 40)\n"
            "voice.render(20_000); print('ready', flush=True); time.sleep(600)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, f"pd:{write_tone(tmp_path)}"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            started = processes(process.pid)
            process.kill()
        assert started
        deadline = time.monotonic() + 60
        while not all(map(gone, started)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert all(map(gone, started))

    @pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a system that tells of its processes")
    def test_what_a_killed_process_leaves_is_removed_by_the_next(self, tmp_path):
        code = (
            "import os, signal, sys; from tonewright.synths import synth\n"
            "voice = synth(sys.argv[1]).voice([[0.5, 0.5]]); voice.render(64)\n"
            "player = voice._players[0][1]; print(os.readlink(f'/proc/{player._process.pid}/cwd'))\n"
            "sys.stdout.flush(); os.kill(os.getpid(), int(sys.argv[2]))"
        )
        run = [sys.executable, "-c", code, f"pd:{write_tone(tmp_path)}"]
        left, other = (
            subprocess.run([*run, str(int(how))], stdout=subprocess.PIPE, text=True).stdout.strip()
            for how in (signal.SIGKILL, signal.SIGKILL)
        )
        assert left.split("/")[-1].startswith("tonewright-pd-")
        assert not os.path.exists(left)
        workplace._sweep(workplace._parent())
        assert not os.path.exists(other)

    def test_what_is_in_use_is_not_removed(self, tone):
        voice = tone.voice([[0.5, 0.5]])
        voice.render(64)
        workplace._sweep(workplace._parent())
        assert np.abs(voice.render(6_400)).max() > 0.2

    def test_ctrl_c_ends_all(self, tone, monkeypatch):
        """It may come while Pd renders; the voice cannot go on from there."""
        voice = tone.voice(np.full((3, 2), 0.5))
        voice.render(64)
        waited = player.Player._wait

        def interrupted(self, descriptor, event):
            waited(self, descriptor, event)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(player.Player, "_wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                voice.render(64)
        assert not processes()
        with pytest.raises(SynthError, match="plays until it fails or is closed"):
            voice.render(64)

    def test_a_long_voice_says_little(self, tone):
        """What Pd says of every piece is read as it comes, so that its pipe never fills."""
        voice = tone.voice([[0.5, 1.0]])
        for _ in range(3_000):
            voice.render(64)
        assert np.abs(voice.render(6_400)).max() > 0.9
