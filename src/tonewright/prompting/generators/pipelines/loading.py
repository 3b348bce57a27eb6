"""Loading a pipeline from a folder or from the hub; nothing that is loaded is executed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tonewright.documents import read_json, short_text
from tonewright.errors import CheckpointError, MissingExtraError
from tonewright.learning.devices import device_of
from tonewright.prompting.generators.weights import no_weights
from tonewright.wording import listing

CLASSES = ("StableAudioPipeline", "StableAudio3Pipeline")
_LIBRARIES = {"diffusers", "transformers", "stable_audio", "stable_audio_3"}
"""Whose classes the parts of a pipeline may be of: an index may name any module, which would be imported."""


def load_pipeline(model: str, device: str | None) -> Any:
    """Load a pipeline.

    Args:
        model: A folder as `save_pretrained` writes it, or a name on the hub.
        device: Where it runs, as torch names it; a GPU if there is one unless given.

    Returns:
        The pipeline: in 32 bits on a CPU, in 16 elsewhere.

    Raises:
        MissingExtraError: `diffusers`, or what it needs, is not installed.
        CheckpointError: The weights are missing or damaged, are of another kind, or would execute code.
        UsageError: The device is not there.
    """
    try:
        import diffusers
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError(error.name or "diffusers", "diffusers", "the generator 'diffusers'") from None

    kind = _class_name(model)
    device = device_of(device, "a pipeline")
    bits = torch.float32 if device == "cpu" else torch.float16
    try:
        with _quiet(diffusers, transformers):
            pipeline = getattr(diffusers, kind).from_pretrained(
                model, use_safetensors=True, torch_dtype=bits, local_files_only=Path(model).is_dir()
            )
    except ImportError as error:  # a scheduler that needs torchsde says so when it is made
        raise MissingExtraError("torchsde", "diffusers", f"the pipeline {model!r}") from error
    except Exception as error:  # whatever these libraries raise at a file is the fault of the files
        if Path(model).is_dir():
            raise CheckpointError(
                f"cannot load the pipeline {model!r}: {short_text(_line(error))}; use an intact copy whose "
                "weights are safetensors"
            ) from error
        raise no_weights(model, type(error).__name__, str(error)) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def check_scheduler(scheduler: object, known: Sequence[str]) -> None:
    """Check that the scheduler of a pipeline is one whose noise levels are known.

    Raises:
        CheckpointError: It is another one.
    """
    name, names = type(scheduler).__name__, listing([*known], last="or")
    if name not in known:
        raise CheckpointError(
            f"the scheduler of this pipeline is {names}; got {name}; use the one that it was published with"
        )


def _class_name(model: str) -> str:
    """The class that the index of a pipeline names, if all that it names is known."""
    index = read_json(_index(model), error=CheckpointError)
    kind = index.get("_class_name") if isinstance(index, dict) else None
    if kind not in CLASSES:
        raise CheckpointError(
            f"{model!r} is no pipeline of {' or '.join(CLASSES)}; got {short_text(kind)}; choose another"
        )
    for part, entry in index.items():
        if not part.startswith("_") and (not isinstance(entry, list) or entry[0] not in _LIBRARIES):
            raise CheckpointError(
                f"the parts of a pipeline are classes of diffusers and transformers; got {short_text(entry)}"
                f" for {short_text(part)!r} of {model!r}; it would execute code, and is not loaded"
            )
    return str(kind)


def _index(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model) / "model_index.json"
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(model, "model_index.json"))
    except Exception as error:  # of the hub, its client or the network: no weights either way
        raise no_weights(model, type(error).__name__, str(error)) from error


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0]


@contextmanager
def _quiet(*libraries: Any) -> Iterator[None]:
    """Without bars, which count the parts and not the bytes, nor what libraries deprecate of each other."""
    logs = [library.utils.logging for library in libraries]
    shown = [log for log in logs if log.is_progress_bar_enabled()]
    for log in shown:
        log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log in shown:
            log.enable_progress_bar()
