"""`remote`: what is served elsewhere is as if it were here."""

import os
import pickle
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import GenerationError, MissingExtraError, UsageError
from tonewright.prompting.generators.base import Generator, Request
from tonewright.prompting.generators.registry import generator

from .conftest import assert_same, calls, until

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

HARMLESS = [Request(f"sound {seed}", seconds=0.1, seed=seed) for seed in range(7)]


@pytest.fixture
def remote():
    """Make clients that are closed in the end."""
    from tonewright.prompting.serving.client import Remote

    made = []

    def make(url, **settings):
        made.append(Remote(url, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_gives_what_the_generator_gives(serve, remote, direct, model):
    init = Clip(np.random.default_rng(1).standard_normal((1, 500)).astype(np.float32), 22_050)
    asked = [*HARMLESS, Request("nan"), Request("a", init_audio=init, init_noise_level=0.5)]
    with serve(queue=4, most_seconds=9.0) as (_, url):
        one = remote(url + "/")
        assert isinstance(one, Generator)
        assert (one.name, one.settings, one.served["generator"]) == ("remote", direct.settings, "tiny")
        made = one.generate(asked)
        assert one.generate([]) == []
    assert calls(model) == [4, 4, 1]  # no more at once than the server takes: four, and 9 s
    assert_same(made, direct.generate(asked))


def test_what_cannot_be_done_is_refused_before_it_is_sent(serve, remote, model):
    with serve() as (shared, url):
        one = remote(url)
        with pytest.raises(UsageError, match="did you mean 'euler'"):
            one.generate([HARMLESS[0], Request("a", sampler="eule")])
        assert sum(shared.metrics.outcomes.values()) == 0
        with pytest.raises(UsageError, match="tiny makes nothing that is refused"):
            one.generate([Request("refused")])


def test_many_clients_share_batches(serve, remote, model, direct):
    with serve(batch=8) as (shared, url), ThreadPoolExecutor(12) as pool:
        (model / "gate").touch()
        clients = [remote(url) for _ in range(12)]
        asked = [Request("a", seconds=0.1, seed=seed) for seed in range(12)]
        made = [pool.submit(one.generate, [request]) for one, request in zip(clients, asked, strict=True)]
        until(lambda: calls(model) and calls(model)[0] + shared.queue_length == 12)
        (model / "gate").unlink()
        assert_same([one.result()[0] for one in made], direct.generate(asked))
    # Those that came in time for the first batch, and all the others together, as far as batches go.
    assert len(calls(model)[:-1]) <= 3
    assert sum(calls(model)[:-1]) == 12


def test_it_comes_back_where_there_was_no_room(serve, remote, model, direct):
    with serve(batch=1, queue=1, collect_s=0.0) as (shared, url), ThreadPoolExecutor(4) as pool:
        (model / "gate").touch()
        one = remote(url)
        made = [pool.submit(one.generate, [request]) for request in HARMLESS[:4]]
        until(lambda: shared.metrics.outcomes["full"] >= 2)
        (model / "gate").unlink()
        assert_same([one.result()[0] for one in made], direct.generate(HARMLESS[:4]))


def test_its_patience_ends(serve, remote, model):
    with serve() as (shared, url):
        one = remote(url, patience_s=0.5)
        (model / "broken").touch()
        os.kill(shared.worker_pid, signal.SIGKILL)
        until(lambda: shared.missing and "holds no" in shared.missing)
        with pytest.raises(GenerationError, match=f"the server at {url} answers 503: .* holds no tiny"):
            one.generate(HARMLESS[:1])
        with pytest.raises(GenerationError, match=f"the server at {url} answers 503: .*holds no tiny"):
            remote(url, patience_s=0.5)


def test_a_server_that_ends_is_told(serve, remote, model):
    with serve() as (_, url):
        one = remote(url, patience_s=0.5)
        one.generate(HARMLESS[:1])
    with pytest.raises(GenerationError, match=f"no server answers at {url} .*; start one with `tonewright"):
        one.generate(HARMLESS[:1])


def test_a_dead_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(
            GenerationError, match=f"no server answers at {url} .*[Cc]onnection refused"
        ) as told:
            generator("remote", url)
    assert "\n" not in str(told.value)
    pickle.loads(pickle.dumps(told.value))


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "run/folder", "ftp://a", "http://"])
def test_what_is_no_url_is_told(url):
    with pytest.raises(UsageError, match="the model of remote is the URL of a server, like http://127"):
        generator("remote", url)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"<html>", "not a server: this is not valid JSON"),
        (b'{"status": "ok"}', "serves no generator; check the address"),
        (b'{"settings": {}, "limits": {}}', 'needs the field "items"'),
        (b'{"settings": {"a": 1}, "limits": {}}', "the setting a is an object; got 1"),
    ],
)
def test_another_server_is_told(body, complaint):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        with pytest.raises(GenerationError, match=complaint):
            generator("remote", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r"asking a server for sounds needs httpx; .*'\.\[serve\]'"):
        generator("remote")
