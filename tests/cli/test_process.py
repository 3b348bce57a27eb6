"""What only a process of its own shows: exit codes, pipes, signals, terminals."""

import json
import os
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from tonewright.synths import load_preset

# A shell that starts a job in the background makes it ignore Ctrl-C, and so the tests in it.
MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from tonewright.cli.main import main
main()
"""
FILES = ["match.wav", "preset.json", "report.html", "result.json", "target.wav"]


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_exit_codes_and_streams(process, wav, tmp_path):
    good = process("synths", "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert "serum-lite" in json.loads(good.stdout)
    for words, code in ((["compare", wav, tmp_path / "none.wav"], 1), (["compare", wav], 2)):
        bad = process(*words)
        assert (bad.returncode, bad.stdout) == (code, "")
        assert bad.stderr.startswith("tonewright: ")
        assert bad.stderr.count("\n") == 1


def test_a_match_from_start_to_end(process, wav, tmp_path):
    done = process("match", wav, "-o", "out", "--renders", 50, "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["renders"] == 50
    assert listing(tmp_path / "out") == FILES


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_signs_is_no_error(process, encoding):
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    for words in (["synths", "serum-lite"], ["match", "--help"]):
        done = process(*words, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
    assert "osc1_morph" in process("synths", "serum-lite", env=environment).stdout


@pytest.mark.parametrize("words", [["synths", "serum-lite"], ["--help"]], ids=str)
def test_a_reader_that_has_seen_enough_is_no_error(words):
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()  # before anything was written, as the imports take a while
    assert process.stderr.read() == b""
    assert process.wait(60) == 1
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestTerminal:
    """A match whose stderr is a terminal."""

    @pytest.fixture
    def start(self):
        import pty

        started = []

        def start_words(*words):
            ours, theirs = pty.openpty()
            environment = os.environ | {"COLUMNS": "80", "TERM": "xterm"}
            process = subprocess.Popen(
                [sys.executable, "-c", MAIN, *map(str, words)],
                stdout=subprocess.PIPE,
                stderr=theirs,
                env=environment,
                text=True,
            )
            os.close(theirs)
            started.append((process, ours))
            return process, ours

        yield start_words
        for process, terminal in started:
            process.kill()
            process.wait(30)
            process.stdout.close()
            os.close(terminal)

    def test_ctrl_c_writes_the_best_so_far(self, start, wav, tmp_path):
        process, terminal = start("match", wav, "-o", tmp_path / "out", "--renders", 10**9, "--json")
        seen = read_until(terminal, " renders · ")
        process.send_signal(signal.SIGINT)
        seen += read_until(terminal, None)
        result = json.loads(process.stdout.read())
        assert process.wait(60) == 0
        assert "tonewright: interrupted; wrote the best so far" in seen
        assert "Traceback" not in seen
        assert result["interrupted"]
        assert result["renders"] > 0
        assert listing(tmp_path / "out") == FILES
        assert listing(tmp_path) == ["out", "sound.wav"]
        assert json.loads((tmp_path / "out" / "result.json").read_text()) == result
        load_preset(tmp_path / "out" / "preset.json")
        assert (tmp_path / "out" / "report.html").read_text().rstrip().endswith("</html>")

    @pytest.mark.parametrize(
        ("budget", "stages"),
        [
            (("--seconds-budget", 2.0), ["preparing", "matching"]),  # also where others use the machine
            (("--renders", 600), ["preparing", "judging"]),
        ],
        ids=["seconds", "renders"],
    )
    def test_progress_is_shown_and_cleared(self, start, wav, tmp_path, budget, stages):
        process, terminal = start("match", wav, "-o", tmp_path / "out", *budget)
        seen = read_until(terminal, None)
        assert process.wait(60) == 0
        for words in (*stages, " renders · ", "/s · loss 0."):
            assert words in seen
        assert seen.rstrip("\r\n").endswith("\x1b[2K")  # the line is wiped
        assert process.stdout.read().startswith("similarity ")

    def test_ctrl_c_among_many_keeps_what_is_done_and_goes_on_the_next_time(self, start, wav, tmp_path):
        others = [tmp_path / f"{name}.wav" for name in ("b", "c")]
        for other in others:
            other.write_bytes(wav.read_bytes())
        words = ["match", wav, *others, "-o", tmp_path / "out", "--seconds-budget"]
        process, terminal = start(*words, 1.5)
        seen = read_until(terminal, "1 of 3")
        seen += read_until(terminal, "b · ")
        process.send_signal(signal.SIGINT)
        seen += read_until(terminal, None)
        assert process.wait(60) == 130
        done = "interrupted; 1 of 3 sounds are matched, and the same command goes on"
        assert done in " ".join(seen.split())
        assert listing(tmp_path / "out") == ["b", "index.html", "matches.jsonl", "sound"]
        assert json.loads((tmp_path / "out" / "b" / "result.json").read_text())["interrupted"]
        assert process.stdout.read().startswith("sound: similarity ")
        process, terminal = start(*words, 1.5)
        read_until(terminal, None)
        assert process.wait(60) == 0
        *lines, last = process.stdout.read().splitlines()
        assert [line.partition(":")[0] for line in lines] == ["sound", "b", "c"]
        assert lines[0].endswith(", kept")
        assert last == f"matched 3 of 3 sounds, 1 of them before; open {tmp_path / 'out' / 'index.html'}"

    def test_hearing_shows_how_far_it_is(self, start, tmp_path):
        noise = 0.1 * np.random.default_rng(0).standard_normal(90 * 8_000)
        soundfile.write(tmp_path / "a.flac", noise, 8_000)
        process, terminal = start("hear", tmp_path / "a.flac", "-o", tmp_path / "a.csv")
        seen = read_until(terminal, None)
        assert process.wait(60) == 0
        assert "hearing" in seen
        assert "100%" in seen
        assert process.stdout.read() == f"wrote {tmp_path / 'a.csv'}\n"


def read_until(terminal, words, seconds=400.0):
    """What a process shows on a terminal, until words appear or, without words, until it ends."""
    seen, end = "", time.monotonic() + seconds
    while words is None or words not in seen:
        assert time.monotonic() < end, seen
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        try:
            shown = os.read(terminal, 65_536)
        except OSError:  # Linux tells the end of a terminal by an error
            shown = b""
        if not shown:
            break
        seen += shown.decode(errors="replace")
    return seen
