"""Weights that a user has to fetch: why they are not there, and what to do, in one sentence."""

from __future__ import annotations

from tonewright.documents import short_text
from tonewright.errors import CheckpointError

_REASONS = {
    "GatedRepoError": "their licence has not been accepted, or nobody is logged in",
    "RepositoryNotFoundError": "there is no folder and no repository of this name, or nobody is logged in",
    "HFValidationError": "there is no folder of this name",
    "LocalEntryNotFoundError": "they have not been downloaded, and the hub cannot be reached",
    "OfflineModeIsEnabled": "they have not been downloaded, and this machine is told to stay offline",
    "ConnectError": "they have not been downloaded, and the hub cannot be reached",
    "RemoteEntryNotFoundError": "a file is missing there",
    "EntryNotFoundError": "a file is missing there",
    "FileNotFoundError": "a file is missing there",
}
"""Of the errors of `huggingface_hub`, by the names of their classes: a worker tells them as text."""


def no_weights(name: str, kind: str, message: str) -> CheckpointError:
    """The error of weights that cannot be had.

    Args:
        name: The folder or the name on the hub that was asked for.
        kind: Name of the class of the error that a library raised.
        message: What it says.
    """
    reason = _REASONS.get(kind) or short_text(message.strip().partition("\n")[0])
    return CheckpointError(
        f"cannot get the weights {name!r}: {reason}; accept their licence on huggingface.co and log in with a"
        " token (`hf auth login`), or give a folder that holds them (--model DIR)"
    )
