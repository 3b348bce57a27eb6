"""What classifier-free guidance has to do with a negative prompt."""

from __future__ import annotations

from tonewright.errors import UsageError
from tonewright.prompting.generators.base import Request


def check_guidance(request: Request) -> None:
    """Refuse a negative prompt that nothing would come of.

    Raises:
        UsageError: There is one, and the guidance of the complete request is 1: none.
    """
    if request.negative_prompt and request.cfg_scale == 1.0:
        raise UsageError(
            "a negative prompt acts by guidance; got cfg_scale 1; raise it, or leave the negative prompt out"
        )
