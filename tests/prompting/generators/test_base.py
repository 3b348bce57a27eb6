from typing import ClassVar

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import UnknownNameError, UsageError
from tonewright.prompting.generators.base import Request, Setting, complete, fit

RATE_HZ = 44_100


class Fake:
    name = "fake"
    settings: ClassVar = {
        "seconds": Setting(4.0, 1.0, 10.0),
        "steps": Setting(8, 1, 50),
        "sampler": Setting("euler", choices=("euler", "rk4")),
        "sigma_max": Setting(1.0, 0.1, 1.0),
        "sigma_min": Setting(0.1, 0.01, 0.9),
    }


def test_what_is_left_open_is_as_the_generator_recommends():
    made = complete(Request("a drum loop"), Fake())
    assert (made.steps, made.sampler, made.sigma_max, made.sigma_min) == (8, "euler", 1.0, 0.1)
    assert made.cfg_scale is None
    assert complete(Request("a", steps=50, seconds=10.0), Fake()).steps == 50


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"prompt": " "}, "a prompt has 1 to 2,000 characters; got 1"),
        ({"prompt": "x" * 2_001}, "got 2,001"),
        ({"seed": -1}, "a seed is a whole number from 0; got -1"),
        ({"steps": 51}, "steps is 1 to 50; got 51"),
        ({"steps": 0}, "steps is 1 to 50; got 0"),
        ({"seconds": 10.5}, "seconds is 1 to 10; got 10.5"),
        ({"sampler": "rk5"}, "did you mean 'rk4'"),
        ({"cfg_scale": 3.0}, "fake has no cfg_scale; got 3.0; it has seconds"),
        ({"negative_prompt": "noise"}, "fake has no negative_prompt"),
        ({"sigma_min": 0.5, "sigma_max": 0.4}, "sigma_min is below sigma_max; got 0.5 and 0.4"),
        ({"init_noise_level": 0.5}, "fake has no init_noise_level"),
        ({"init_audio": Clip(np.zeros((1, 10), np.float32), RATE_HZ)}, "fake has no init_audio"),
    ],
)  # fmt: skip
def test_nothing_is_clamped(settings, complaint):
    with pytest.raises((UsageError, UnknownNameError), match=complaint):
        complete(Request(**{"prompt": "a"} | settings), Fake())


def sine(frames, channels=2):
    return np.tile(np.sin(0.05 * np.arange(frames)), (channels, 1)).astype(np.float32)


def test_sounds_are_trimmed_and_faults_are_told():
    sound, fault = fit(sine(RATE_HZ + 5), 1.0)
    assert sound.shape == (2, RATE_HZ)
    assert fault is None
    np.testing.assert_array_equal(fit(sine(RATE_HZ, 1), 1.0)[0], sine(RATE_HZ))
    np.testing.assert_array_equal(fit(sine(RATE_HZ)[0], 1.0)[0], sine(RATE_HZ))
    broken = sine(RATE_HZ)
    broken[1, 5] = np.nan
    for samples, complaint in (
        (sine(RATE_HZ - 4_410), "0.10 s too short"),
        (broken, "not finite"),
        (np.zeros((2, RATE_HZ)), "silence"),
        (sine(RATE_HZ, 3), "no stereo sound"),
    ):
        sound, fault = fit(samples, 1.0)
        assert complaint in fault
        assert sound.shape == (2, RATE_HZ)
        assert not sound.any()
