"""Where the weights of a learned scorer are; nothing that is loaded executes code."""

from __future__ import annotations

import re
from pathlib import Path

from safetensors import SafetensorError

from tonewright.documents import short_text
from tonewright.errors import CheckpointError, MissingExtraError

_FILES = ("*.json", "*.txt", "*.safetensors")
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?")
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")

LOAD_ERRORS = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, SafetensorError)
"""What libraries raise over files that are missing, damaged, or of something else."""


def reason(error: Exception) -> str:
    """Why a library refuses, to stand within a sentence."""
    return str(error).strip().partition("\n")[0].rstrip(" .:")


def weights_folder(model: str, what: str, extra: str) -> Path:
    """The folder of a model: itself, or what is fetched of its name on the Hugging Face hub.

    Args:
        model: A folder, or a name like `laion/clap-htsat-unfused`, perhaps with `@REVISION`; what was fetched
            before is taken from the cache.
        what: What it is, for messages.
        extra: The extra that it needs.

    Raises:
        MissingExtraError: huggingface_hub is not installed.
        CheckpointError: It is neither, or holds no weights as safetensors.
    """
    folder = Path(model) if model and Path(model).is_dir() else _fetched(model, what, extra)
    if any(folder.glob("*.safetensors")):
        return folder
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLED)
    got = f"{pickled[0]!r}, which may run code as it is loaded," if pickled else "none"
    raise CheckpointError(
        f"the weights of {what} are *.safetensors; got {got} in {str(model)!r}; convert them where you trust "
        "them, or name another model"
    )


def _fetched(model: str, what: str, extra: str) -> Path:
    if not _HUB_NAME.fullmatch(model):
        raise CheckpointError(
            f"{what} is loaded from a folder or a name on the Hugging Face hub; got {short_text(model)!r}, "
            "which is neither; check the path"
        )
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as missing:
        raise MissingExtraError("huggingface_hub", extra, f"fetching {what}") from missing
    name, _, revision = model.partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=list(_FILES)))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{what} needs its weights; {model!r} is no folder and cannot be fetched ({reason(error)}); "
            f"fetch it by 'hf download {name} --local-dir DIR' where there is a network, and name that folder"
        ) from None
