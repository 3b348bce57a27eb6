import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, read, resample, write
from tonewright.errors import AudioError, MissingExtraError, OutputError, UnknownNameError, UsageError
from tonewright.features import hear
from tonewright.features.framing import Framing
from tonewright.features.selection import select
from tonewright.improvising.corpus import analysing
from tonewright.improvising.corpus.analysing import analyse_folder, partial_folder
from tonewright.improvising.corpus.corpus import Measured
from tonewright.improvising.corpus.describing import remarks
from tonewright.improvising.corpus.files import read_contents, read_corpus, read_recordings
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING

from ..takes import QUICK, RATE_HZ, take

FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "wavfloat": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_24"),
    "ogg": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


class TestValues:
    @pytest.mark.parametrize("channels", [1, 2])
    @pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
    def test_are_those_of_the_whole_recording(self, tmp_path, monkeypatch, rate_hz, channels):
        """Though it comes in blocks of 0.3 s."""
        monkeypatch.setattr(analysing, "_BLOCK_S", 0.3)
        clip = Clip(take(1.003, rate_hz, channels=channels), rate_hz)
        write(tmp_path / "takes" / "a.wav", clip)
        contents = analyse_folder(tmp_path / "takes", tmp_path / "c.parquet")
        (file,) = contents.files
        whole = resample(clip, 44_100)
        expected = hear(whole, descriptors=DESCRIPTORS, window=1024, hop=256)
        assert file.frames == len(expected) == -(-round(clip.frames * 44_100 / rate_hz) // 256)
        assert (file.seconds, file.sample_rate_hz, file.channels) == (clip.seconds, rate_hz, channels)
        assert contents.columns == expected.names
        values = read_corpus(tmp_path / "c.parquet").values
        np.testing.assert_allclose(values, expected.values[0], rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("name", FORMATS)
    def test_of_every_format(self, tmp_path, name):
        container, encoding = FORMATS[name]
        (tmp_path / "takes").mkdir()
        path = tmp_path / "takes" / f"a.{name[:4].removesuffix('f')}"
        soundfile.write(path, take(channels=2).T, RATE_HZ, format=container, subtype=encoding)
        path = path.rename(path.with_suffix(f".{container.lower()}"))
        (file,) = analyse_folder(tmp_path / "takes", tmp_path / "c.parquet", ["loudness", "mfcc"]).files
        expected = hear(read(path), descriptors=["loudness", "mfcc"], window=1024, hop=256)
        assert file.frames == len(expected)
        np.testing.assert_array_equal(read_corpus(tmp_path / "c.parquet").values, expected.values[0])

    def test_of_another_framing(self, tmp_path, recordings):
        framing = Framing(44_100, 2048, 300)
        contents = analyse_folder(recordings, tmp_path / "c.parquet", "mfcc20", framing=framing)
        assert contents.framing == framing
        for file, values in read_recordings(tmp_path / "c.parquet"):
            clip = read(recordings / file.name)
            expected = hear(clip, descriptors="mfcc20", window=2048, hop=300).values[0]
            np.testing.assert_array_equal(values, expected)

    def test_depend_on_no_number_of_workers(self, tmp_path, recordings):
        for workers in (1, 4):
            analyse_folder(recordings, tmp_path / f"{workers}.parquet", QUICK, workers=workers)
        assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "4.parquet").read_bytes()

    def test_of_one_recording_do_not_reach_into_the_next(self, tmp_path, recordings):
        analyse_folder(recordings, tmp_path / "c.parquet", ["onset", "loudness_momentary"], workers=1)
        for file, values in read_recordings(tmp_path / "c.parquet"):
            alone = hear(
                read(recordings / file.name),
                descriptors=["onset", "loudness_momentary"],
                window=1024,
                hop=256,
            )
            np.testing.assert_array_equal(values, alone.values[0])


class TestRecordings:
    def test_are_found_by_any_name(self, tmp_path):
        folder = tmp_path / "takes"
        names = [
            "a.b.c.wav",
            "with space.wav",
            "#1.wav",
            "'q' \"uote\".wav",
            "line\nfeed.wav",
            "sub dir/ä.WAV",
        ]
        for seed, name in enumerate(names):
            write(folder / "x.wav", Clip(take(0.1, seed=seed), RATE_HZ))
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / "x.wav").rename(folder / name)
        write(folder / "x.wav", Clip(take(0.1, seed=99), RATE_HZ))
        os.rename(os.fsencode(folder / "x.wav"), os.fsencode(folder) + b"/\xff\xfe.wav")
        contents = analyse_folder(folder, tmp_path / "c.parquet", QUICK)
        assert {file.name for file in contents.files} == {*names, "\\xff\\xfe.wav"}
        assert contents.skipped == ()
        assert read_contents(tmp_path / "c.parquet") == contents

    def test_that_cannot_be_used_are_skipped_and_told(self, tmp_path, recordings):
        (recordings / "text.wav").write_text("no sound\n" * 100)
        (recordings / "empty.wav").touch()
        (recordings / "sub").mkdir()
        (recordings / "sub" / "notes.txt").write_text("nothing of ours")
        write(recordings / "sub" / "short.wav", Clip(take(0.02), RATE_HZ))
        shutil.copy(recordings / "take 3.wav", recordings / "sub" / "again.wav")
        (recordings / ".hidden.wav").write_text("nothing of ours")
        contents = analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert {file.name for file in contents.files} == {
            "sub/again.wav", "take 0.wav", "take 1.wav", "take 2.wav", "take 4.wav",
        }  # fmt: skip
        assert dict(contents.skipped) == {
            "empty.wav": "is empty; record or export it again",
            "sub/short.wav": "a recording lasts 0.0232 s, one window, or more; got 0.02 s; leave it out",
            "take 3.wav": "it holds the same bytes as 'sub/again.wav', which counts once",
            "text.wav": "is text; give a WAV, AIFF, FLAC, OGG or MP3 file",
        }

    @pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
    def test_that_may_not_be_read_are_skipped(self, tmp_path, recordings):
        (recordings / "take 0.wav").chmod(0)
        contents = analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert contents.skipped == (("take 0.wav", "cannot be read: permission denied"),)

    def test_that_are_cut_short_are_taken_if_asked(self, tmp_path, recordings):
        path = recordings / "take 4.wav"
        path.write_bytes(path.read_bytes()[:10_000])
        strict = analyse_folder(recordings, tmp_path / "a.parquet", QUICK)
        ((name, why),) = strict.skipped
        assert name == "take 4.wav"
        assert why.startswith("is cut short")
        lenient = analyse_folder(recordings, tmp_path / "b.parquet", QUICK, partial=True)
        assert lenient.skipped == ()
        by_name = {file.name: file for file in lenient.files}
        assert by_name["take 4.wav"].seconds == read(path, partial=True).seconds < 0.1

    def test_of_silence_are_kept_and_told(self, tmp_path, recordings):
        write(recordings / "pause.wav", Clip(np.zeros((1, 20_000), np.float32), RATE_HZ))
        contents = analyse_folder(recordings, tmp_path / "c.parquet", ["mfcc"])
        silent = {file.name: file.silent_frames / file.frames for file in contents.files}
        assert silent.pop("pause.wav") == 1
        assert set(silent.values()) == {0}
        (told,) = [one for one in remarks(contents) if "silent" in one]
        assert told.startswith(
            "1 recording of 6 is silent, below -60 dBFS, with nothing to follow: 'pause.wav'"
        )

    def test_all_of_silence(self, tmp_path):
        for i in (1, 2, 3):
            write(tmp_path / "takes" / f"{i}.wav", Clip(np.zeros((1, 10_000 + i), np.float32), RATE_HZ))
        contents = analyse_folder(tmp_path / "takes", tmp_path / "c.parquet", QUICK)
        assert "there is nothing to follow; record louder" in " ".join(remarks(contents))

    def test_whose_channels_cancel_each_other(self, tmp_path, recordings):
        sound = take(0.3)
        write(recordings / "wide.wav", Clip(np.concatenate([sound, -sound]), RATE_HZ))
        contents = analyse_folder(recordings, tmp_path / "c.parquet", ["mfcc"])
        (told,) = [one for one in remarks(contents) if "cancel" in one]
        assert "'wide.wav'" in told

    def test_of_which_none_can_be_used(self, tmp_path):
        (tmp_path / "takes").mkdir()
        for i in range(5):
            (tmp_path / "takes" / f"{i}.wav").write_text("no sound " * (i + 1))
        with pytest.raises(
            AudioError, match=r"none of the 5 sounds in '.*takes' can be used.*'0.wav': is text"
        ):
            analyse_folder(tmp_path / "takes", tmp_path / "c.parquet")
        assert [path.name for path in tmp_path.iterdir()] == ["takes"]

    @pytest.mark.parametrize(("count", "parts"), [(1, {"train"}), (2, {"train", "test"})])
    def test_that_are_too_few(self, tmp_path, recordings, count, parts):
        for path in sorted(recordings.iterdir())[count:]:
            path.unlink()
        contents = analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert {file.split for file in contents.files} == parts
        told = remarks(contents)[0]
        assert ("ffmpeg -i 'take 0.wav' -f segment" in told) == (count == 1)
        assert ("none for validation" in told) == (count == 2)


