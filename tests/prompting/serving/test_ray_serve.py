"""Replicas of the server on a cluster, which is this machine."""

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Request

from .conftest import assert_same

HARMLESS = [Request(f"sound {seed}", seconds=0.1, seed=seed) for seed in range(8)]


def test_there_is_at_least_one_replica():
    from tonewright.prompting.serving.ray_serve import deployment

    with pytest.raises(UsageError, match="replicas are 1 or more; got 0"):
        deployment("sketch", replicas=0)


# One test, because starting Ray takes seconds.
@pytest.mark.filterwarnings("default")  # of Ray itself
def test_replicas_give_what_the_generator_gives_and_survive_it(plugged, model, direct, monkeypatch):
    pytest.importorskip("ray.serve")
    pytest.importorskip("fastapi")
    import ray
    from ray import serve

    from tonewright.prompting.serving.client import Remote
    from tonewright.prompting.serving.limits import Limits
    from tonewright.prompting.serving.ray_serve import deployment

    paths = [str(plugged), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    before = signal.getsignal(signal.SIGTERM)
    ray.init(address="local", num_cpus=3, include_dashboard=False, log_to_driver=False)
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        serve.run(deployment("tiny", str(model), replicas=2, cpus=0.5, limits=Limits(most_items=3)))
        remote = Remote(f"http://127.0.0.1:{port}")
        assert remote.settings == direct.settings
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda one: remote.generate([one])[0], HARMLESS))
        assert_same(made, direct.generate(HARMLESS))
        died = Request("die once", seconds=0.1)
        assert_same(remote.generate([died, *HARMLESS]), direct.generate([died, *HARMLESS]))
        (fault,) = remote.generate([Request("die", seconds=0.1)])
        assert fault.fault == "the generator died of it twice: it died (signal 9)"
        with pytest.raises(UsageError, match="tiny makes nothing that is refused"):
            remote.generate([Request("refused")])
        remote.close()
    finally:
        serve.shutdown()
        ray.shutdown()
        signal.signal(signal.SIGTERM, before)
