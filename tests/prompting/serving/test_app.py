"""The server as its clients see it, over real sockets."""

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tonewright.audio import read

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

from tonewright.prompting.generators.base import Request  # noqa: E402
from tonewright.prompting.serving.wire import decode_generations, encode_requests  # noqa: E402

from .conftest import assert_same, calls, until  # noqa: E402

JSON = {"Content-Type": "application/json"}
HARMLESS = [Request(f"sound {seed}", seconds=0.1, seed=seed) for seed in range(4)]


def post(url, body, headers=JSON):
    return httpx.post(f"{url}/generate", content=body, headers=headers, timeout=60.0)


def samples_of(text):
    """Values of the text that Prometheus reads."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_one_or_several_are_made(serve, direct):
    with serve() as (_, url):
        one = post(url, b'{"prompt": "sound 0", "seconds": 0.1}')
        assert one.status_code == 200
        assert one.headers["content-type"] == "application/vnd.tonewright.generations"
        assert_same(decode_generations(one.content, HARMLESS[:1]), direct.generate(HARMLESS[:1]))
        # As a stranger reads it: a line of JSON, and raw samples.
        line, _, raw = one.content.partition(b"\n")
        assert json.loads(line)["generations"][0]["frames"] * 2 * 4 == len(raw)
        asked = [*HARMLESS, Request("nan", seconds=0.1)]
        several = post(url, encode_requests(asked))
        assert_same(decode_generations(several.content, asked), direct.generate(asked))


def test_one_may_come_as_a_wav_file(serve, direct, tmp_path):
    accept = JSON | {"Accept": "audio/wav"}
    with serve() as (_, url):
        one = post(url, encode_requests(HARMLESS[:1]), accept)
        assert (one.status_code, one.headers["content-type"]) == (200, "audio/wav")
        (tmp_path / "a.wav").write_bytes(one.content)
        (made,) = direct.generate(HARMLESS[:1])
        np.testing.assert_array_equal(read(tmp_path / "a.wav").samples, made.samples)
        fault = post(url, b'{"prompt": "nan"}', accept)
        assert (fault.status_code, fault.json()["detail"]) == (500, "it gave numbers that are not finite")
        several = post(url, encode_requests(HARMLESS), accept)
        assert several.status_code == 422
        assert several.json()["detail"] == "a WAV file holds one sound; got 4 requests; send one at a time"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "a call is JSON; this is not valid JSON"),
        (b'{"prompt": "a",}', 400, " (line 1, column 1"),
        (b"\xff\xfe", 400, "a call is JSON; this is not UTF-8 text; choose another file"),
        (b'{"prompt": "a", "step": 3}', 422, 'a request has no field "step"; did you mean "steps"?'),
        (b'{"prompt": "a", "cfg": 3}', 422, 'a request has no field "cfg"; remove it'),
        (b'{"prompt": "a", "steps": 51}', 422, "steps is 1 to 50; got 51"),
        (b'{"prompt": "a", "sampler": "eular"}', 422, "did you mean 'euler'?"),
        (b'{"prompt": " "}', 422, "a prompt has 1 to 2,000 characters; got 1; say what to make"),
        (b'{"prompt": "a", "seconds": 20.5}', 422, "seconds is 0.01 to 20; got 20.5"),
        (b'{"prompt": "refused"}', 422, "tiny makes nothing that is refused; got it; ask for something else"),
        (b'{"prompt": "' + b"a" * 2_000 + b'"}', 413, "a call has up to 2,000 bytes; got more; send less"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_line(serve, body, status, detail):
    with serve(most_bytes=2_000) as (shared, url):
        answer = post(url, body)
        assert answer.status_code == status
        told = answer.json()
        assert told.keys() == {"detail"}
        assert detail in told["detail"]
        assert "\n" not in told["detail"]
        assert shared.metrics.outcomes["refused"] == 1


def test_pages_of_other_sites_cannot_call(serve, model):
    with serve() as (_, url):
        for headers in ({}, {"Content-Type": "text/plain"}):
            answer = post(url, b'{"prompt": "a"}', headers)
            assert answer.status_code == 415
            assert "a call is application/json; got" in answer.json()["detail"]
        asked = httpx.options(
            f"{url}/generate", headers={"Origin": "http://x", "Access-Control-Request-Method": "POST"}
        )
        assert "access-control-allow-origin" not in asked.headers
        assert calls(model) == []


def test_too_many_and_too_late(serve, model):
    with (
        serve(batch=1, queue=1, collect_s=0.0, timeout_s=3.0) as (shared, url),
        ThreadPoolExecutor(2) as pool,
    ):
        (model / "gate").touch()
        first = pool.submit(post, url, b'{"prompt": "a"}')
        until(lambda: calls(model) == [1])
        second = pool.submit(post, url, b'{"prompt": "a"}')
        until(lambda: shared.queue_length == 1 or second.done())
        full = post(url, b'{"prompt": "a"}')
        assert (full.status_code, full.headers["retry-after"]) == (503, "1")
        assert "up to 1 requests wait; got 1 more than 1; try again later" in full.json()["detail"]
        for one in (first, second):
            late = one.result()
            assert late.status_code == 504
            assert late.json()["detail"] == "a sound may take 3 s; it took longer; ask for less"
        (model / "gate").unlink()
        until(lambda: post(url, b'{"prompt": "a"}').status_code == 200)
        assert shared.metrics.outcomes["timeout"] == 2


def test_who_goes_away_is_dropped(serve, model):
    with serve(batch=1) as (shared, url), ThreadPoolExecutor(1) as pool:
        (model / "gate").touch()
        first = pool.submit(post, url, b'{"prompt": "a"}')
        until(lambda: calls(model) == [1])
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as leaver:
            body = b'[{"prompt": "b"}, {"prompt": "c"}]'
            head = f"POST /generate HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            leaver.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            until(lambda: shared.queue_length == 2)
        until(lambda: shared.metrics.outcomes["cancelled"] == 2)
        (model / "gate").unlink()
        assert first.result().status_code == 200
        assert post(url, b'{"prompt": "a"}').status_code == 200
        assert calls(model) == [1, 1]


def test_health(serve, model):
    with serve() as (shared, url):
        well = httpx.get(f"{url}/health")
        assert well.status_code == 200
        told = well.json()
        assert (told["alive"], told["status"], told["generator"]) == (True, "ready", "tiny")
        assert told["model"] == str(model)
        assert told["settings"]["steps"] == {
            "default": 4, "low": 1, "high": 50, "choices": [], "meaning": "louder"
        }  # fmt: skip
        assert told["settings"]["cfg_scale"]["high"] is None
        assert told["settings"]["sampler"]["choices"] == ["euler", "pingpong"]
        (model / "broken").touch()
        os.kill(shared.worker_pid, signal.SIGKILL)
        until(lambda: httpx.get(f"{url}/health").status_code == 503)
        until(lambda: "holds no tiny" in httpx.get(f"{url}/health").json()["status"])
        dead = httpx.get(f"{url}/health").json()
        assert not dead["alive"]
        assert dead["settings"] == told["settings"]
        assert "tonewright_worker_alive 0\n" in httpx.get(f"{url}/metrics").text
        answer = post(url, b'{"prompt": "a"}')
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "tiny is not there: 'model' holds no tiny" in answer.json()["detail"]


def test_a_worker_that_is_killed_in_the_middle_of_a_call(serve, model, direct):
    with serve() as (shared, url), ThreadPoolExecutor(1) as pool:
        (model / "gate").touch()
        call = pool.submit(post, url, encode_requests(HARMLESS))
        until(lambda: calls(model) == [4])
        os.kill(shared.worker_pid, signal.SIGKILL)
        (model / "gate").unlink()
        assert_same(decode_generations(call.result().content, HARMLESS), direct.generate(HARMLESS))


def test_numbers_add_up(serve):
    with serve(queue=4) as (_, url):
        for body, status in (
            (encode_requests(HARMLESS), 200),
            (b'{"prompt": "nan", "seconds": 0.1}', 200),
            (b'{"prompt": "die", "seconds": 0.1}', 200),
            (b'{"prompt": "a", "steps": 0}', 422),
            (b"?", 400),
            (encode_requests([*HARMLESS, *HARMLESS]), 422),
        ):
            assert post(url, body).status_code == status
        answer = httpx.get(f"{url}/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        found = samples_of(answer.text)
        ended = {name: value for name, value in found.items() if name.startswith("tonewright_requests_total")}
        assert {name.split('"')[1]: value for name, value in ended.items() if value} == {
            "ok": 4, "fault": 2, "refused": 10
        }  # fmt: skip
        assert sum(ended.values()) == 4 + 1 + 1 + 1 + 1 + 8
        assert found["tonewright_latency_seconds_count"] == 6
        assert found['tonewright_latency_seconds_bucket{le="+Inf"}'] == 6
        assert found["tonewright_batch_size_sum"] == 4 + 1 + 1 + 1  # the deadly one twice
        assert found["tonewright_batch_size_count"] == 4
        assert found['tonewright_batch_size_bucket{le="1"}'] == 3
        assert found["tonewright_workers_replaced_total"] == 1
        assert found["tonewright_queue_length"] == found["tonewright_requests_in_work"] == 0


def test_prometheus_reads_it(serve):
    parser = pytest.importorskip("prometheus_client.parser")
    with serve() as (_, url):
        post(url, b'{"prompt": "a"}')
        text = httpx.get(f"{url}/metrics").text
        families = {one.name: one for one in parser.text_string_to_metric_families(text)}
    kinds = {name.removeprefix("tonewright_"): one.type for name, one in families.items()}
    assert kinds == {
        "requests": "counter",
        "workers_replaced": "counter",
        "worker_alive": "gauge",
        "queue_length": "gauge",
        "requests_in_work": "gauge",
        "batch_size": "histogram",
        "latency_seconds": "histogram",
    }
    assert all(one.documentation for one in families.values())
