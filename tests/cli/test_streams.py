"""`-` as standard input and output, pipes, and sounds that were cut short."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, read, write
from tonewright.distances import compare_clips
from tonewright.features import hear
from tonewright.synths import load_preset, render_preset

# Without a line now and then on how far it is, however slow the machine is.
CODE = "from tonewright.cli import main, progress; progress.SECONDS_BETWEEN_LINES = 1e9; main.main()"
MAIN = [sys.executable, "-c", CODE]


def piped(*words, data=b"", **settings):
    """Run a command line in a process of its own with bytes on standard input."""
    command = [*MAIN, *map(str, words)]
    return subprocess.run(command, input=data, capture_output=True, timeout=400, check=False, **settings)


def without_length(data):
    """A WAV file as a program writes it that cannot go back to fill in the lengths."""
    at = data.index(b"data") + 4
    return data[:4] + b"\xff" * 4 + data[8:at] + b"\xff" * 4 + data[at + 4 :]


class TestStandardInput:
    def test_match(self, wav, tmp_path):
        done = piped("match", "-", "-o", tmp_path / "out", "--renders", 20, "--json", data=wav.read_bytes())
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["target"]["path"] == "standard input"
        assert (
            json.loads((tmp_path / "out" / "result.json").read_text())["target"]["path"] == "standard input"
        )
        assert "standard input" in (tmp_path / "out" / "report.html").read_text()
        from_file = piped("match", wav, "-o", tmp_path / "file", "--renders", 20)
        assert from_file.returncode == 0
        for name in ("preset.json", "match.wav", "target.wav"):
            assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "file" / name).read_bytes()

    @pytest.mark.parametrize("change", [bytes, without_length], ids=["lengths", "no lengths"])
    def test_hear_from_one_pipe_to_another(self, wav, change):
        words = ["--descriptors", "loudness_rms,mfcc"]
        done = piped("hear", "-", "-o", "-", *words, data=change(wav.read_bytes()))
        assert (done.returncode, done.stderr) == (0, b"")
        rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
        table = hear(read(wav), descriptors=["loudness_rms", "mfcc"])
        values = np.array([[float(row[name]) for name in table.names] for row in rows])
        np.testing.assert_allclose(values, table.values[0], rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize(
        ("container", "encoding"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", None)]
    )
    def test_compare_in_any_format(self, wav, tmp_path, container, encoding):
        path = tmp_path / "encoded"
        clip = read(wav)
        soundfile.write(path, clip.samples.T, clip.sample_rate_hz, format=container, subtype=encoding)
        there, here = (piped("compare", one, wav, "--json", data=path.read_bytes()) for one in ("-", path))
        assert there.stdout == here.stdout
        assert json.loads(there.stdout)["mss"] >= 0

    def test_process_substitution(self, wav, tmp_path):
        command = (
            f'{sys.executable} -c "$MAIN" hear <(cat {wav}) -o {tmp_path}/a.csv --descriptors loudness_rms'
        )
        environment = os.environ | {"MAIN": MAIN[2]}
        done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert len((tmp_path / "a.csv").read_text().splitlines()) > 10

    def test_what_is_wrong_names_standard_input(self, tmp_path):
        for data, told in ((b"", "is empty"), (b"Dear diary", "is text"), (bytes(100), "not a sound")):
            done = piped("match", "-", "-o", tmp_path / "out", data=data)
            assert (done.returncode, done.stdout) == (1, b"")
            assert done.stderr.startswith(b"tonewright: 'standard input' ")
            assert told in done.stderr.decode()
            assert done.stderr.count(b"\n") == 1
            assert not (tmp_path / "out").exists()

    def test_a_terminal_is_no_sound(self, tmp_path):
        main, other = os.openpty()
        try:
            done = subprocess.run(
                [*MAIN, "hear", "-", "-o", tmp_path / "a.csv"],
                stdin=other,
                capture_output=True,
                timeout=400,
                check=False,
            )
        finally:
            os.close(main)
            os.close(other)
        assert done.returncode == 2
        assert done.stderr == (
            b"tonewright: a sound is read from standard input; got a terminal; pipe one into it, "
            b"or name a file\n"
        )

    def test_closed(self, tmp_path):
        command = ["sh", "-c", 'exec "$0" "$@" <&-', *MAIN, "hear", "-", "-o", str(tmp_path / "a.csv")]
        done = subprocess.run(command, capture_output=True, timeout=400, check=False)
        assert done.returncode == 1
        assert done.stderr == (
            b"tonewright: standard input is closed; pipe a sound into it, or name a file\n"
        )

    def test_cannot_be_both_sounds(self, refuse):
        assert refuse("compare", "-", "-", code=2) == (
            "standard input holds one sound; got - for both; name a file for one of them"
        )


class TestStandardOutput:
    def test_render(self, preset):
        done = piped("render", preset, "-o", "-", "--seconds", 0.3)
        assert (done.returncode, done.stderr) == (0, b"")
        samples, rate_hz = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
        expected = render_preset(load_preset(preset), seconds=0.3)
        assert rate_hz == expected.sample_rate_hz
        np.testing.assert_array_equal(samples, expected.samples[0])

    def test_a_terminal_takes_no_sound(self, preset):
        main, other = os.openpty()
        try:
            done = subprocess.run(
                [*MAIN, "render", preset, "-o", "-"], stdout=other, stderr=subprocess.PIPE, check=False
            )
        finally:
            os.close(other)
            os.close(main)
        assert done.returncode == 2
        assert b"got a terminal; write -o out.wav" in done.stderr

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            (
                "match a.wav -o -",
                "-o/--output takes a folder, for what is made is more than one file; got '-'",
            ),
            ("match a.wav -o - --json", "takes a folder, for what is made is more than one file; got '-'"),
            (
                "train match -o -",
                "-o/--output takes a folder, for what is made is more than one file; got '-'",
            ),
            ("bench render -o -", "-o/--output takes a file; --json prints the result as JSON; got '-'"),
            ("evaluate match --suite random -o - --json", "takes a file; --json prints the result as JSON"),
        ],
    )
    def test_is_refused_where_it_makes_no_sense(self, refuse, line, complaint):
        assert complaint in refuse(*line.split(), code=2)


class TestPartial:
    @pytest.fixture
    def cut(self, tmp_path, sound):
        path = tmp_path / "cut.wav"
        write(path, Clip(sound, 16_000))
        path.write_bytes(path.read_bytes()[:-4_000])
        return path

    def test_the_refusal_names_the_remedy(self, refuse, cut, tmp_path):
        complaint = refuse("hear", cut, "-o", tmp_path / "a.csv", code=1)
        assert complaint == (
            f"{str(cut)!r} is cut short: it lacks the last 4000 bytes that its header promises; "
            "copy or export it again, or take the 0.188 s that are there (--partial; in Python partial=True)"
        )

    def test_hear_takes_what_is_there(self, run, cut, tmp_path):
        words = ["--descriptors", "loudness_rms", "--partial"]
        assert run("hear", cut, "-o", tmp_path / "a.csv", *words).code == 0
        last = (tmp_path / "a.csv").read_text().splitlines()[-1]
        assert float(last.split(",")[1]) == pytest.approx(0.1875, abs=0.02)

    def test_compare_takes_what_is_there(self, run, cut, wav):
        values = json.loads(run("compare", cut, wav, "--json", "--partial").out)
        assert values == compare_clips(read(cut, partial=True), read(wav))

    def test_match_takes_what_is_there(self, run, cut, tmp_path):
        assert run("match", cut, "-o", tmp_path / "out", "--renders", 5, "--partial").code == 0
        target = json.loads((tmp_path / "out" / "result.json").read_text())["target"]
        assert (target["path"], target["seconds"]) == (str(cut), 0.1875)

    def test_evaluate_takes_what_is_there(self, run, refuse, cut):
        words = ["evaluate", "match", "--suite", cut.parent, "--methods", "random", "--renders", 5, "--json"]
        assert "--partial" in refuse(*words, code=1)
        assert len(json.loads(run(*words, "--partial", "--workers", 1).out)["records"]) == 1
