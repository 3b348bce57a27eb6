"""What only a process of its own shows: exit codes, pipes, signals, terminals."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tonewright.learning.checkpoints import checkpoints
from tonewright.synths import load_preset

# A shell that starts a job in the background makes it ignore Ctrl-C, and so the tests in it.
MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from tonewright.__main__ import main
main()
"""
PATIENCE_S = 580  # a fresh machine compiles first
SIGNALS = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
FILES = ["match.wav", "preset.json", "report.html", "result.json", "target.wav"]


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def hidden(folder):
    return [path.name for path in folder.rglob(".*")]


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
    assert process.wait(PATIENCE_S) == 1
    process.stderr.close()


FULL = "cannot write to standard output: no space left on device; send it elsewhere"
CLOSED = "cannot write to standard output: bad file descriptor; send it elsewhere"
UNKNOWN = "no verb is called 'nothing'; choose from: agent, bench, compare, corpus, evaluate,"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            "synths >/dev/full",
            1,
            "cannot write to standard output: no space left on device; send it elsewhere",
        ),
        (
            "--help >/dev/full",
            1,
            "cannot write to standard output: no space left on device; send it elsewhere",
        ),
        ("synths >&-", 1, CLOSED),
        ("synths <&- >&- 2>&-", 1, None),
        ("synths 2>&-", 0, None),
        (
            "nothing >&-",
            2,
            "no verb is called 'nothing'; choose from: agent, bench, compare, corpus, evaluate,",
        ),
        (
            "nothing >/dev/full",
            2,
            "no verb is called 'nothing'; choose from: agent, bench, compare, corpus, evaluate,",
        ),
        ("nothing 2>/dev/full", 2, None),
        ("nothing 2>&-", 2, None),
    ],
)
def test_output_that_cannot_be_written(words, code, told, unbuffered):
    command = f'exec "{sys.executable}" -m tonewright {words}'
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment)
    assert done.returncode == code
    assert ("serum-lite\n" in done.stdout) == (code == 0)
    if told is None:
        assert done.stderr == ""
    else:
        assert done.stderr.startswith(f"tonewright: {told}")
        assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("verb", ["render", "hear"])
def test_so_is_a_sound_or_a_table(preset, wav, verb):
    source = {"render": preset, "hear": wav}[verb]
    command = f'exec "{sys.executable}" -m tonewright {verb} {source} -o - >/dev/full'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"tonewright: {FULL}"  # before it, perhaps, how far it was


