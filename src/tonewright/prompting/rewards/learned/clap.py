"""CLAP: how alike a sound and a text are, and PAM, which makes a judge of quality of it.

Sources: Wu et al., Large-scale contrastive language-audio pretraining (arXiv 2211.06687); Deshmukh et al.,
PAM: Prompting audio-language models for audio quality assessment (arXiv 2402.00282).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError, MissingExtraError, UsageError
from tonewright.learning.devices import device_of
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.listening.analysis import Floats, Heard, once
from tonewright.prompting.rewards.learned.checkpoints import LOAD_ERRORS, reason, weights_folder
from tonewright.prompting.rewards.learned.hearing import windows
from tonewright.prompting.rewards.learned.scales import CLAP_SIMILARITY
from tonewright.prompting.rewards.terms import Term

try:
    import torch
    import transformers

    _Model: Any = transformers.ClapModel
    _Processor: Any = transformers.ClapProcessor
    _logging: Any = transformers.utils.logging
except ImportError as missing:
    raise MissingExtraError("transformers", "clap", "scoring with CLAP") from missing
except OSError as broken:  # of a torchaudio for another torch, which transformers imports where it is
    raise UsageError(
        f"CLAP is loaded by transformers; it cannot be imported ({reason(broken)}); a torchaudio that does "
        "not fit torch is the usual cause: pip uninstall torchaudio"
    ) from None

MODEL = "laion/clap-htsat-unfused"
CLEAN, NOISY = "the sound is clear and clean.", "the sound is noisy and with artifacts."
"""The captions of PAM, as in its paper."""


class ClapEar:
    """A CLAP model that is loaded, for all scorers that listen with it.

    Args:
        model: A folder, or a name on the Hugging Face hub.
        device: As torch has it; a GPU if there is one, unless named.
        batch: How many windows are heard at once.

    Raises:
        CheckpointError: The weights are missing, damaged or of another kind.
        UsageError: There is no such device.
    """

    def __init__(self, model: str = MODEL, *, device: str | None = None, batch: int = 16) -> None:
        self._device, self._batch = device_of(device, "CLAP"), batch
        self._network, processor = _load(weights_folder(model, "CLAP", "clap"), model)
        self._network.to(self._device).eval()
        self._extractor, self._tokenizer = processor.feature_extractor, processor.tokenizer
        self.sounds = once(self._sounds)  # once for all scorers that ask
        self.scale = float(self._network.logit_scale_a.detach().exp())

    def _sounds(self, heard: Heard) -> Floats:
        """Embeddings of the windows of each sound, `[B, W, D]`, of length 1."""
        extractor = self._extractor
        cut = windows(heard, extractor.sampling_rate, extractor.max_length_s)
        rows = cut.reshape(-1, cut.shape[2])
        found = [self._windows(rows[i : i + self._batch]) for i in range(0, len(rows), self._batch)]
        return np.concatenate(found).reshape(*cut.shape[:2], -1)

    def _windows(self, sounds: NDArray[np.float32]) -> Floats:
        # Of "rand_trunc" nothing is left to chance: no window is longer than what the model hears.
        features = self._extractor(
            list(sounds),
            truncation="rand_trunc",
            sampling_rate=self._extractor.sampling_rate,
            return_tensors="pt",
        )["input_features"]
        with torch.inference_mode():
            found = self._network.get_audio_features(features.to(self._device, torch.float32))
        return np.asarray(found.pooler_output.double().cpu().numpy())

    def texts(self, texts: Sequence[str]) -> Floats:
        """Embeddings of texts, `[T, D]`, of length 1.

        Raises:
            UsageError: One is longer than the model reads.
        """
        tokens = self._tokenizer(list(texts), padding=True, return_tensors="pt")
        count = tokens["input_ids"].shape[1]
        most = self._network.config.text_config.max_position_embeddings - 2  # two are for padding
        if count > most:
            raise UsageError(f"CLAP reads {most} tokens at most; got {count} of a description; shorten it")
        with torch.inference_mode():
            found = self._network.get_text_features(
                tokens["input_ids"].to(self._device), tokens["attention_mask"].to(self._device)
            )
        return np.asarray(found.pooler_output.double().cpu().numpy())


class Clap:
    """Alignment: how alike a sound and the description of its brief are.

    Args:
        ear: The model.
    """

    name, component = "clap", "alignment"

    def __init__(self, ear: ClapEar) -> None:
        self._ear = ear

    def terms(self, heard: Heard, brief: Brief) -> list[Term]:
        """The mean cosine of the windows of each sound and the description."""
        (text,) = self._ear.texts([brief.description])
        cosine = (self._ear.sounds(heard) @ text).mean(axis=1)
        return [Term("clap", CLAP_SIMILARITY(cosine), cosine, "", "likeness to the description, by CLAP")]


class Pam:
    """Quality: whether a sound is rather clean or noisy, of two captions.

    Args:
        ear: The model.
    """

    name, component = "pam", "quality"

    def __init__(self, ear: ClapEar) -> None:
        self._ear = ear
        self._clean, self._noisy = ear.texts([CLEAN, NOISY])

    def terms(self, heard: Heard, brief: Brief) -> list[Term]:
        """The mean probability of the clean caption, which is a score as it is."""
        logits = self._ear.scale * (self._ear.sounds(heard) @ (self._clean - self._noisy))
        clean = (1 / (1 + np.exp(-logits))).mean(axis=1)
        return [Term("pam", clean, clean, "", "clean rather than noisy, by two captions of CLAP")]


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the bar of transformers, which is on stderr even where nobody watches."""
    shown = _logging.is_progress_bar_enabled()
    _logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            _logging.enable_progress_bar()


def _check(config: Mapping[str, Any], model: str) -> None:
    kind = config.get("model_type")
    if kind != "clap":
        raise CheckpointError(f"a CLAP model is of the type 'clap'; got {kind!r} in {model!r}; name another")
    if config.get("audio_config", {}).get("enable_fusion"):
        raise CheckpointError(
            f"CLAP listens at fixed places; got a fused model in {model!r}, which listens at random; take an "
            f"unfused one like {MODEL}"
        )


def _load(folder: Path, model: str) -> tuple[Any, Any]:
    try:
        _check(json.loads((folder / "config.json").read_text("utf-8")), model)
        with _quietly():
            network, told = _Model.from_pretrained(
                folder,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                dtype=torch.float32,
            )
        processor = _Processor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except LOAD_ERRORS as error:
        raise CheckpointError(
            f"CLAP cannot be loaded from {model!r} ({reason(error)}); it needs config.json, "
            "model.safetensors, preprocessor_config.json and a tokenizer; fetch it anew"
        ) from None
    missing = sorted({*told["missing_keys"]} & {name for name, _ in network.named_parameters()})
    if missing:
        raise CheckpointError(
            f"CLAP needs all of its weights; {len(missing)} are missing in {model!r}, as {missing[0]}; fetch "
            "it anew"
        )
    return network, processor
