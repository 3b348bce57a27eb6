"""A generator that is plugged in, as that of another package is, and servers of it."""

import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tonewright.prompting.generators import registry

ENTRY = "[tonewright.generators]\ntiny = tonewright_tiny:Tiny\n"
PATIENCE_S = 60.0


@pytest.fixture(scope="session")
def plug(tmp_path_factory):
    """A folder of packages with one that brings `tiny`."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copy(Path(__file__).parent / "tiny.py", folder / "tonewright_tiny.py")
    described = folder / "tonewright_tiny-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: tonewright-tiny\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(ENTRY)
    return folder


@pytest.fixture(autouse=True)
def plugged(plug, monkeypatch):
    monkeypatch.syspath_prepend(plug)
    registry._plugged_in.cache_clear()
    yield plug
    registry._plugged_in.cache_clear()
    sys.modules.pop("tonewright_tiny", None)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    return folder


@pytest.fixture
def share(model):
    """Make a shared generator; it is closed in the end."""
    from tonewright.prompting.serving.limits import Limits
    from tonewright.prompting.serving.shared import Shared

    made = []

    def share_limited(tell=lambda words: None, **limits):
        made.append(Shared("tiny", model, Limits(**limits), tell))
        return made[-1]

    yield share_limited
    for one in made:
        one.close()


@pytest.fixture
def serve(share):
    """Serve a shared generator; gives its URL."""
    pytest.importorskip("fastapi")
    from tonewright.prompting.serving.server import address, listening, serving

    @contextmanager
    def serve_limited(**limits):
        with listening(port=0) as listener:
            shared = share(**limits)
            with serving(shared, listener):
                yield shared, address(listener)

    return serve_limited


@pytest.fixture
def direct(model, plugged):
    """The same generator, called directly."""
    return registry.generator("tiny", model)


def until(condition, seconds=PATIENCE_S):
    """Wait for something to be so."""
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def calls(model):
    """Sizes of the batches so far."""
    path = model / "calls"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def assert_same(made, expected):
    assert len(made) == len(expected)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.samples.dtype == np.float32
        assert (one.request, one.evaluations, one.fault) == (other.request, other.evaluations, other.fault)


def outcomes(shared):
    """How many requests ended how."""
    return {name: count for name, count in shared.metrics.outcomes.items() if count}
