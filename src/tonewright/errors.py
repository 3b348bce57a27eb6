"""Every error Tonewright raises on purpose.

A message states the rule, the value received and the remedy, in one line.

```
TonewrightError
├── UsageError            the request itself cannot be carried out (exit code 2)
│   ├── UnknownNameError  a synth, descriptor, distance or control that does not exist
│   └── MissingExtraError an optional dependency is not installed
├── AudioError            a sound that cannot be read, written or used
├── PresetError           a preset that does not fit its synth
├── SynthError            a synth of a file that cannot be made, or that fails while it plays
├── CheckpointError       a checkpoint, run or exported network that is damaged or does not fit
├── TableError            a lookup table that is damaged, or of another synth
├── CorpusError           a corpus that is damaged, foreign or does not fit
├── DeviceError           a sound card, port or program to play with that is not there
├── SessionError          a session that was kept and cannot be read or played again
├── ScoreError            a score of commands that is damaged
├── GenerationError       a text-to-audio model that fails
├── BriefError            a brief, template, preset or vocabulary that is damaged or asks for nonsense
├── SceneError            a scene of layers that is damaged, asks for nonsense or would clip
├── WorkerError           a rollout worker that keeps dying
└── OutputError           a result that cannot be written
```
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TonewrightError(Exception):
    """Base of every error raised on purpose; the command line prints it in one line and exits with 1."""

    exit_code = 1


class UsageError(TonewrightError, ValueError):
    """An argument or option is nonsense whatever the files hold; exit code 2."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that nothing is registered under.

    Args:
        kind: What was looked up, in the singular ("synth", "descriptor").
        name: The name received.
        known: The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f"did you mean '{near[0]}'?" if near else f"choose from: {', '.join(known)}"
        super().__init__(f"no {kind} is called {name!r}; {hint}")
        self.kind, self.name, self.known = kind, name, known

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, list[str]]]:
        return type(self), (self.kind, self.name, self.known)


class MissingExtraError(UsageError):
    """An optional dependency is missing; the message names the extra that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}; in the folder of Tonewright: "
            f"pip install -c constraints.txt -e '.[{extra}]'"
        )
        self.package, self.extra, self.purpose = package, extra, purpose

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), (self.package, self.extra, self.purpose)


def system_reason(error: OSError) -> str:
    """Why the system refuses, to stand within a sentence: `no such file or directory`."""
    return (error.strerror or str(error)).lower()


class AudioError(TonewrightError):
    """A sound that cannot be read, written or used."""


class PresetError(TonewrightError):
    """A preset that does not fit its synth: wrong synth, version, control or value."""


class SynthError(TonewrightError):
    """A synth that is made from a file and cannot be, or that fails while it plays."""


class CheckpointError(TonewrightError):
    """A checkpoint, run folder or exported network that is damaged, foreign or does not fit."""


class TableError(TonewrightError):
    """A lookup table that cannot be built, is damaged, or does not fit what it is used for."""


class CorpusError(TonewrightError):
    """A corpus of recordings that is damaged, foreign or does not fit."""


class DeviceError(TonewrightError):
    """A sound card, a port or a program to play with that is not there or does not fit."""


class SessionError(TonewrightError):
    """A session that was kept and cannot be read, shown or played again."""


class ScoreError(TonewrightError):
    """A score of commands that is damaged, or holds something else."""


class GenerationError(TonewrightError):
    """A text-to-audio model that fails at a request, or dies."""


class BriefError(TonewrightError):
    """A brief, or what briefs are made with, that is damaged or asks for what makes no sense."""


class SceneError(TonewrightError):
    """A scene of layers that is damaged, asks for what makes no sense, or whose mix would clip."""


class WorkerError(TonewrightError):
    """A rollout worker whose process dies again and again."""


class OutputError(TonewrightError):
    """A result that cannot be written where it was asked for."""
