"""Agents that listen and then act on sound.

```python
import tonewright as tw

result = tw.match(tw.read("sound.wav"), synth="serum-lite", renders=10_000, seed=0)
result.save("match")
```
Everything is looked up when it is first used, so that importing the package stays light. Gymnasium knows the
environments from then on: `gymnasium.make("tonewright/Match-v0")`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tonewright.environments import register_with_gymnasium

if TYPE_CHECKING:
    from tonewright import audio, distances, errors, features, matching, synths
    from tonewright.audio import Clip, read, write
    from tonewright.features import StreamAnalyser, hear
    from tonewright.matching import MatchResult, match, match_many
    from tonewright.synths import Preset, load_preset, render_preset, synth

_HOMES = {
    "Clip": "audio",
    "read": "audio",
    "write": "audio",
    "StreamAnalyser": "features",
    "hear": "features",
    "MatchResult": "matching",
    "match": "matching",
    "match_many": "matching",
    "Preset": "synths",
    "load_preset": "synths",
    "render_preset": "synths",
    "synth": "synths",
}
_ROOMS = ("audio", "distances", "errors", "features", "matching", "synths")

__all__ = [
    "Clip",
    "MatchResult",
    "Preset",
    "StreamAnalyser",
    "audio",
    "distances",
    "errors",
    "features",
    "hear",
    "load_preset",
    "match",
    "match_many",
    "matching",
    "read",
    "render_preset",
    "synth",
    "synths",
    "write",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("tonewright")
    if name in _HOMES:
        return getattr(import_module(f"tonewright.{_HOMES[name]}"), name)
    if name in _ROOMS:
        return import_module(f"tonewright.{name}")
    raise AttributeError(f"module 'tonewright' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__


register_with_gymnasium()
