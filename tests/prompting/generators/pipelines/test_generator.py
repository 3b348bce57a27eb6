import json
import shutil

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.errors import CheckpointError, UsageError
from tonewright.prompting.generators.base import Generator, Request
from tonewright.prompting.generators.registry import generator

RATE_HZ = 44_100
TINY = ("open_1", "audio_3")


@pytest.fixture(scope="module")
def tiny(open_1, audio_3):
    """A generator of each class of pipelines."""
    return {"open_1": generator("diffusers", open_1), "audio_3": generator("diffusers", audio_3)}


def ask(**settings):
    return Request(**{"prompt": "a drum loop", "seconds": 0.7, "steps": 4} | settings)


def chord(seconds=0.5, rate_hz=RATE_HZ):
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    return Clip(0.3 * np.sin(2 * np.pi * np.outer([220.0, 330.0], time)).astype(np.float32), rate_hz)


def render(model, *requests):
    made = model.generate(requests)
    assert [one.fault for one in made] == [None] * len(made)
    return [one.samples for one in made]


@pytest.mark.parametrize("kind", TINY)
def test_a_sound_is_as_long_as_asked_and_depends_on_its_seed_alone(tiny, kind):
    model = tiny[kind]
    assert isinstance(model, Generator)
    asked = [ask(seed=3), ask(seed=4, seconds=1.0), ask(seed=3, prompt="a warm pad")]
    first, other, third = render(model, *asked)
    assert first.dtype == np.float32
    assert first.shape == third.shape == (2, 30_870)
    assert other.shape == (2, RATE_HZ)
    np.testing.assert_array_equal(render(model, asked[0])[0], first)
    np.testing.assert_array_equal(render(model, asked[2], asked[1], asked[0])[2], first)
    assert np.abs(first - other[:, : first.shape[1]]).max() > 0.01
    assert np.abs(first - third).max() > 1e-4


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.parametrize("seconds", [0.1, 0.333, 0.51, 1.07, 1.1])
def test_no_length_is_a_frame_short(tiny, kind, seconds):
    (sound,) = render(tiny[kind], ask(seconds=seconds, steps=2))
    assert sound.shape == (2, round(seconds * RATE_HZ))
    assert np.abs(sound[:, -5:]).max() > 1e-5


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.parametrize("change", [{"steps": 7}, {"cfg_scale": 4.0}, {"negative_prompt": "warm noise"}])
def test_settings_have_an_effect(tiny, kind, change):
    plain = ask(seed=1, cfg_scale=2.0)
    one, other = render(tiny[kind], plain, ask(**{"seed": 1, "cfg_scale": 2.0} | change))
    assert np.abs(one - other).max() > 1e-5


def test_the_noise_of_the_first_kind_and_the_sampler_of_the_third(tiny):
    for kind, change in (
        ("open_1", {"sigma_max": 5.0}),
        ("open_1", {"sigma_min": 0.03}),
        ("audio_3", {"sampler": "euler"}),
    ):
        one, other = render(tiny[kind], ask(seed=1), ask(seed=1, **change))
        assert np.abs(one - other).max() > 1e-3
        (again,) = render(tiny[kind], ask(seed=1))
        np.testing.assert_array_equal(again, one)


@pytest.mark.parametrize("kind", TINY)
def test_what_was_used_is_told_and_gives_the_same_again(tiny, kind):
    model = tiny[kind]
    for asked in (Request("a pad", seconds=0.5, steps=3), ask(init_audio=chord())):
        (made,) = model.generate([asked])
        assert made.request.steps == 3 or made.request.init_noise_level is not None
        guided = made.request.cfg_scale != 1.0
        assert made.evaluations == made.request.steps * (2 if guided else 1)
        np.testing.assert_array_equal(model.generate([made.request])[0].samples, made.samples)


def test_what_is_recommended_is_of_the_kind(tiny):
    (first,) = tiny["open_1"].generate([Request("a pad", seconds=0.3)])
    used = first.request
    assert (used.steps, used.cfg_scale, used.sigma_max, used.sigma_min) == (100, 7.0, 500.0, 0.3)
    assert (used.sampler, used.init_noise_level, first.evaluations) == (None, None, 200)
    (third,) = tiny["audio_3"].generate([Request("a pad", seconds=0.3)])
    used = third.request
    assert (used.steps, used.cfg_scale, used.sampler, third.evaluations) == (8, 1.0, "pingpong", 8)
    assert tiny["open_1"].settings["seconds"].high == 1.11  # 24 latents of 2,048 frames are 1.1146 s
    assert tiny["audio_3"].settings["seconds"].high == 12.0


