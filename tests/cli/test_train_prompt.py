"""A language model is trained, watched and served briefs, from the command line."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

pytest.importorskip("transformers")
pytest.importorskip("trl")

from tonewright.prompting.generators.registry import generator
from tonewright.prompting.writers.tiny import TinyConfig, make_tiny

from .test_generate_serve import COMMAND, PATIENCE_S

pytestmark = pytest.mark.filterwarnings("default")  # other people's libraries
SMALL = {
    "briefs": 2,
    "replies": 2,
    "longest_reply": 24,
    "held_out": 2,
    "evaluate_every": 1,
    "checkpoint_every": 1,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny") / "model"
    make_tiny(
        folder, generator("sketch"), TinyConfig(words=400, width=16, depth=1, heads=2, pairs=50, updates=1)
    )
    return folder


def test_a_model_is_trained_goes_on_and_has_its_page(run, model, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(SMALL | {"model": str(model)}))
    folder = tmp_path / "run"
    done = run(
        "train", "prompt", "-o", folder, "--config", tmp_path / "config.json", "--updates", 1, "--seed", 3
    )
    assert (done.code, done.out) == (0, f"wrote model to {folder}\n")
    again = run("train", "prompt", "-o", folder, "--resume", "--updates", 2, "--json")
    told = json.loads(again.out)
    assert (told["recipe"], told["seed"], told["updates"]) == ("prompt", 3, 2)
    assert told["metrics"]["step"] == 1
    assert told["files"] == [str(folder / "model")]
    assert "the learning rate depends on how many updates come in all" in again.err
    page = tmp_path / "page.html"
    shown = run("prompt", "dashboard", folder, "-o", page, "--json")
    assert [one["updates"] for one in json.loads(shown.out)["evaluations"]] == [0, 1, 2]
    assert "A language model learns to write prompts" in page.read_text("utf-8")
    refused = run("prompt", "dashboard", folder, "-o", page)
    assert refused.code == 1
    assert "--overwrite" in refused.err


def test_what_makes_no_sense_is_refused(run, tmp_path):
    refused = run("train", "prompt", "-o", tmp_path / "run", "--categories", "drum")
    assert "no category is called 'drum'" in refused.err
    assert not (tmp_path / "run").exists()
    missing = run("train", "prompt", "-o", tmp_path / "run", "--model", tmp_path / "none")
    assert "cannot load the language model" in missing.err
    refused = run("prompt", "dashboard", tmp_path, "-o", tmp_path / "page.html")
    assert "holds no run" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="has no groups of processes as terminals end them")
def test_briefs_are_served_until_ctrl_c(run):
    httpx = pytest.importorskip("httpx")
    pytest.importorskip("openenv")
    server = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "prompt", "openenv", "--port", "0", "--sounds", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    watch = threading.Timer(PATIENCE_S, server.kill)
    watch.start()
    try:
        first = server.stdout.readline()
        url = re.fullmatch(r"serving briefs at (http://127\.0\.0\.1:\d+); Ctrl-C ends it\n", first)[1]
        assert httpx.post(f"{url}/reset", json={"seed": 0}).json()["observation"]["seed"] == 0
        refused = run("prompt", "openenv", "--port", url.rpartition(":")[2])
        assert "choose another --port or --host" in refused.err
        os.killpg(server.pid, signal.SIGINT)
        _, complaints = server.communicate()
    finally:
        watch.cancel()
        server.kill()
    assert complaints == ""


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(run):
    pytest.importorskip("openenv")
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = run("prompt", "openenv", "--port", other.getsockname()[1])
    assert refused.code == 1
    assert "cannot listen at 127.0.0.1:" in refused.err
