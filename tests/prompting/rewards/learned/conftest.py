"""Networks of a few thousand random weights, saved as the real ones are, to be loaded as they are."""

import numpy as np
import pytest

from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ


@pytest.fixture(scope="session")
def clap_folder(tmp_path_factory):
    """A CLAP of two layers, with a tokenizer of bytes and the usual features."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers.pre_tokenizers import ByteLevel

    layers = {"num_attention_heads": 2, "hidden_size": 16}
    text = {"vocab_size": 300, "num_hidden_layers": 1, "intermediate_size": 16, "max_position_embeddings": 82}
    sound = {"patch_embeds_hidden_size": 8, "depths": [1, 1], "enable_patch_fusion": False}
    config = transformers.ClapConfig(
        text_config=layers | text,
        audio_config=layers | sound | {"num_attention_heads": [2, 2]},
        projection_dim=8,
    )
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    words = {word: number for number, word in enumerate([*special, *sorted(ByteLevel.alphabet())])}
    folder = tmp_path_factory.mktemp("clap") / "model"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.ClapModel(config).save_pretrained(folder)
    tokenizer = transformers.RobertaTokenizer(vocab=words, merges=[])
    features = transformers.ClapFeatureExtractor(truncation="rand_trunc")
    transformers.ClapProcessor(features, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sounds():
    """Make noises of a colour and a swell of their own, `[B, 2, n]`."""

    def make(count, seconds, seed=0):
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((count, 2, round(seconds * SAMPLE_RATE_HZ)))
        for row, sound in enumerate(noise):
            sound[:, 1:] += (0.9 - 0.6 * row / count) * sound[:, :-1]
            sound *= 0.05 + np.sin(np.linspace(0, 3 + row, sound.shape[1])) ** 2
        return (0.1 * noise).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def brief():
    return brief_of_text("120 BPM house drum loop, kick and hats, 2 bars")
