import json
import shutil

import pytest

from tonewright.errors import CheckpointError, UsageError
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.generators.stable_audio.generator import StableAudio

RATE_HZ = 44_100


def test_weights_that_are_missing_damaged_or_foreign(models, environment, tmp_path):
    def complaint(model):
        with pytest.raises(CheckpointError) as caught:
            StableAudio(model, environment=environment)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    missing = complaint(None)
    assert missing.startswith(
        "cannot get the weights 'stabilityai/stable-audio-open-small': they have not been"
    )
    assert "log in with a token (`hf auth login`), or give a folder that holds them (--model DIR)" in missing
    folder = shutil.copytree(models / "rf_denoiser", tmp_path / "copy")
    config = json.loads((folder / "model_config.json").read_text())
    (folder / "model.safetensors").rename(folder / "model.ckpt")  # pickled weights are not even looked for
    assert complaint(folder).endswith("copy': it has no model.safetensors; use an intact copy")
    (folder / "model.safetensors").write_bytes(b"damaged")
    assert "cannot load the model" in complaint(folder)
    (folder / "model.ckpt").rename(folder / "model.safetensors")
    config["model"]["conditioning"]["configs"].append({"id": "audio", "type": "clap_audio", "config": {}})
    (folder / "model_config.json").write_text(json.dumps(config))
    assert "conditioned on audio (clap_audio), which a request does not say" in complaint(folder)
    (folder / "model_config.json").write_text(json.dumps(config | {"model_type": "lm"}))
    assert "is a diffusion_cond; got lm; choose another" in complaint(folder)
    config["model"]["conditioning"]["configs"].pop()
    config["model"]["conditioning"]["configs"][0]["config"]["t5_model_name"] = "t5-base"
    (folder / "model_config.json").write_text(json.dumps(config))
    assert "cannot load the text encoder 't5-base'" in complaint(folder)


def test_no_environment(tmp_path):
    with pytest.raises(UsageError, match=r"got none at .*nothing'; make it with `tonewright generate setup`"):
        StableAudio(environment=tmp_path / "nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONEWRIGHT_STABLE_AUDIO_ENV", str(tmp_path / "elsewhere"))
        with pytest.raises(UsageError, match="elsewhere"):
            generator("stable-audio")
