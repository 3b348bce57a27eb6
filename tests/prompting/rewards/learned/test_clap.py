import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from safetensors.torch import load_file, save_file  # noqa: E402

from tonewright.errors import CheckpointError, UsageError  # noqa: E402
from tonewright.prompting.listening.analysis import listen  # noqa: E402
from tonewright.prompting.rewards.learned.clap import CLEAN, NOISY, Clap, ClapEar, Pam  # noqa: E402
from tonewright.prompting.rewards.learned.hearing import windows  # noqa: E402
from tonewright.prompting.rewards.learned.registry import learned_scorers  # noqa: E402
from tonewright.prompting.rewards.learned.scales import CLAP_SIMILARITY  # noqa: E402
from tonewright.prompting.rewards.scoring import score  # noqa: E402


@pytest.fixture(scope="module")
def ear(clap_folder):
    return ClapEar(str(clap_folder), device="cpu")


@pytest.fixture
def altered(clap_folder, tmp_path):
    """A copy of the model, to be spoilt."""
    return shutil.copytree(clap_folder, tmp_path / "model")


def measured(scorer, samples, brief):
    (term,) = scorer.terms(listen(samples), brief)
    return term.measured


def test_terms_are_what_the_model_of_transformers_says(ear, clap_folder, sounds, brief):
    """The whole of the model in one call, on windows that are cut here, against the adapter."""
    model = transformers.ClapModel.from_pretrained(clap_folder).eval()
    processor = transformers.ClapProcessor.from_pretrained(clap_folder)
    heard = listen(sounds(2, 12))
    cut = windows(heard, 48_000, 10)
    texts = [brief.description, CLEAN, NOISY]
    tokens = processor.tokenizer(texts, padding=True, return_tensors="pt")
    features = processor.feature_extractor(
        list(cut.reshape(4, -1)), sampling_rate=48_000, return_tensors="pt"
    )
    with torch.inference_mode():
        told = model(**tokens, input_features=features["input_features"].float())
    cosines = (told.audio_embeds @ told.text_embeds.T).reshape(2, 2, 3)
    clean = told.logits_per_audio[:, 1:].softmax(dim=1)[:, 0].reshape(2, 2)
    (clap,), (pam,) = Clap(ear).terms(heard, brief), Pam(ear).terms(heard, brief)
    np.testing.assert_allclose(clap.measured, cosines[..., 0].mean(dim=1), atol=1e-5)
    np.testing.assert_allclose(clap.score, CLAP_SIMILARITY(clap.measured))
    np.testing.assert_allclose(pam.score, clean.mean(dim=1), atol=1e-5)
    assert np.ptp(clap.measured) > 1e-4


def test_neither_level_nor_batch_nor_chance_moves_a_score(ear, clap_folder, sounds, brief):
    batch = sounds(3, 4)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    together = measured(Clap(ear), batch, brief)
    alone = [measured(Clap(ear), one[None], brief)[0] for one in batch]
    quiet = measured(Clap(ear), 0.02 * batch, brief)
    one_by_one = measured(Clap(ClapEar(str(clap_folder), device="cpu", batch=1)), batch, brief)
    for other in (alone, quiet, one_by_one):
        np.testing.assert_allclose(other, together, atol=1e-5)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_all_of_a_long_sound_is_heard(ear, sounds, brief):
    long = sounds(1, 25)
    plain = measured(Clap(ear), long, brief)
    assert measured(Clap(ear), long, brief) == plain
    for second in (0, 12, 24):
        other = long.copy()
        other[..., second * 44_100 : (second + 1) * 44_100] *= np.sin(np.arange(44_100))
        assert abs(measured(Clap(ear), other, brief) - plain) > 1e-7, second


def test_the_description_counts_and_the_prompt_does_not(ear, sounds, brief):
    batch = sounds(2, 2)
    stuffed = replace(brief, baseline_prompt="high quality, clear, " * 20)
    other = replace(brief, description="a dark pad")
    np.testing.assert_array_equal(measured(Clap(ear), batch, stuffed), measured(Clap(ear), batch, brief))
    assert np.abs(measured(Clap(ear), batch, other) - measured(Clap(ear), batch, brief)).min() > 1e-4


def test_clap_and_pam_share_a_model_and_listen_once(clap_folder, sounds, brief):
    learned = learned_scorers([f"clap={clap_folder}", f"pam={clap_folder}"], device="cpu")
    calls = []
    learned[0]._ear._network.audio_model.register_forward_hook(lambda *_: calls.append(1))
    (card,) = score(sounds(1, 2), brief, learned=learned)
    assert len(calls) == 1
    assert "clap" in card.terms["alignment"]
    assert "pam" in card.terms["quality"]


def test_a_description_that_is_too_long_is_refused(ear, sounds, brief):
    with pytest.raises(UsageError, match="CLAP reads 80 tokens at most; got 202 of a description"):
        Clap(ear).terms(listen(sounds(1, 1)), replace(brief, description="x" * 200))


def test_a_device_that_is_not_there(clap_folder):
    for device in ("cuda:99", "gpu"):
        with pytest.raises(UsageError, match=f"CLAP runs on 'cpu', 'cuda' or 'cuda:N'; got '{device}'"):
            ClapEar(str(clap_folder), device=device)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"model_type": "bert"}, "of the type 'clap'; got 'bert'"),
        ({"audio_config": {"enable_fusion": True}}, "listens at fixed places; got a fused model"),
    ],
)
def test_models_of_another_kind(altered, changes, complaint):
    config = json.loads((altered / "config.json").read_text())
    for name, value in changes.items():
        config[name] = config[name] | value if isinstance(value, dict) else value
    (altered / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=complaint):
        ClapEar(str(altered), device="cpu")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_damaged_files_are_told(altered, file):
    (altered / file).write_bytes(b"{ damaged")
    with pytest.raises(CheckpointError, match=r"CLAP cannot be loaded from '.*model' \(.+\); it needs"):
        ClapEar(str(altered), device="cpu")


@pytest.mark.parametrize("file", ["config.json", "processor_config.json"])
def test_missing_files_are_told(altered, file):
    (altered / file).unlink()
    with pytest.raises(CheckpointError, match=r"CLAP cannot be loaded from '.*model' \(.+\); it needs"):
        ClapEar(str(altered), device="cpu")


def test_weights_that_are_missing_are_not_made_up(altered):
    weights = load_file(altered / "model.safetensors")
    del weights["text_projection.linear1.weight"]
    save_file(weights, altered / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"1 are missing in .*, as text_projection\.linear1\.weight"):
        ClapEar(str(altered), device="cpu")


def test_code_that_comes_with_a_model_is_not_run(altered, tmp_path):
    ran = tmp_path / "ran"
    (altered / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    for file in ("config.json", "tokenizer_config.json", "processor_config.json"):
        document = json.loads((altered / file).read_text())
        document["auto_map"] = {
            "AutoConfig": "own.Own", "AutoModel": "own.Own", "AutoProcessor": "own.Own",
            "AutoTokenizer": ["own.Own", None], "AutoFeatureExtractor": "own.Own",
        }  # fmt: skip
        (altered / file).write_text(json.dumps(document))
    ClapEar(str(altered), device="cpu")
    assert not ran.exists()
