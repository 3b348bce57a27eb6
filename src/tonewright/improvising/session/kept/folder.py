"""What is kept of a session: a folder with both sides, a log of what happened, and what decides its sound.

`musician.wav` and `agent.wav` are float32, hop by hop as they were heard and played; `log.jsonl` gets a line
whenever something happens; `session.json` is written as the session goes on, and at the end. The same synth
and agent, told the same commands at the same hops, play the same samples for the same musician: `replay` does
it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tonewright.documents import document_text, read_document
from tonewright.errors import OutputError, SessionError, TonewrightError, system_reason
from tonewright.files import StrPath, write_text
from tonewright.improvising.hearing import HOP, HOP_S, SAMPLE_RATE_HZ
from tonewright.improvising.networks.load import agent_digest, load_agent
from tonewright.improvising.session.commands import Command, Timed
from tonewright.improvising.session.offline import Played, play_through
from tonewright.improvising.session.performer import NOTE, Performer
from tonewright.improvising.session.recording import SIDES
from tonewright.synths import synth as make_synth

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: nothing is locked there
    fcntl = None

FORM, VERSION = "tonewright-session", 1
FILE, LOG = "session.json", "log.jsonl"
_FIELDS: Mapping[str, type] = {
    "synth": str,
    "synth_version": int,
    "agent_sha256": str,
    "seed": int,
    "input": str,
    "output": str,
    "began": str,
    "hops": int,
    "commands": list,
    "counters": dict,
    "deadlines": dict,
}
_OPTIONAL: Mapping[str, type] = {
    "priority": str,
    "note": float,
    "agent": str,
    "synth_file_sha256": str,
    "recording": str,
}


@dataclass(frozen=True)
class Kept:
    """What is known of a session that was kept.

    Attributes:
        folder: Where.
        synth: Name of the synth.
        agent: Folder of the training; None for the agent that ships.
        note: MIDI note that was held; None of a synth that plays no notes.
        seed: Of whatever was random.
        input: Where the musician was heard.
        output: Where the agent played to.
        began: When, in UTC.
        hops: How many were played.
        commands: What the agent was told and before which hop.
        counters: What was counted, by name.
        deadlines: Lower bounds of classes of deviations in µs (`edges_us`) and how many lie in each
            (`counts`): of the clock (`clock`), and of the work of a hop (`work`).
        events: `(seconds, words)` of the log.
        document: All of it, as it stands in the file.
    """

    folder: Path
    synth: str
    agent: str | None
    note: float | None
    seed: int
    input: str
    output: str
    began: datetime
    hops: int
    commands: tuple[tuple[int, Command], ...]
    counters: Mapping[str, float]
    deadlines: Mapping[str, Any]
    events: tuple[tuple[float, str], ...]
    document: Mapping[str, Any]

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.hops * HOP_S

    def sound(self, side: str) -> NDArray[np.float32]:
        """What was heard or played, of `recording.SIDES`, `[n]`.

        Raises:
            SessionError: It was not recorded, or cannot be read.
        """
        path = self.folder / f"{side}.wav"
        try:
            samples, rate = soundfile.read(path, dtype="float32")
        except (OSError, soundfile.SoundFileError) as error:
            raise SessionError(
                f"a session that is shown or played again was recorded; got no readable {str(path)!r} "
                f"({error}); use an intact copy"
            ) from None
        if samples.ndim != 1 or rate != SAMPLE_RATE_HZ:
            raise SessionError(f"{str(path)!r} was changed; use an intact copy")
        return np.asarray(samples)


class Log:
    """Lines of a log, each there as soon as it happened.

    Args:
        folder: Where; it exists. None to keep nothing.

    Attributes:
        failure: Why it ended before the session; None while it goes on.

    Raises:
        OutputError: Another session is being kept there, or the system refuses.
    """

    def __init__(self, folder: Path | None) -> None:
        self.failure: str | None = None
        self._file: TextIO | None = None
        if folder is None:
            return
        try:
            self._file = (folder / LOG).open("a", encoding="utf-8")
            if fcntl is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.truncate(0)
        except BlockingIOError:
            raise OutputError(
                f"another session is being kept in {str(folder)!r}; name another folder"
            ) from None
        except OSError as error:
            reason = system_reason(error)
            raise OutputError(f"cannot write to {str(folder)!r}: {reason}; name another folder") from None

    def tell(self, at_s: float, words: str) -> None:
        """Something happened."""
        if self._file is None or self.failure:
            return
        try:
            self._file.write(json.dumps({"at_s": round(at_s, 4), "event": words}) + "\n")
            self._file.flush()
        except OSError as error:
            self.failure = str(error)

    def close(self) -> None:
        """End."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.failure = str(error)


