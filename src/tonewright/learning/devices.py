"""Where networks run: a GPU if there is one."""

from __future__ import annotations

from tonewright.errors import UsageError


def device_of(named: str | None, what: str) -> str:
    """The device that was named; else a GPU if there is one, and the CPU if not.

    Args:
        named: As torch names devices, if one was named.
        what: What runs there, as a message begins.

    Raises:
        UsageError: It is not there.
    """
    import torch

    if named is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=named)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch without CUDA
        reason = str(error).strip().partition("\n")[0].rstrip(" .:")
        raise UsageError(f"{what} runs on 'cpu', 'cuda' or 'cuda:N'; got {named!r} ({reason})") from None
    return named