def test_a_file_is_written_also_without_standard_output(wav, tmp_path):
    command = f'exec "{sys.executable}" -m tonewright hear {wav} -o {tmp_path}/a.csv >&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == f"tonewright: {CLOSED}"
    assert (tmp_path / "a.csv").read_text().startswith("sound,time_s,")
    assert "wrote" not in (tmp_path / "a.csv").read_text()  # no file has the descriptor of standard output


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("OMP_NUM_THREADS=abc", "OMP_NUM_THREADS is a whole number from 0; got 'abc'"),
        ("NUMBA_NUM_THREADS=abc", "NUMBA_NUM_THREADS is a whole number from 1; got 'abc'"),
        ("NUMBA_NUM_THREADS=0", "NUMBA_NUM_THREADS is a whole number from 1; got '0'"),
        ("NUMBA_DISABLE_JIT=1", "kernels run compiled only, without NUMBA_DISABLE_JIT; got '1'"),
    ],
)
@pytest.mark.parametrize("verb", ["match", "train match --config"])
def test_variables_that_libraries_cannot_use(process, wav, tmp_path, variable, told, verb):
    environment = os.environ | dict([variable.split("=")])
    done = process(*verb.split(), wav, "-o", tmp_path / "out", env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tonewright: {told}; ")
    assert done.stderr.count("\n") == 1
    assert process("--help", env=environment).returncode == 0
    assert listing(tmp_path) == ["sound.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of memory")
def test_a_configuration_that_needs_too_much_memory(tmp_path):
    (tmp_path / "config.json").write_text('{"num_envs": 100000000}')
    limited = ["sh", "-c", 'ulimit -v 60000000; exec "$@"', "sh"]  # kB; some systems promise any amount
    words = ["train", "match", "-o", tmp_path / "run", "--config", tmp_path / "config.json"]
    command = [*limited, sys.executable, "-m", "tonewright", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("tonewright: not enough memory: Unable to allocate ")
    assert done.stderr.count("\n") == 1
    assert listing(tmp_path) == ["config.json"]


@pytest.mark.parametrize("module", ["tonewright.cli.main", "tonewright.cli.match", "tyro", "difflib"])
def test_ctrl_c_during_imports(process, module):
    """Whatever is being imported, from the first line of the command on."""
    code = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import tonewright
sys.modules.pop({module!r}, None)
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
import runpy
runpy.run_module("tonewright", run_name="__main__", alter_sys=True)
"""
    done = process("synths", code=code)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "tonewright: interrupted\n")


def test_the_command_begins_where_ctrl_c_is_taken_care_of():
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["scripts"]["tonewright"] == "tonewright.__main__:main"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestTerminal:
    """A match whose stderr is a terminal."""

    @pytest.fixture
    def start(self):
        import pty

        started = []

        def start_words(*words, **environment):
            ours, theirs = pty.openpty()
            environment = os.environ | {"COLUMNS": "80", "TERM": "xterm"} | environment
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
            process.wait(PATIENCE_S)
            process.stdout.close()
            with suppress(OSError):  # closed already
                os.close(terminal)

    @pytest.mark.parametrize("name", SIGNALS)
    def test_what_stops_it_has_it_write_the_best_so_far(self, start, wav, tmp_path, name):
        process, terminal = start("match", wav, "-o", tmp_path / "out", "--renders", 10**9, "--json")
        seen = read_until(terminal, " renders · ")
        process.send_signal(getattr(signal, name))
        seen += read_until(terminal, None)
        result = json.loads(process.stdout.read())
        assert process.wait(PATIENCE_S) == 0
        assert "tonewright: interrupted; wrote the best so far" in seen
        assert "Traceback" not in seen
        assert result["interrupted"]
        assert result["renders"] > 0
        assert listing(tmp_path / "out") == FILES
        assert listing(tmp_path) == ["out", "sound.wav"]
        assert json.loads((tmp_path / "out" / "result.json").read_text()) == result
        load_preset(tmp_path / "out" / "preset.json")
        assert (tmp_path / "out" / "report.html").read_text().rstrip().endswith("</html>")

    def test_so_does_a_terminal_that_is_closed(self, start, wav, tmp_path):
        process, terminal = start("match", wav, "-o", tmp_path / "out", "--renders", 10**9, "--json")
        read_until(terminal, " renders · ")
        os.close(terminal)  # from now on stderr cannot be written
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert json.loads(process.stdout.read())["interrupted"]
        assert process.wait(PATIENCE_S) == 0
        assert listing(tmp_path / "out") == FILES
        assert listing(tmp_path) == ["out", "sound.wav"]

    def test_a_match_whose_place_is_gone_is_kept_elsewhere(self, start, wav, tmp_path):
        (tmp_path / "project").mkdir()
        (tmp_path / "temporary").mkdir()
        words = ["match", wav, "-o", tmp_path / "project" / "out", "--renders", 10**9]
        process, terminal = start(*words, TMPDIR=str(tmp_path / "temporary"))
        read_until(terminal, " renders · ")
        (tmp_path / "project").rmdir()
        (tmp_path / "project").touch()  # a file in its place
        process.send_signal(signal.SIGINT)
        seen = read_until(terminal, None).split("tonewright: ")[-1].replace("\r\n", "")
        assert process.wait(PATIENCE_S) == 1
        assert "the result is in" in seen
        (rescued,) = (tmp_path / "temporary").glob("*/result")
        assert seen == (
            f"cannot write '{tmp_path}/project/out': not a directory; choose another place; the result is in"
            f" '{rescued}'"
        )
        assert listing(rescued) == FILES

    def test_a_training_keeps_its_last_checkpoint(self, start, tmp_path):
        config = {
            "episodes": {"seconds": 0.1},
            "num_envs": 2,
            "hidden": [8],
            "held_out": 1,
            "held_out_steps": 1,
        }
        config |= {"loop": {"steps": 1, "checkpoint_every": 1}, "updates": 10**6}
        (tmp_path / "config.json").write_text(json.dumps(config))
        run = tmp_path / "run"
        words = ["train", "match", "-o", run, "--config", tmp_path / "config.json", "--sinks", "tensorboard"]
        process, terminal = start(*words)
        seen = read_until(terminal, " 2/1000000")
        process.send_signal(signal.SIGTERM)
        seen = read_until(terminal, None).split("tonewright: ")[-1]
        assert process.wait(PATIENCE_S) == SIGNALS["SIGTERM"]
        kept = int(checkpoints(run / "checkpoints")[-1].name) + 1
        again = f"go on with: tonewright train match -o {run} --resume"
        assert seen == f"interrupted: what was learned in {kept} updates is kept; {again}\r\n"
        assert hidden(tmp_path) == []

    def test_an_evaluation_ends_with_its_workers(self, start, tmp_path):
        words = ["evaluate", "match", "--suite", "factory", "--renders", 10**7, "--workers", 2, "--methods"]
        process, terminal = start(*words, "random", "-o", tmp_path / "out.json", "--log", tmp_path / "log")
        read_until(terminal, "suite factory")
        process.send_signal(signal.SIGTERM)
        seen = read_until(terminal, None)  # the end of the terminal: no worker is left that has it open
        assert process.wait(PATIENCE_S) == SIGNALS["SIGTERM"]
        assert seen.split("tonewright: ")[-1] == "interrupted\r\n"
        assert listing(tmp_path) == ["log"]

    def test_what_a_kill_leaves_is_swept_by_the_next_run(self, start, wav, tmp_path, process):
        noise = 0.1 * np.random.default_rng(0).standard_normal(3600 * 8_000)
        soundfile.write(tmp_path / "long.flac", noise, 8_000)
        (tmp_path / "out").mkdir()
        for number, left in ((signal.SIGTERM, 0), (signal.SIGKILL, 1)):
            hearing, terminal = start("hear", tmp_path / "long.flac", "-o", tmp_path / "out" / "a.csv")
            read_until(terminal, "0:")  # the time left: it is at work
            while not hidden(tmp_path / "out"):
                assert hearing.poll() is None
            hearing.send_signal(number)
            read_until(terminal, None)
            hearing.wait(PATIENCE_S)
            assert len(hidden(tmp_path / "out")) == left
        assert process("hear", wav, "-o", tmp_path / "out" / "b.csv").returncode == 0
        assert listing(tmp_path / "out") == ["b.csv"]

    def test_progress_is_shown_and_cleared(self, start, wav, tmp_path):
        process, terminal = start("match", wav, "-o", tmp_path / "out", "--renders", 600)
        seen = read_until(terminal, None)
        assert process.wait(PATIENCE_S) == 0
        for words in ("preparing", "judging", " renders · ", "/s · loss 0."):
            assert words in seen
        assert seen.rstrip("\r\n").endswith("\x1b[2K")  # the line is wiped
        assert process.stdout.read().startswith("similarity ")

    def test_progress_of_a_search_that_is_limited_in_time(self, start, wav, tmp_path):
        process, terminal = start("match", wav, "-o", tmp_path / "out", "--seconds-budget", 10**6)
        seen = read_until(terminal, "/s · loss 0.")
        assert "preparing" in seen
        assert "matching" in seen
        process.send_signal(signal.SIGINT)
        seen += read_until(terminal, None)
        assert process.wait(PATIENCE_S) == 0
        before, _, _ = seen.rpartition("tonewright: interrupted")
        assert before.rstrip("\r\n").endswith("\x1b[2K")

    def test_ctrl_c_among_many_keeps_what_is_done_and_goes_on_the_next_time(self, start, wav, tmp_path):
        names = ["sound", *"bcdefghi"]
        sounds = [wav.with_stem(name) for name in names]
        for other in sounds[1:]:
            other.write_bytes(wav.read_bytes())
        words = ["match", *sounds, "-o", tmp_path / "out", "--seconds-budget"]
        process, terminal = start(*words, 0.7)
        seen = read_until(terminal, "1 of 9")
        seen += read_until(terminal, "b · ")
        process.send_signal(signal.SIGINT)
        seen += read_until(terminal, None)
        assert process.wait(PATIENCE_S) == 130
        told = r"interrupted; (\d) of 9 sounds are matched, and the same command goes on"
        done = int(re.search(told, " ".join(seen.split()))[1])  # more than one where this test had to wait
        assert 1 <= done < 9
        matched = sorted(names[: done + 1])
        assert listing(tmp_path / "out") == sorted([*matched, "index.html", "matches.jsonl"])
        for name in matched:
            result = json.loads((tmp_path / "out" / name / "result.json").read_text())
            assert result["interrupted"] == (name == names[done])
        assert process.stdout.read().startswith("sound: similarity ")
        process, terminal = start(*words, 0.7)
        read_until(terminal, None)
        assert process.wait(PATIENCE_S) == 0
        *lines, last = process.stdout.read().splitlines()
        assert [line.partition(":")[0] for line in lines] == names
        assert [line.endswith(", kept") for line in lines] == [True] * done + [False] * (9 - done)
        assert last == f"matched 9 of 9 sounds, {done} of them before; open {tmp_path / 'out' / 'index.html'}"

    def test_hearing_shows_how_far_it_is(self, start, tmp_path):
        noise = 0.1 * np.random.default_rng(0).standard_normal(90 * 8_000)
        soundfile.write(tmp_path / "a.flac", noise, 8_000)
        process, terminal = start("hear", tmp_path / "a.flac", "-o", tmp_path / "a.csv")
        seen = read_until(terminal, None)
        assert process.wait(PATIENCE_S) == 0
        assert "hearing" in seen
        assert "100%" in seen
        assert process.stdout.read() == f"wrote {tmp_path / 'a.csv'}\n"


def read_until(terminal, words, seconds=PATIENCE_S):
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
