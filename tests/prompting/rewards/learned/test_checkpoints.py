import re

import pytest

constants = pytest.importorskip("huggingface_hub.constants")

from tonewright.errors import CheckpointError  # noqa: E402
from tonewright.prompting.rewards.learned.checkpoints import weights_folder  # noqa: E402


def test_a_folder_with_safetensors_is_taken_as_it_is(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    assert weights_folder(str(tmp_path), "CLAP", "clap") == tmp_path


@pytest.mark.parametrize("name", ["pytorch_model.bin", "checkpoint.pt", "music.ckpt"])
def test_pickles_are_refused_with_what_to_do(tmp_path, name):
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(
        CheckpointError, match=rf"are \*\.safetensors; got '{re.escape(name)}', which may run"
    ):
        weights_folder(str(tmp_path), "CLAP", "clap")


def test_a_folder_without_weights(tmp_path):
    with pytest.raises(CheckpointError, match=r"the weights of CLAP are \*\.safetensors; got none in "):
        weights_folder(str(tmp_path), "CLAP", "clap")


def test_a_name_that_cannot_be_fetched_says_how_to_have_it(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError) as told:
        weights_folder("laion/clap-htsat-unfused", "CLAP", "clap")
    assert "CLAP needs its weights; 'laion/clap-htsat-unfused' is no folder and cannot be fetched" in str(
        told.value
    )
    assert "'hf download laion/clap-htsat-unfused --local-dir DIR' where there is a network, and name" in str(
        told.value
    )
    assert "\n" not in str(told.value)


def test_what_was_fetched_before_is_taken_from_the_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    kept = tmp_path / "models--some--clap"
    (kept / "refs").mkdir(parents=True)
    for revision, digit in (("main", "0"), ("older", "1")):
        (kept / "snapshots" / (40 * digit)).mkdir(parents=True)
        (kept / "snapshots" / (40 * digit) / "model.safetensors").write_bytes(b"")
        (kept / "refs" / revision).write_text(40 * digit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert weights_folder("some/clap", "CLAP", "clap") == kept / "snapshots" / (40 * "0")
    assert weights_folder("some/clap@older", "CLAP", "clap") == kept / "snapshots" / (40 * "1")


@pytest.mark.parametrize("name", ["/no/such/folder", "../clap", "clap", "a/b/c", "a@b/c", ""])
def test_what_is_neither_a_folder_nor_a_name(name):
    with pytest.raises(CheckpointError, match="which is neither; check the path"):
        weights_folder(name, "CLAP", "clap")
