"""Generators of plain sounds, whose seams have numbers."""

import numpy as np
import pytest

from tonewright.prompting.generators.base import Generation, Setting, complete, fit

RATE = 44_100


class Maker:
    """Makes what a function makes of a request and its times."""

    name = "maker"

    def __init__(self, make, longest_s=6.0, **more):
        self.settings = {"seconds": Setting(4.0, 0.25, longest_s), "negative_prompt": Setting(""), **more}
        self.make, self.batches = make, []

    def generate(self, requests):
        asked = [complete(one, self) for one in requests]
        self.batches.append(asked)
        made = []
        for one in asked:
            time_s = np.arange(round(one.seconds * RATE)) / RATE
            samples, fault = fit(self.make(one, time_s), one.seconds)
            made.append(Generation(samples, one, 1, fault))
        return made


def tone(request, time_s, hz=220.3):
    """A tone in stereo; its phase is the seed's."""
    phase = np.random.default_rng(request.seed).uniform(0, 2 * np.pi)
    return 0.3 * np.sin(2 * np.pi * hz * time_s + phase + np.array([[0.0], [0.5]]))


def chord(request, time_s):
    return sum(tone(request, time_s, hz) for hz in (130.8, 164.8, 196.3, 523.7)) / 3


def noise(request, time_s):
    return 0.1 * np.random.default_rng(request.seed).standard_normal((2, len(time_s)))


def swelling(request, time_s):
    """Noise that gets louder and louder."""
    return noise(request, time_s) * np.linspace(0.1, 1, len(time_s))


def drums(request, time_s):
    """Four kicks and eight hats a bar at 120 BPM, which ring, and hiss between them."""
    rng = np.random.default_rng(request.seed)
    kick_s, hat_s = time_s % 0.5, time_s % 0.25
    sound = 0.5 * np.exp(-9 * kick_s) * np.sin(2 * np.pi * (50 * kick_s + 4 * (1 - np.exp(-40 * kick_s))))
    sound = sound + 0.1 * np.exp(-25 * hat_s) * rng.standard_normal(len(time_s))
    return np.stack([sound, 0.9 * sound])


SOUNDS = {one.__name__: one for one in (tone, chord, noise, swelling, drums)}


@pytest.fixture
def maker():
    return Maker