@pytest.mark.parametrize("kind", TINY)
def test_a_sound_to_begin_from_is_the_nearer_the_less_noise_is_over_it(tiny, kind):
    """The latents that sampling begins with are those of the sound, but for the noise."""
    model = tiny[kind]
    pipeline = model._kind._pipeline if kind == "open_1" else model._kind._from_sound
    levels, starts = ((0.25, 0.9) if kind == "open_1" else (0.2, 0.9)), []
    step = type(pipeline.scheduler).step

    def listening(self, velocity, time, latents, **more):
        if not starts or starts[-1] is None:
            starts.append(latents[0].numpy().copy())
        return step(self, velocity, time, latents, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(pipeline.scheduler), "step", listening)
        sounds = []
        for level in levels:
            starts.append(None)
            sounds += render(
                model, ask(seed=2, seconds=1.0, init_audio=chord(1.0), init_noise_level=level, cfg_scale=1.0)
            )
    low, high = [one for one in starts if one is not None]
    if kind == "open_1":
        # σ = tan(π t / 2) at σ_data = 1, and the same noise in both.
        sigma = np.tan(np.pi * np.array(levels) / 2)
        noise = (high - low) / (sigma[1] - sigma[0])
        encoded = low - sigma[0] * noise
    else:
        # x = (1 − t) sound + t noise.
        noise = ((1 - levels[0]) * high - (1 - levels[1]) * low) / (levels[1] - levels[0])
        encoded = (low - levels[0] * noise) / (1 - levels[0])
    assert abs(noise.mean()) < 0.35
    assert abs(noise.std() - 1.0) < 0.2
    assert np.isfinite(encoded).all()
    assert np.abs(sounds[0] - sounds[1]).max() > 1e-4
    (other,) = render(
        model, ask(seed=2, seconds=1.0, init_audio=Clip(-chord(1.0).samples, RATE_HZ), cfg_scale=1.0)
    )
    (plain,) = render(model, ask(seed=2, seconds=1.0, init_audio=chord(1.0), cfg_scale=1.0))
    assert np.abs(other - plain).max() > 1e-6


@pytest.mark.parametrize("kind", TINY)
def test_a_sound_to_begin_from_may_be_mono_short_long_or_of_another_rate(tiny, kind):
    for clip in (Clip(chord().samples[:1], RATE_HZ), chord(0.1), chord(3.0), chord(0.5, 16_000)):
        (sound,) = render(tiny[kind], ask(init_audio=clip))
        assert sound.shape == (2, 30_870)


@pytest.mark.parametrize(
    ("kind", "settings", "complaint"),
    [
        ("open_1", {"sampler": "euler"}, "diffusers has no sampler; got euler; it has negative_prompt, sec"),
        ("audio_3", {"sigma_max": 0.5}, "diffusers has no sigma_max; got 0.5"),
        ("audio_3", {"sigma_min": 0.5}, "diffusers has no sigma_min"),
        ("audio_3", {"sampler": "rk4"}, "no sampler is called 'rk4'"),
        ("open_1", {"seconds": 1.2}, "seconds is 0.1 to 1.11; got 1.2"),
        ("audio_3", {"seconds": 12.5}, "seconds is 0.1 to 12; got 12.5"),
        ("open_1", {"steps": 1}, "steps is 2 to 1000; got 1"),
        ("open_1", {"cfg_scale": 0.5}, "cfg_scale is 1 to 30; got 0.5"),
        ("open_1", {"negative_prompt": "noise", "cfg_scale": 1.0}, "acts by guidance; got cfg_scale 1"),
        ("audio_3", {"negative_prompt": "noise"}, "acts by guidance; got cfg_scale 1"),
        ("open_1", {"prompt": "a " * 16}, "up to 16 tokens; got 1[67]; shorten it"),
        ("open_1", {"init_noise_level": 0.5}, "init_noise_level is of an init_audio; got none"),
        ("open_1", {"init_audio": chord(), "sigma_max": 5.0}, "in place of sigma_max; got both"),
        ("open_1", {"init_audio": chord(), "init_noise_level": 0.1}, "above sigma_min; got 0.158 and 0.3"),
        ("open_1", {"init_audio": chord(), "init_noise_level": 1.0}, "init_noise_level is 0.05 to 0.998"),
        ("audio_3", {"init_audio": chord(), "cfg_scale": 2.0}, "without guidance; got cfg_scale 2"),
    ],
)
def test_what_a_pipeline_cannot_do_is_refused(tiny, kind, settings, complaint):
    settings = {"prompt": "a " * 17} if "tokens" in complaint else settings
    with pytest.raises(UsageError, match=complaint):
        tiny[kind].generate([ask(), ask(**settings)])


