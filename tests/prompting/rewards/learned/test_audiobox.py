import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
aes = pytest.importorskip("audiobox_aesthetics.model.aes")

from tonewright.errors import CheckpointError  # noqa: E402
from tonewright.prompting.listening.analysis import listen  # noqa: E402
from tonewright.prompting.rewards.learned.audiobox import Audiobox  # noqa: E402
from tonewright.prompting.rewards.learned.hearing import windows  # noqa: E402
from tonewright.prompting.rewards.learned.registry import learned_scorers  # noqa: E402
from tonewright.prompting.rewards.learned.scales import AUDIOBOX_POINTS  # noqa: E402
from tonewright.prompting.rewards.scoring import score  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning"),  # of the package
    pytest.mark.filterwarnings("ignore:Support for mismatched"),
]
TRANSFORM = {
    "CE": {"mean": 6.0, "std": 1.0},
    "CU": {"mean": 6.5, "std": 1.2},
    "PC": {"mean": 3.0, "std": 1.5},
    "PQ": {"mean": 7.0, "std": 0.9},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The network of the package, at a thousandth of its size, saved as its authors save it."""
    sizes = {
        "encoder_layers": 2,
        "encoder_embed_dim": 32,
        "encoder_ffn_embed_dim": 32,
        "encoder_attention_heads": 2,
        "conv_feature_layers": "[(8,10,5)] + [(8,3,2)] * 4 + [(8,2,2)] * 2",
        "conv_pos": 16,
        "conv_pos_groups": 2,
    }
    small = aes.WavLMConfig(vars(aes.DEFAULT_AUDIO_CFG) | sizes)
    monkeypatch.setattr(aes, "DEFAULT_AUDIO_CFG", small)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        aes.AesMultiOutput(nth_layer=3, target_transform=TRANSFORM).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def points(scorer, samples, brief):
    return np.stack([term.measured for term in scorer.terms(listen(samples), brief)], axis=1)


@pytest.mark.parametrize(("seconds", "count"), [(2, 1), (10, 1), (20, 2)])
def test_points_are_those_of_the_network_as_its_package_loads_it(folder, sounds, brief, seconds, count):
    network = aes.AesMultiOutput.from_pretrained(str(folder)).eval()
    heard = listen(sounds(2, seconds))
    cut = torch.from_numpy(windows(heard, 16_000, 10).reshape(2 * count, 1, -1))
    missing = 160_000 - cut.shape[-1]
    mask = torch.nn.functional.pad(torch.ones_like(cut, dtype=torch.bool), (0, missing))
    with torch.inference_mode():
        told = network({"wav": torch.nn.functional.pad(cut, (0, missing)), "mask": mask})
    terms = Audiobox(str(folder), device="cpu").terms(heard, brief)
    assert [term.name for term in terms] == ["audiobox PQ", "audiobox CE", "audiobox CU"]
    for term, axis in zip(terms, ("PQ", "CE", "CU"), strict=True):
        own = aes.Normalize(**TRANSFORM[axis]).inverse(told[axis]).reshape(2, count).mean(dim=1)
        np.testing.assert_allclose(term.measured, own, atol=1e-5)
        np.testing.assert_allclose(term.score, AUDIOBOX_POINTS(term.measured))


def test_neither_level_nor_batch_moves_a_score(folder, sounds, brief):
    batch = sounds(3, 2)
    scorer = Audiobox(str(folder), device="cpu")
    together = points(scorer, batch, brief)
    np.testing.assert_allclose(points(scorer, 0.02 * batch, brief), together, atol=1e-5)
    alone = points(Audiobox(str(folder), device="cpu", batch=1), batch, brief)
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_it_is_a_part_of_quality_where_it_is_asked_for(folder, sounds, brief, capsys):
    learned = learned_scorers([f"audiobox={folder}"], device="cpu")
    (card,) = score(sounds(1, 2), brief, learned=learned)
    assert card.terms["quality"]["audiobox PQ"].unit == "points"
    assert capsys.readouterr().out == ""  # its package prints as it loads


def test_checkpoints_that_are_damaged_or_lack_something(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"target_transform": None}))
    with pytest.raises(CheckpointError, match="has no target_transform of PQ, CE, CU"):
        Audiobox(str(folder), device="cpu")
    (folder / "config.json").write_text(json.dumps(config | {"proj_num_layer": 3}))
    with pytest.raises(CheckpointError, match=r"cannot be loaded from .*state_dict"):
        Audiobox(str(folder), device="cpu")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="Audiobox Aesthetics cannot be loaded from"):
        Audiobox(str(folder), device="cpu")
    (folder / "model.safetensors").unlink()
    (folder / "checkpoint.pt").write_bytes(b"pickle")
    with pytest.raises(
        CheckpointError, match=r"are \*\.safetensors; got 'checkpoint\.pt', which may run code"
    ):
        Audiobox(str(folder), device="cpu")
