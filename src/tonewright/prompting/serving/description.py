"""What a server tells of its generator, so that a client knows what may be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tonewright.documents import check_fields, short_text
from tonewright.errors import GenerationError
from tonewright.prompting.generators.base import Setting
from tonewright.prompting.serving.limits import Limits


def settings_fields(settings: Mapping[str, Setting]) -> dict[str, Any]:
    """Settings as JSON; a number without a bound has null there."""
    return {
        name: {
            "default": one.default,
            "low": one.low if math.isfinite(one.low) else None,
            "high": one.high if math.isfinite(one.high) else None,
            "choices": list(one.choices),
            "meaning": one.meaning,
        }
        for name, one in settings.items()
    }


def read_settings(found: Mapping[str, Any]) -> dict[str, Setting]:
    """Settings that a server tells.

    Raises:
        GenerationError: They are none.
    """
    return {name: _setting(name, one) for name, one in found.items()}


def limits_fields(limits: Limits) -> dict[str, Any]:
    """What a client needs to know of the limits, as JSON."""
    return {
        "items": limits.items,
        "seconds": limits.most_seconds,
        "bytes": limits.most_bytes,
        "batch": limits.batch,
        "queue": limits.queue,
        "timeout_s": limits.timeout_s,
    }


def read_limits(found: Mapping[str, Any]) -> tuple[int, float, float]:
    """Requests and seconds of sound in one call, and how long it may take, as a server tells.

    Raises:
        GenerationError: They are not told.
    """
    kinds: dict[str, type] = {"items": int, "seconds": float, "timeout_s": float}
    one = check_fields(found, "server", kinds, None, error=GenerationError)
    return one["items"], one["seconds"], one["timeout_s"]


def _setting(name: str, found: object) -> Setting:
    if not isinstance(found, dict):
        raise GenerationError(f"the setting {short_text(name)} is an object; got {short_text(found)}")
    one = check_fields(
        found,
        "setting",
        {"default": object, "low": object, "high": object, "choices": list, "meaning": str},
        None,
        error=GenerationError,
    )
    low, high = one["low"], one["high"]
    return Setting(
        one["default"],
        -math.inf if low is None else low,
        math.inf if high is None else high,
        tuple(one["choices"]),
        one["meaning"],
    )
