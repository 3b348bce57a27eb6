"""Tiny pipelines of random weights: the real classes, saved and loaded as the large ones are."""

import warnings
from contextlib import contextmanager

import pytest

WORDS = ("a", "drum", "loop", "warm", "pad", "drone", "noise", "punchy", "kick", "wide", "dark")
LATENTS = 24
"""Of 2,048 frames each, the window of the first kind: 1.11 s at 44.1 kHz."""


@contextmanager
def making():
    """Random weights from a seed; what the libraries deprecate of each other is theirs."""
    import torch

    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        yield


def tokenizer(kind, length, **special):
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    names = [*special.values(), *WORDS]
    words = Tokenizer(WordLevel({word: n for n, word in enumerate(names)}, unk_token=special["unk_token"]))
    words.pre_tokenizer = Whitespace()
    return kind(tokenizer_object=words, model_max_length=length, **special)


def lively(module, scale):
    """Weights that are 0 when a model is made would hide what it does with its inputs."""
    import torch

    with torch.no_grad():
        for parameter in module.parameters():
            if not parameter.any():
                parameter.normal_(std=scale)
    return module.eval()


@pytest.fixture(scope="session")
def open_1(tmp_path_factory):
    """Folder of a tiny StableAudioPipeline."""
    pytest.importorskip("diffusers")
    from diffusers import (
        AutoencoderOobleck,
        EDMDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )
    from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

    with making():
        pipeline = StableAudioPipeline(
            vae=lively(
                AutoencoderOobleck(
                    encoder_hidden_size=8,
                    downsampling_ratios=[2, 4, 4, 8, 8],
                    channel_multiples=[1, 1, 2, 2, 2],
                    decoder_channels=4,
                    decoder_input_channels=4,
                    audio_channels=2,
                    sampling_rate=44_100,
                ),
                0.1,
            ),
            text_encoder=T5EncoderModel(
                T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
            ),
            projection_model=StableAudioProjectionModel(
                text_encoder_dim=16, conditioning_dim=16, min_value=0, max_value=512
            ),
            tokenizer=tokenizer(
                PreTrainedTokenizerFast, 16, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
            ),
            transformer=lively(
                StableAudioDiTModel(
                    sample_size=LATENTS,
                    in_channels=4,
                    num_layers=2,
                    attention_head_dim=16,
                    num_attention_heads=2,
                    num_key_value_attention_heads=1,
                    out_channels=4,
                    cross_attention_dim=16,
                    time_proj_dim=16,
                    global_states_input_dim=32,
                    cross_attention_input_dim=16,
                ),
                0.1,
            ),
            scheduler=EDMDPMSolverMultistepScheduler(
                sigma_min=0.3, sigma_max=500.0, sigma_data=1.0, sigma_schedule="exponential"
            ),
        )
        folder = tmp_path_factory.mktemp("open-1")
        pipeline.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def audio_3(tmp_path_factory):
    """Folder of a tiny StableAudio3Pipeline, whose rate is not that of the house."""
    pytest.importorskip("diffusers")
    from diffusers import (
        AutoencoderSAME,
        FlowMatchEulerDiscreteScheduler,
        StableAudio3DiTModel,
        StableAudio3DurationEmbedder,
        StableAudio3Pipeline,
    )
    from transformers import GemmaTokenizerFast, T5GemmaConfig, T5GemmaEncoderModel, T5GemmaModuleConfig

    module = T5GemmaModuleConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
    )
    with making():
        pipeline = StableAudio3Pipeline(
            vae=lively(
                AutoencoderSAME(
                    patch_size=64,
                    encoder_channels=16,
                    encoder_c_mults=[2],
                    encoder_transformer_depths=[1],
                    latent_dim=8,
                    dim_heads=16,
                    sampling_rate=32_000,
                ),
                1.0,
            ),
            text_encoder=T5GemmaEncoderModel(
                T5GemmaConfig(encoder=module, decoder=module, is_encoder_decoder=False)
            ),
            tokenizer=tokenizer(
                GemmaTokenizerFast,
                16,
                pad_token="<pad>",
                eos_token="<eos>",
                bos_token="<bos>",
                unk_token="<unk>",
            ),
            duration_embedder=StableAudio3DurationEmbedder(output_dim=16, fourier_dim=16, max_val=12.0),
            transformer=lively(
                StableAudio3DiTModel(
                    io_channels=8,
                    embed_dim=32,
                    depth=1,
                    num_heads=1,
                    cond_token_dim=16,
                    global_cond_dim=16,
                    local_add_cond_dim=9,
                    timestep_features_dim=16,
                    num_memory_tokens=2,
                ),
                1.0,
            ),
            scheduler=FlowMatchEulerDiscreteScheduler(stochastic_sampling=True),
        )
        folder = tmp_path_factory.mktemp("audio-3")
        pipeline.save_pretrained(folder)
    return folder