def write_session(folder: Path, fields: Mapping[str, Any]) -> None:
    """Write what a session was, all but its sounds.

    Args:
        folder: Where its recordings are.
        fields: As `_FIELDS` names them.

    Raises:
        OutputError: It cannot be written.
    """
    write_text(folder / FILE, document_text(FORM, VERSION, dict(fields)), overwrite=True)


def now() -> str:
    """The time in UTC, for `began`."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_session(folder: StrPath) -> Kept:
    """Read what is kept of a session.

    Raises:
        SessionError: It cannot be read, or is damaged.
    """
    folder = Path(folder)
    if not (folder / FILE).exists() and (folder / LOG).exists():
        raise SessionError(
            f"a session is written down as it goes; got {str(folder)!r}, which ended before that; its sounds "
            "and its log are there"
        )
    document = read_document(folder / FILE, FORM, VERSION, _FIELDS, error=SessionError, optional=_OPTIONAL)
    try:
        commands = tuple((int(hop), Command(do, value)) for hop, do, value in document["commands"])
        began = datetime.fromisoformat(document["began"])
        counters = {str(name): float(value) for name, value in document["counters"].items()}
    except (TypeError, ValueError) as error:
        raise SessionError(f"{str(folder / FILE)!r} is damaged ({error}); use an intact copy") from None
    return Kept(
        folder=folder,
        synth=document["synth"],
        agent=document.get("agent"),
        note=document.get("note"),
        seed=document["seed"],
        input=document["input"],
        output=document["output"],
        began=began,
        hops=document["hops"],
        commands=commands,
        counters=counters,
        deadlines=document["deadlines"],
        events=_events(folder),
        document=document,
    )


def replay(kept: Kept, *, progress: Callable[[float], None] = lambda share: None) -> Played:
    """Play a session again, faster than it was, with what the musician played.

    Args:
        kept: The session.
        progress: Called with the share of the work that has been done since.

    Returns:
        The same samples as were played, if nothing failed.

    Raises:
        SessionError: Its synth or its agent is not the same any more, or it was not recorded.
    """
    musician = kept.sound(SIDES[0])
    try:
        player = make_synth(kept.synth, SAMPLE_RATE_HZ)
        if agent_digest(player, kept.agent) != kept.document["agent_sha256"]:
            raise SessionError("the agent was trained anew since")
        if getattr(player, "file_sha256", None) != kept.document.get("synth_file_sha256"):
            raise SessionError("the file of the synth has changed since")
        if player.version != kept.document["synth_version"]:
            raise SessionError("the synth has changed since")
        note = NOTE if kept.note is None else kept.note
        performer = Performer(player, load_agent(player, kept.agent), note=note, seed=kept.seed)
    except TonewrightError as error:
        raise SessionError(f"{str(kept.folder)!r} cannot be played again: {error}") from None
    # In the middle of its hop, where rounding cannot move it to another.
    score = [Timed((hop + 0.5) * HOP_S, command) for hop, command in kept.commands]
    return play_through(performer, musician[: kept.hops * HOP], score, progress=progress)


def _events(folder: Path) -> tuple[tuple[float, str], ...]:
    found = []
    try:
        lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    for line in lines:
        try:
            event = json.loads(line)
            found.append((float(event["at_s"]), str(event["event"])))
        except (ValueError, KeyError, TypeError):  # the last line of a session that was killed
            continue
    return tuple(found)
