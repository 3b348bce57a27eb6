import os
import re
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from tonewright.audio import read
from tonewright.prompting.generators.base import Request
from tonewright.prompting.generators.sketch.generator import Sketch

from ..prompting.generators.sketch.conftest import songbook, trained  # noqa: F401

# A shell that starts a job in the background makes it ignore Ctrl-C, and so the tests in it.
COMMAND = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "tonewright", *sys.argv[1:]])
"""
PATIENCE_S = 580


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "generate", "serve", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="has no groups of processes as terminals end them")
def test_a_model_is_served_and_called_and_ended(run, process, trained, tmp_path):  # noqa: F811
    pytest.importorskip("fastapi")
    prompt = "120 BPM house drum loop, 2 bars"
    asked = [Request(prompt, seconds=4.0, steps=2, seed=seed) for seed in range(40)]
    made = next(one for one in Sketch(trained).generate(asked) if not one.fault)
    server = start("--model", trained, "--port", 0)
    watch = threading.Timer(PATIENCE_S, server.kill)
    watch.start()
    try:
        first, usage = server.stdout.readline(), server.stdout.readline()
        url = re.fullmatch(r"serving sketch at (http://127\.0\.0\.1:\d+); Ctrl-C ends it\n", first)[1]
        assert usage == f'tonewright generate "PROMPT" --generator remote --model {url} -o out.wav\n'
        words = ["generate", prompt, "--generator", "remote", "--model", url, "--seed", made.request.seed]
        done = process(*words, "--steps", 2, "-o", tmp_path / "out.wav")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"wrote {tmp_path / 'out.wav'}: 4.00 s, pingpong, 2 steps, guidance 2")
        np.testing.assert_array_equal(read(tmp_path / "out.wav").samples, made.samples)
        refused = run(*words, "--steps", 201, "-o", tmp_path / "b.wav")
        assert (refused.code, refused.err) == (2, "tonewright: steps is 1 to 200; got 201\n")
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does: the worker gets it, too
        told, complaints = server.communicate()
    finally:
        watch.cancel()
        server.kill()
        server.wait()
    assert (server.returncode, complaints) == (0, "")
    assert told == "served 1 sounds of 1 requests\n"
    gone = run(*words, "-o", tmp_path / "b.wav")
    assert gone.code == 1
    assert gone.err.startswith(f"tonewright: no server answers at {url} (")
    assert gone.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["--port", "70000"], 2, "a port is 0 to 65535; got 70000"),
        (["--port", "-1"], 2, "takes a whole number from 0; got '-1'"),
        (["--batch", "0"], 2, "takes a whole number from 1; got '0'"),
        (["--queue", "x"], 2, "takes a whole number from 1; got 'x'"),
        (["--timeout", "0"], 2, "takes a number of seconds above 0; got '0'"),
        (["--host", "192.0.2.1"], 1, "cannot listen at 192.0.2.1:8765: "),
        (["--port", "0", "--generator", "scetch"], 2, "did you mean 'sketch'?"),
        (["--port", "0", "--model", "nowhere"], 1, "'nowhere' holds no sketch.onnx"),
    ],
)
def test_what_makes_no_sense(refuse, tmp_path, monkeypatch, words, code, complaint):
    pytest.importorskip("fastapi")
    monkeypatch.chdir(tmp_path)
    assert complaint in refuse("generate", "serve", *words, code=code)


def test_a_port_that_is_taken(refuse):
    pytest.importorskip("fastapi")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = refuse("generate", "serve", "--port", port, code=1)
    assert told == (
        f"cannot listen at 127.0.0.1:{port}: address already in use; choose another --port or --host"
    )


@pytest.mark.parametrize("package", ["fastapi", "uvicorn"])
def test_a_missing_extra_is_named(refuse, monkeypatch, package):
    for name in [one for one in sys.modules if one.startswith("tonewright.prompting.serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    told = refuse("generate", "serve", code=2)
    assert told.startswith(f"serving a generator needs {package}; ")
    assert told.endswith("'.[serve]'")
