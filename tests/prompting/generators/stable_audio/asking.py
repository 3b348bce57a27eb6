"""Requests to a tiny model, and its sounds."""

import numpy as np

from tonewright.audio import Clip
from tonewright.prompting.generators.base import Request

RATE_HZ = 44_100


def ask(**settings):
    return Request(**{"prompt": "a drum loop", "seconds": 0.7, "steps": 3} | settings)


def render(model, *requests):
    made = model.generate(requests)
    assert [one.fault for one in made] == [None] * len(made)
    return [one.samples for one in made]


def chord(seconds=1.0, rate_hz=RATE_HZ, channels=2):
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return Clip(
        0.3 * np.sin(2 * np.pi * np.outer([220.0, 330.0][:channels], time_s)).astype(np.float32), rate_hz
    )
