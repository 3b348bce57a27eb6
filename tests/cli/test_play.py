import errno
import fcntl
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tonewright.cli.keyboard import Keyboard
from tonewright.features import hear
from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ
from tonewright.improvising.session.commands import COMMANDS, Command
from tonewright.improvising.session.kept.folder import read_session, replay

from ..small_disk import needs_small_disk, python_on_small_disk

RATE_HZ, ROOT = SAMPLE_RATE_HZ, Path(__file__).parents[2]


@pytest.fixture
def melody(tmp_path):
    """Three tones at 48 kHz, stereo: what a session has to bring to its own rate."""
    time_s = np.arange(36_000) / 48_000
    sound = np.concatenate([0.3 * np.sin(2 * np.pi * f * time_s) for f in (220, 440, 880)])
    path = tmp_path / "melody.wav"
    soundfile.write(path, np.stack([sound, sound], 1), 48_000, subtype="FLOAT")
    return path


def pitches_hz(path):
    sound, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE_HZ
    f0_hz = hear(sound, rate, "pitch_f0").values[..., 0].ravel()
    hops = len(f0_hz)
    return [
        float(np.median(f0_hz[round((share - 0.1) * hops) : round(share * hops)]))
        for share in (0.33, 0.66, 1)
    ]


class TestFiles:
    def test_the_agent_follows_and_plays_the_same_every_time(self, run, melody, tmp_path):
        outcome = run("play", "--input", melody, "-o", tmp_path / "a.wav", "--session", tmp_path / "kept")
        assert outcome.code == 0
        assert "played 2.25 s, 388 hops" in outcome.out
        assert pitches_hz(tmp_path / "a.wav") == [pytest.approx(f, rel=0.06) for f in (220, 440, 880)]
        assert run("play", "--input", melody, "-o", tmp_path / "b.wav", "--json").code == 0
        assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
        first, second = (soundfile.info(tmp_path / name).frames for name in ("a.wav", "melody.wav"))
        assert first == round(second * RATE_HZ / 48_000)
        kept = read_session(tmp_path / "kept")
        np.testing.assert_array_equal(
            replay(kept).sound[:first], soundfile.read(tmp_path / "a.wav", dtype="float32")[0]
        )

    def test_a_score_is_carried_out(self, run, melody, tmp_path):
        score = tmp_path / "score.json"
        commands = [{"at_s": 1.0, "do": "mute", "value": True}, {"at_s": 1.2, "do": "back", "value": "x"}]
        score.write_text(
            json.dumps({"format": "tonewright-play-score", "format_version": 1, "commands": commands})
        )
        outcome = run("play", "--input", melody, "-o", tmp_path / "a.wav", "--score", score, "--json")
        fields = json.loads(outcome.out)
        assert fields["commands"] == [[1.0 * RATE_HZ // HOP, "mute", True]]
        assert (
            "at 1.20 s: a moment is remembered before it is gone back to; got 'x'; none is remembered"
            in outcome.err
        )
        sound, _ = soundfile.read(tmp_path / "a.wav")
        assert np.abs(sound[: RATE_HZ // 2]).max() > 0.05
        assert not sound[round(1.07 * RATE_HZ) :].any()

    def test_another_seed_and_seconds(self, run, melody, tmp_path):
        run("play", "--input", melody, "-o", tmp_path / "a.flac", "--seconds", 0.5)
        assert soundfile.info(tmp_path / "a.flac").frames == RATE_HZ // 2


@needs_small_disk
class TestFullDisk:
    @pytest.fixture
    def long(self, tmp_path):
        """More than a MiB on disk, 8 s."""
        sound = 0.3 * np.sin(2 * np.pi * 220 * np.arange(8 * RATE_HZ) / RATE_HZ)
        soundfile.write(tmp_path / "long.wav", sound, RATE_HZ, subtype="PCM_16")
        return ["--input", "long.wav", "-o", "a.wav"]

    def test_it_ends_the_recording_and_not_the_show(self, long, tmp_path):
        code = f"""
import os, soundfile, subprocess, sys
tonewright = [sys.executable, "-m", "tonewright", "play"]
subprocess.run([*tonewright, *{long!r}, "--session", "disk/kept"])
subprocess.run([*tonewright, "report", "disk/kept", "-o", "r.html"])
print(sorted(os.listdir("disk/kept")))
print(*(soundfile.info(f"disk/kept/{{side}}.wav").frames for side in ("musician", "agent")))
"""
        done = python_on_small_disk(tmp_path, "-c", code)
        full = os.strerror(errno.ENOSPC).lower()
        assert "recording of musician and agent has ended, and the session goes on" in done.stderr
        assert f"tonewright: the recording ended early: {full}" in done.stderr
        assert soundfile.info(tmp_path / "a.wav").frames == 8 * RATE_HZ
        files, frames = done.stdout.splitlines()[-2:]
        musician, agent = frames.split()
        assert files == "['agent.wav', 'log.jsonl', 'musician.wav', 'session.json']"
        assert musician == agent
        assert 0 < int(agent) < (1 << 20) / 8
        assert "it gives the same samples as far as it was recorded" in done.stdout

    def test_a_file_that_cannot_be_finished_is_not_made(self, long, tmp_path):
        done = python_on_small_disk(tmp_path, "-m", "tonewright", "play", *long, TMPDIR="disk")
        assert done.returncode == 1
        assert f"{os.strerror(errno.ENOSPC).lower()}; make room there" in done.stderr
        assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["--input", "melody.wav", "-o", "a.mp3"], 2, "a session is written to a .wav or .flac file"),
        (["--input", "none.wav", "-o", "a.wav"], 1, "none.wav"),
        (["--input", "melody.wav", "-o", "melody.wav"], 2, "melody.wav"),
        (["--synth", "sin", "--input", "melody.wav", "-o", "a.wav"], 2, "did you mean 'sine'?"),
        (["--synth", "serum-lite", "--input", "melody.wav", "-o", "a.wav"], 1, "no agent ships for serum"),
        (["--agent", "run", "--input", "melody.wav", "-o", "a.wav"], 1, "'run' holds no agent.onnx"),
        (["--note", "60", "--input", "melody.wav", "-o", "a.wav"], 2, "sine plays no notes"),
        (["--input", "melody.wav", "-o", "a.wav", "--score", "melody.wav"], 1, "not a play-score"),
        (["--input", "osc", "-o", "osc", "--listen", "nowhere"], 2, "--listen takes [HOST:]PORT"),
        (["--input", "osc", "-o", "osc", "--send", "1:2:3"], 2, "--send takes [HOST:]PORT"),
        (["--input", "melody.wav", "-o", "a.wav", "--seconds", "0"], 2, "--seconds takes a number"),
        (["--input", "melody.wav", "-o", "a.wav", "--session", "melody.wav"], 1, "is there already"),
        (["report", "none"], 1, "cannot read"),
        (["--input", "melody.wav", "-o", "melody.wav", "--overwrite"], 2, "another file than the input"),
        (["--input", "melody.wav", "-o", "s/agent.wav", "--session", "s"], 2, "has its own recordings"),
        (["--input", "melody.wav", "-o", "a.wav", "--session", ".", "--overwrite"], 1, "is no session"),
        (["--input", "", "-o", "a.wav"], 2, "got nothing"),
        (["--input", "osc", "-o", "osc", "--listen", "192.0.2.7:9000"], 1, "name an address of this machine"),
        (["--input", "melody.wav", "-o", "osc", "--send", "no.such.invalid:9"], 1, "the name of the machine"),
        (["--agent", "melody.wav", "--input", "melody.wav", "-o", "a.wav"], 1, "are named by their folder"),
        (["reprot", "none"], 2, "did you mean 'report'?"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(refuse, melody, tmp_path, monkeypatch, words, code, complaint):
    monkeypatch.chdir(tmp_path)
    assert complaint in refuse("play", *words, code=code)


def test_the_protocol_names_what_goes_both_ways(run):
    told = run("play", "--synth", "fm", "--protocol").out
    for part in (
        "/tonewright/musician",
        "loudness_rms_dbfs",
        "/tonewright/controls  4 × f",
        "carrier_hz",
        "oscsend",
    ):
        assert part in told
    for name in COMMANDS:
        assert f"/tonewright/{name} " in told
    assert told.replace(f"{ROOT}/", "") in (ROOT / "docs" / "playing.md").read_text("utf-8")


class TestKeyboard:
    class Performer:
        dial, frozen, muted = 0.95, False, True

    @pytest.fixture
    def press(self):
        told = []
        keyboard = Keyboard(told.append, self.Performer())

        def keys(text):
            told.clear()
            going = [keyboard.press(key) for key in text]
            return told.copy(), all(going)

        return keys

    @pytest.mark.parametrize(
        ("keys", "commands"),
        [
            ("fcl", [("stance", "follow"), ("stance", "contrast"), ("stance", "lead")]),
            ("+-", [("dial", 1.0), ("dial", 0.85)]),
            (" m", [("freeze", True), ("mute", False)]),
            ("r1v1", [("remember", "1"), ("vary", "1")]),
            ("12", [("back", "1"), ("back", "2")]),
            ("rx3", [("back", "3")]),
            ("pg", [("panic",), ("go",)]),
            ("xyz0\x1b[A", []),
        ],
    )
    def test_keys_are_commands(self, press, keys, commands):
        assert press(keys) == ([Command(*one) for one in commands], True)

    def test_q_ends(self, press):
        assert press("q") == ([], False)


def test_a_live_session_is_played_on_a_terminal(melody, tmp_path):
    """Keys are read one by one, lights are shown, q ends it, and the terminal is as before."""
    main, terminal = pty.openpty()
    words = ["play", "--input", melody, "--output", "osc", "--session", tmp_path / "kept"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright", *map(str, words)],
        stdin=terminal, stdout=terminal, stderr=terminal,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "200"},
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    until_s = time.monotonic() + 30
    pressed = ended = False
    while time.monotonic() < until_s:
        try:
            seen += os.read(main, 4096)
        except OSError:
            break
        if not pressed and b"musician" in seen and b"worst hop" in seen:
            os.write(main, b"lm")
            pressed = True
        elif b"lead, dial 1.0, muted" in seen and not ended:
            os.write(main, b"q")
            ended = True
    assert process.wait(10) == 0
    os.close(main)
    text = seen.decode()
    assert "panic: silence" in text  # the keys are told
    assert "frequency_hz" in text
    assert f"wrote {tmp_path / 'kept'}" in text
    kept = read_session(tmp_path / "kept")
    assert [one for _, one in kept.commands] == [Command("stance", "lead"), Command("mute", True)]
    np.testing.assert_array_equal(replay(kept).sound, kept.sound("agent"))


def test_ctrl_c_ends_a_session_as_usual(melody, tmp_path):
    words = [
        "play",
        "--input",
        "osc",
        "--output",
        "osc",
        "--listen",
        "127.0.0.1:0",
        "--session",
        tmp_path / "kept",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "sine plays: osc to osc" in process.stderr.readline()
    time.sleep(0.5)
    for _ in range(3):  # impatient, or `timeout`, which sends it twice
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert f"wrote {tmp_path / 'kept'}" in out
    assert read_session(tmp_path / "kept").hops > 10


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_in_the_background_of_a_terminal_it_plays_and_leaves_the_terminal_alone(melody, tmp_path):
    """`tonewright play … &`: changing the terminal would stop it."""
    main, terminal = pty.openpty()
    play = f"{shlex.quote(sys.executable)} -m tonewright play --input {melody} --output osc --seconds 0.5"
    process = subprocess.Popen(
        ["bash", "-c", f"set -m; {play} & wait $!; echo ended with $?"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    before = termios.tcgetattr(terminal)
    seen = b""
    until_s = time.monotonic() + 30
    while b"ended with" not in seen and time.monotonic() < until_s:
        if select.select([main], [], [], 0.2)[0]:
            seen += os.read(main, 4096)
    assert b"ended with 0" in seen
    assert termios.tcgetattr(terminal) == before
    process.wait(10)
    os.close(main)
    os.close(terminal)


def test_a_narrow_terminal_shows_lines_that_do_not_wrap(melody):
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    words = ["play", "--synth", "granular", "--input", melody, "--output", "osc", "--seconds", "1"]
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tonewright", *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
        env=environment | {"TERM": "xterm"},
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += os.read(main, 4096)
        except OSError:
            break
    assert process.wait(10) == 0
    os.close(main)
    lights = re.split(r"\x1b\[\d+A\x1b\[J", seen.decode())[1:-1]
    assert lights
    for drawn in lights:
        assert all(len(line) < 50 for line in drawn.replace("\r", "").split("\n"))
        assert "density_hz" in drawn
