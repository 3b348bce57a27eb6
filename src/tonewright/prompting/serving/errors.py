"""Why a server has no sound to give, apart from the request itself."""

from __future__ import annotations

from tonewright.errors import GenerationError


class BusyError(GenerationError):
    """As many requests wait already as may."""


class LateError(GenerationError):
    """It took longer than a request may take."""


class UnavailableError(GenerationError):
    """There is no generator now, or the server ends."""
