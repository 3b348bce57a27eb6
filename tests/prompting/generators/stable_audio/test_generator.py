import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Generator, Request
from tonewright.prompting.generators.stable_audio.generator import StableAudio

from .asking import RATE_HZ, ask, chord, render


def test_a_sound_is_as_long_as_asked_and_depends_on_its_seed_alone(flow):
    assert isinstance(flow, Generator)
    assert flow.about["rate_hz"] == 16_000
    asked = [ask(seed=3), ask(seed=2**62, seconds=1.0), ask(seed=3, prompt="a warm pad")]
    first, other, third = render(flow, *asked)
    assert first.dtype == np.float32
    assert first.shape == third.shape == (2, 30_870)
    assert other.shape == (2, RATE_HZ)
    np.testing.assert_array_equal(render(flow, asked[2], asked[1], asked[0])[2], first)
    assert np.abs(first - other[:, : first.shape[1]]).max() > 0.01
    assert np.abs(first - third).max() > 1e-4
    for seconds in (0.1, 0.333, 2.04):
        (sound,) = render(flow, ask(seconds=seconds))
        assert sound.shape == (2, round(seconds * RATE_HZ))
        assert sound[:, -5:].any()


def test_settings_have_an_effect(flow):
    plain = {"seed": 1, "cfg_scale": 2.0, "sampler": "euler", "steps": 6}  # dpmpp is euler up to 3
    (reference,) = render(flow, ask(**plain))
    changes = [{"steps": 3}, {"cfg_scale": 4.0}, {"cfg_scale": 1.0}, {"negative_prompt": "warm noise"}]
    changes += [{"sampler": name} for name in ("rk4", "dpmpp", "pingpong")]
    changes += [{"seconds": 1.9}]  # the same window: the model is told where the sound ends
    for change in changes:
        (other,) = render(flow, ask(**plain | change))
        assert np.abs(other[:, : reference.shape[1]] - reference).max() > 1e-5, change


def test_what_is_recommended_and_what_it_costs(flow):
    used = flow.generate([Request("a pad", seconds=0.3)])[0]
    assert (used.request.steps, used.request.cfg_scale, used.request.sampler) == (8, 1.0, "pingpong")
    assert (used.request.sigma_max, used.request.sigma_min, used.request.init_noise_level) == (None,) * 3
    assert used.evaluations == 8
    assert flow.generate([ask(sampler="rk4", cfg_scale=3.0)])[0].evaluations == 3 * 4 * 2
    np.testing.assert_array_equal(flow.generate([used.request])[0].samples, used.samples)


def test_the_less_noise_is_over_a_sound_the_less_the_seed_decides(flow):
    """x = (1 − t) sound + t noise, so that two seeds are as far apart as t."""
    apart = []
    for level in (0.12, 0.5, 1.0):
        asked = [ask(seed=n, init_audio=chord(), init_noise_level=level, sampler="euler") for n in (1, 2)]
        one, other = render(flow, *asked)
        apart.append(float(np.std(one - other)))
    assert apart[0] < apart[1] < apart[2]
    one, other = render(flow, ask(init_audio=chord()), ask(init_audio=Clip(-chord().samples, RATE_HZ)))
    assert np.abs(one - other).max() > 1e-4
    for clip in (chord(channels=1), chord(0.1), chord(3.0), chord(0.5, 8_000)):
        assert render(flow, ask(init_audio=clip))[0].shape == (2, 30_870)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"sigma_min": 0.1}, "stable-audio has no sigma_min; got 0.1; it has negative_prompt, seconds"),
        ({"sigma_max": 0.5}, "stable-audio has no sigma_max"),
        ({"sampler": "dpmpp-2m-sde"}, "no sampler is called 'dpmpp-2m-sde'"),
        ({"seconds": 2.5}, r"seconds is 0.1 to 2.04; got 2.5"),
        ({"negative_prompt": "noise"}, "acts by guidance; got cfg_scale 1"),
        ({"init_audio": chord(), "init_noise_level": 0.1}, r"init_noise_level is 0.12 to 1; got 0.1"),
        ({"init_noise_level": 0.5}, "init_noise_level is of an init_audio"),
    ],
)
def test_what_a_model_cannot_do_is_refused(flow, settings, complaint):
    with pytest.raises(UsageError, match=complaint):
        flow.generate([ask(), ask(**settings)])


def test_a_prompt_that_is_longer_than_the_model_reads_is_a_fault(flow):
    bad, good = flow.generate([ask(prompt="loop " * 20), ask()])
    assert bad.fault == "the prompt has 20 tokens, and this model reads 16"
    assert not bad.samples.any()
    assert good.fault is None


@pytest.mark.parametrize("objective", ["v"])
def test_the_other_objectives(models, environment, objective):
    model = StableAudio(models / objective, environment=environment)
    try:
        choices = model.settings["sampler"].choices
        sounds = render(model, *(ask(sampler=name, seed=4, steps=6) for name in choices))
        assert model.generate([ask(sampler=choices[0])])[0].evaluations == 3 * 2
        for sound in sounds[1:]:
            assert np.abs(sound - sounds[0]).max() > 1e-5
        least = model.settings["init_noise_level"].low
        render(model, ask(init_audio=chord(), init_noise_level=least))
        with pytest.raises(UsageError, match="no sampler is called"):
            model.generate([ask(sampler="dpmpp-3m-sde")])
    finally:
        model.close()
