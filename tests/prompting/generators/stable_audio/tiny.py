"""Makes tiny models of `stable-audio-tools` with random weights; run by the Python of its environment.

`tiny.py WORKER FOLDER` makes FOLDER/{rf_denoiser,rectified_flow,v}, and FOLDER/hub, which holds a text
encoder under the name of a large one, as the hub's cache does.
"""

import json
import runpy
import sys
from pathlib import Path

WINDOW, RATE_HZ, STRIDE = 32, 16_000, 1_024
WORDS = ("a", "drum", "loop", "warm", "pad", "drone", "noise", "punchy", "kick", "wide", "dark")


def config(objective):
    half = {"channels": 8, "c_mults": [1, 2, 2], "strides": [4, 16, 16], "use_snake": True}
    seconds = [
        {"id": name, "type": "number", "config": {"min_val": 0, "max_val": 64}}
        for name in ("seconds_start", "seconds_total")
    ]
    return {
        "model_type": "diffusion_cond",
        "sample_size": WINDOW * STRIDE,
        "sample_rate": RATE_HZ,
        "audio_channels": 2,
        "model": {
            "pretransform": {
                "type": "autoencoder",
                "config": {
                    "encoder": {"type": "oobleck", "config": {"in_channels": 2, "latent_dim": 8, **half}},
                    "decoder": {
                        "type": "oobleck",
                        "config": {"out_channels": 2, "latent_dim": 4, "final_tanh": False, **half},
                    },
                    "bottleneck": {"type": "vae"},
                    "latent_dim": 4,
                    "downsampling_ratio": STRIDE,
                    "io_channels": 2,
                },
            },
            "conditioning": {
                "configs": [
                    {"id": "prompt", "type": "t5", "config": {"t5_model_name": "t5-small", "max_length": 16}},
                    *seconds,
                ],
                "cond_dim": 32,
            },
            "diffusion": {
                "cross_attention_cond_ids": ["prompt", "seconds_start", "seconds_total"],
                "global_cond_ids": ["seconds_start", "seconds_total"],
                "diffusion_objective": objective,
                "type": "dit",
                "config": {
                    "io_channels": 4,
                    "embed_dim": 64,
                    "depth": 1,
                    "num_heads": 2,
                    "cond_token_dim": 32,
                    "global_cond_dim": 64,
                    "project_cond_tokens": False,
                    "transformer_type": "continuous_transformer",
                },
            },
            "io_channels": 4,
        },
    }


def encoder(folder):
    """A `t5-small` of one narrow layer, where `huggingface_hub` looks for it."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    revision = "0" * 40
    kept = folder / "hub" / "models--t5-small"
    place = kept / "snapshots" / revision
    place.mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(revision)
    names = ["<pad>", "</s>", "<unk>", *WORDS]
    words = Tokenizer(WordLevel({word: n for n, word in enumerate(names)}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(place)
    T5EncoderModel(
        T5Config(vocab_size=32, d_model=512, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    ).save_pretrained(place)


def make(worker, folder):
    import os

    os.environ |= {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    runpy.run_path(worker)["import_library"]()
    import torch
    from safetensors.torch import save_file
    from stable_audio_tools.models.factory import create_model_from_config

    torch.manual_seed(0)
    encoder(folder)
    for objective in ("rf_denoiser", "rectified_flow", "v"):
        model = create_model_from_config(config(objective))
        with torch.no_grad():
            for parameter in model.model.parameters():  # else what it does with its inputs is hardly heard
                parameter.normal_(std=0.3)
        place = folder / objective
        place.mkdir()
        (place / "model_config.json").write_text(json.dumps(config(objective)))
        save_file(
            {name: one.contiguous() for name, one in model.state_dict().items()}, place / "model.safetensors"
        )


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