class TestRequests:
    def test_that_make_no_sense(self, tmp_path, recordings):
        output = tmp_path / "c.parquet"
        (tmp_path / "void").mkdir()
        for error, message, attempt in (
            (UsageError, "there is no folder", lambda: analyse_folder(tmp_path / "none", output)),
            (UsageError, "holds no sound", lambda: analyse_folder(tmp_path / "void", output)),
            (UnknownNameError, "did you mean 'mfcc'", lambda: analyse_folder(recordings, output, "mfc")),
            (UsageError, "add up to 100", lambda: analyse_folder(recordings, output, shares=(1, 2, 3))),
            (UsageError, "workers is", lambda: analyse_folder(recordings, output, workers=0)),
            (UsageError, "seed is", lambda: analyse_folder(recordings, output, seed=-1)),
            (
                UsageError,
                "use a window longer than",
                lambda: analyse_folder(recordings, output, "log_mel", framing=Framing(44_100, 256, 64)),
            ),
        ):
            with pytest.raises(error, match=message):
                attempt()
        assert {path.name for path in tmp_path.iterdir()} == {"takes", "void"}

    def test_nothing_is_overwritten_silently(self, tmp_path, recordings):
        (tmp_path / "c.parquet").write_text("mine")
        with pytest.raises(OutputError, match="it exists"):
            analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert (tmp_path / "c.parquet").read_text() == "mine"
        assert not partial_folder(tmp_path / "c.parquet").exists()

    def test_without_pyarrow(self, tmp_path, recordings, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(MissingExtraError, match=r"\[parquet\]"):
            analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert not partial_folder(tmp_path / "c.parquet").exists()

    def test_the_corpus_may_lie_in_the_folder(self, recordings):
        first = analyse_folder(recordings, recordings / "c.parquet", QUICK)
        again = analyse_folder(recordings, recordings / "c.parquet", QUICK, overwrite=True)
        assert again == first

    def test_progress_adds_up_to_all_bytes(self, tmp_path, recordings, monkeypatch):
        monkeypatch.setattr(analysing, "_BLOCK_S", 0.1)
        total, done = [], []
        analyse_folder(recordings, tmp_path / "c.parquet", QUICK, begin=total.append, progress=done.append)
        assert total == [sum(path.stat().st_size for path in recordings.iterdir())]
        assert sum(done) == pytest.approx(total[0])
        assert len(done) > 10
        assert min(done) >= 0


class TestSplit:
    def test_is_kept_where_recordings_are_added(self, tmp_path, recordings):
        output = tmp_path / "c.parquet"
        before = {file.sha256: file.split for file in analyse_folder(recordings, output, QUICK).files}
        (recordings / "take 0.wav").rename(recordings / "renamed.wav")
        for seed in range(10, 20):
            write(recordings / f"{seed}.wav", Clip(take(0.1, seed=seed), RATE_HZ))
        after = analyse_folder(recordings, output, QUICK, overwrite=True)
        assert {file.sha256: file.split for file in after.files if file.sha256 in before} == before
        assert len(after.files) == 15

    def test_is_drawn_anew_for_other_shares(self, tmp_path, recordings):
        output = tmp_path / "c.parquet"
        analyse_folder(recordings, output, QUICK)
        for path in recordings.iterdir():
            path.touch()
        contents = analyse_folder(recordings, output, QUICK, shares=(100, 0, 0), overwrite=True)
        assert {file.split for file in contents.files} == {"train"}
        assert contents.shares == (100, 0, 0)


# Stops at the third report of progress that finds two recordings finished.
STOPPED = """
import os, signal, sys
from tonewright.cli import progress
from tonewright.cli.main import main
from tonewright.cli.corpus import CorpusAnalyse
from tonewright.improvising.corpus import analysing
whole = analysing.analyse_folder
def stopping(folder, output, *arguments, progress, **settings):
    log = analysing.partial_folder(output) / "finished.jsonl"
    def stop(done):
        progress(done)
        if len(log.read_text().splitlines()) >= 3:
            os.kill(os.getpid(), int(sys.argv.pop()))
    return whole(folder, output, *arguments, progress=stop, **settings)
analysing.analyse_folder = stopping
main(sys.argv[1:-1])
"""


class TestStopped:
    @staticmethod
    def stop(number, recordings, output):
        words = ["corpus", "analyse", recordings, "-o", output, "--workers", "1", "-d", *QUICK, int(number)]
        return subprocess.run(
            [sys.executable, "-c", STOPPED, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=580,
        )

    @pytest.fixture
    def heard(self, monkeypatch):
        """Names of the recordings that are heard from now on."""
        names, hear_one = [], analysing._Work._heard

        def heard(self, recording, file, tell):
            names.append(recording.name)
            return hear_one(self, recording, file, tell)

        monkeypatch.setattr(analysing._Work, "_heard", heard)
        return names

    def test_by_kill_9_it_goes_on_bit_for_bit(self, tmp_path, recordings, heard):
        killed = self.stop(signal.SIGKILL, recordings, tmp_path / "c.parquet")
        assert killed.returncode == -signal.SIGKILL, killed
        kept = partial_folder(tmp_path / "c.parquet")
        assert len(list(kept.glob("*.f32"))) >= 2
        assert not (tmp_path / "c.parquet").exists()
        analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert len(heard) == 3
        analyse_folder(recordings, tmp_path / "fresh.parquet", QUICK)
        assert (tmp_path / "c.parquet").read_bytes() == (tmp_path / "fresh.parquet").read_bytes()
        assert {path.name for path in tmp_path.iterdir()} == {"takes", "c.parquet", "fresh.parquet"}

    def test_by_ctrl_c_it_says_how_to_go_on(self, tmp_path, recordings, heard):
        stopped = self.stop(signal.SIGINT, recordings, tmp_path / "c.parquet")
        assert stopped.returncode == 130, stopped
        assert stopped.stderr == (
            "tonewright: interrupted; 2 of 5 recordings are analysed, and the same command goes on\n"
        )
        assert {path.name for path in tmp_path.iterdir()} == {"takes", "c.parquet.partial"}
        analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert len(heard) == 3

    def test_damaged_remains_are_heard_again(self, tmp_path, recordings, heard):
        self.stop(signal.SIGKILL, recordings, tmp_path / "c.parquet")
        for values in partial_folder(tmp_path / "c.parquet").glob("*.f32"):
            values.write_bytes(values.read_bytes()[:-4])
        analyse_folder(recordings, tmp_path / "c.parquet", QUICK)
        assert len(heard) == 5

    def test_remains_of_another_request_are_not_mixed_in(self, tmp_path, recordings):
        self.stop(signal.SIGKILL, recordings, tmp_path / "c.parquet")
        before = sorted(partial_folder(tmp_path / "c.parquet").iterdir())
        with pytest.raises(UsageError, match=r"holds results with descriptors .*delete it to begin anew"):
            analyse_folder(recordings, tmp_path / "c.parquet", ["mfcc"])
        with pytest.raises(UsageError, match="holds results with framing"):
            analyse_folder(recordings, tmp_path / "c.parquet", QUICK, framing=Framing(44_100, 2048, 512))
        assert sorted(partial_folder(tmp_path / "c.parquet").iterdir()) == before


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs a way to mount a small disk")
def test_on_a_disk_that_is_full(tmp_path, recordings):
    """A real one, of 64 kB, which only this script sees."""
    code = f"""
from tonewright.improvising.corpus.analysing import analyse_folder
try:
    analyse_folder("takes", "disk/c.parquet", {(*QUICK, "log_mel")!r})
except Exception as error:
    print(type(error).__name__, error)
"""
    (tmp_path / "disk").mkdir()
    mount = f'mount -t tmpfs -o size=64k none {tmp_path / "disk"} 2>/dev/null || exit 99; exec "$@"; '
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (1, 99) and "tonewright" not in done.stderr:
        pytest.skip("this machine lets nobody mount a disk")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OutputError cannot write 'disk/c.parquet.partial/")
    assert "no space left on device; choose another place" in done.stdout


def test_of_the_usual_descriptors_all_are_there(tmp_path):
    write(tmp_path / "takes" / "a.wav", Clip(take(0.1), RATE_HZ))
    contents = analyse_folder(tmp_path / "takes", tmp_path / "c.parquet")
    assert contents.framing == FRAMING
    assert contents.measured == tuple(map(Measured.of, select(DESCRIPTORS)))