def test_a_sound_to_begin_from_that_says_nothing_is_that_sounds_fault(tiny):
    silent = Clip(np.zeros((2, 100), np.float32), RATE_HZ)
    made = tiny["open_1"].generate([ask(init_audio=silent), ask()])
    assert made[0].fault.startswith("a sound to begin from has one or two channels and is not silent; got")
    assert not made[0].samples.any()
    assert made[1].fault is None


def test_what_fails_is_told_and_the_others_are_rendered(tiny, monkeypatch):
    model = tiny["audio_3"]
    import torch

    real = model._kind._from_text.transformer.forward
    troubles = {
        "out of memory": lambda *a, **k: (_ for _ in ()).throw(
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nand more")
        ),
        "not finite": lambda x, *a, **k: (torch.full_like(x, float("nan")),),
        "NotImplementedError": lambda *a, **k: (_ for _ in ()).throw(NotImplementedError),
    }
    (good,) = render(model, ask(seed=5))
    for complaint, trouble in troubles.items():
        calls = (
            iter([trouble] * 4 + [real] * 4) if complaint == "not finite" else iter([trouble] + [real] * 4)
        )
        monkeypatch.setattr(
            model._kind._from_text.transformer, "forward", lambda *a, c=calls, **k: next(c)(*a, **k)
        )
        bad, fine = model.generate([ask(seed=5), ask(seed=5)])
        assert complaint in bad.fault
        assert "more" not in bad.fault
        assert bad.samples.shape == (2, 30_870)
        assert not bad.samples.any()
        assert bad.evaluations == 0
        np.testing.assert_array_equal(fine.samples, good)


@pytest.fixture
def copy(open_1, tmp_path):
    return shutil.copytree(open_1, tmp_path / "copy")


def test_weights_that_are_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for model in (None, "somebody/nothing", tmp_path / "nothing"):
        with pytest.raises(CheckpointError) as caught:
            generator("diffusers", model)
        message = str(caught.value)
        assert message.startswith(
            f"cannot get the weights '{model or 'stabilityai/stable-audio-open-1.0'}': "
        )
        assert "log in with a token (`hf auth login`), or give a folder" in message
        assert "\n" not in message
    with pytest.raises(CheckpointError, match=r"model_index.json'?: no such file"):
        generator("diffusers", tmp_path)


def test_nothing_that_is_loaded_is_executed(copy):
    index = json.loads((copy / "model_index.json").read_text())
    for entry in (["os", "system"], "mine"):
        (copy / "model_index.json").write_text(json.dumps(index | {"transformer": entry}))
        with pytest.raises(CheckpointError, match="it would execute code, and is not loaded"):
            generator("diffusers", copy)
    (copy / "model_index.json").write_text(json.dumps(index | {"_class_name": "FluxPipeline"}))
    with pytest.raises(CheckpointError, match=r"no pipeline of StableAudioPipeline or .*got FluxPipeline"):
        generator("diffusers", copy)


@pytest.mark.parametrize(
    ("part", "stem"), [("transformer", "diffusion_pytorch_model"), ("text_encoder", "pytorch_model")]
)
def test_pickled_weights_are_refused(copy, part, stem):
    import torch
    from safetensors.torch import load_file

    (weights,) = (copy / part).glob("*.safetensors")
    torch.save(load_file(weights), copy / part / f"{stem}.bin")
    weights.unlink()
    with pytest.raises(CheckpointError, match=r"cannot load the pipeline .*whose weights are safetensors"):
        generator("diffusers", copy)


def test_a_damaged_folder_and_a_foreign_scheduler(copy):
    config = copy / "scheduler" / "scheduler_config.json"
    good = config.read_text()
    config.write_text("{")
    with pytest.raises(CheckpointError, match="cannot load the pipeline"):
        generator("diffusers", copy)
    config.write_text(good)
    index = json.loads((copy / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "DDIMScheduler"]
    (copy / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(
        CheckpointError, match=r"the scheduler of this pipeline is .* or .*; got DDIMScheduler"
    ):
        generator("diffusers", copy)


def test_the_scheduler_of_stable_audio_open(copy):
    """The one it was published with, which needs torchsde, draws from the seed alone, too."""
    pytest.importorskip("torchsde")
    index = json.loads((copy / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "CosineDPMSolverMultistepScheduler"]
    (copy / "model_index.json").write_text(json.dumps(index))
    from diffusers import CosineDPMSolverMultistepScheduler

    CosineDPMSolverMultistepScheduler().save_pretrained(copy / "scheduler")
    model = generator("diffusers", copy)
    one, other, again = render(model, ask(seed=2**40), ask(seed=1), ask(seed=2**40))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-3
    (sound,) = render(model, ask(init_audio=chord(), init_noise_level=0.5))
    assert np.abs(sound).max() > 1e-3
