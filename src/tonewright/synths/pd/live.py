"""A patch played live: a Pd with its own audio output, watched, and started again when it dies."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from tonewright.errors import SynthError, system_reason
from tonewright.synths.pd.description import Description
from tonewright.synths.pd.host import FADE_MS, controls_message, level_message
from tonewright.synths.pd.hosted import HostedPd
from tonewright.synths.pd.patch import Patch
from tonewright.synths.pd.program import find_program
from tonewright.synths.pd.workplace import link_patch, make_workplace, remove_workplace

LOADS_S = 10.0
"""How long Pd may take until the patch is loaded."""
_PING_S = 0.2
_RESTART_S = 1.0
_JACK = ("-jack", "-audiobuf", "10")
"""Less than the 25 ms that Pd keeps by itself: what it is told sounds so much sooner."""
_OWN_CHOICE: tuple[str, ...] = ()


class LivePd:
    """Plays a patch through Pd's own audio output, silent until its level is raised.

    A thread watches it: if Pd ends, does not answer for a second or loses its audio output, it is started
    again with the present controls and level, once a second at most. Pd ends by itself some seconds after
    this process, however that came.

    Args:
        patch: What is played.
        description: Its libraries and paths.
        controls: `[D]` controls in 0..1 to begin with.
        options: Of Pd's audio, such as `("-alsa", "-audiobuf", "20")`; a JACK server if one answers, else
            Pd's own choice, if None.
        sample_rate_hz: Rate; a JACK server has its own.
        seed: Sent to `tonewright-seed`.
        tell: Called from another thread with what happened, in words; must not wait.

    Attributes:
        tell: See above.
        restarts: How often Pd was started again.

    Raises:
        SynthError: Pd is missing, the patch cannot be played, there is no audio output, or Pd does not
            answer.
    """

    def __init__(
        self,
        patch: Patch,
        description: Description,
        controls: Sequence[float],
        *,
        options: Sequence[str] | None = None,
        sample_rate_hz: int = 44_100,
        seed: int = 0,
        tell: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._program, self._patch, self._seed, self.tell = find_program(), patch, seed, tell
        self._controls, self._level = controls_message(controls), level_message(0.0)
        self.restarts = 0
        self._closing = threading.Event()
        self._running: list[HostedPd] = []
        self._threads: list[threading.Thread] = []
        try:
            folder, lock = make_workplace()
            self._close = weakref.finalize(
                self, _end, self._closing, self._threads, self._running, folder, lock, os.getpid()
            )
            self._folder = folder
            self._box, found = link_patch(folder, patch.path, description)
        except OSError as error:
            raise SynthError(f"cannot prepare a folder for Pd: {system_reason(error)}; make room") from None
        self._options = ["-r", str(sample_rate_hz), *found]
        try:
            self._audio = self._open([_JACK, _OWN_CHOICE] if options is None else [options])
        except BaseException:
            self._close()
            raise
        self._threads.append(threading.Thread(target=self._watch, name="pd", daemon=True))
        self._threads[0].start()

    @property
    def pid(self) -> int:
        """Id of the present process of Pd; 0 while there is none."""
        return self._running[0].pid if self._running else 0

    @property
    def said(self) -> str:
        """The last few lines that Pd has said; empty if it is content."""
        return self._running[0].said if self._running else ""

    def set(self, controls: Sequence[float]) -> None:
        """Turn the controls, `[D]` in 0..1, without waiting."""
        self._controls = controls_message(controls)
        self._send(self._controls)

    def level(self, level: float) -> None:
        """Fade to a level, 0..1, without waiting."""
        self._level = level_message(level)
        self._send(self._level)

    def close(self) -> None:
        """Fade out and end Pd, for sure."""
        if self._closing.is_set():
            return
        if self._level != level_message(0.0):
            self.level(0.0)
            time.sleep(2 * FADE_MS / 1000)  # Pd is some buffers behind
        self._close()

    def _send(self, message: str) -> None:
        for pd in self._running[:1]:
            pd.send(message)

    def _open(self, choices: Sequence[Sequence[str]]) -> Sequence[str]:
        """Start with the first audio that works; which it was."""
        why = ""
        for audio in choices:
            pd = self._start(audio)
            if pd.await_answer(LOADS_S):
                self._greet(pd)
                return audio
            why = pd.fault or self._unanswered(pd, audio)
            pd.close(at_once=True)
            if pd.fault:
                break
        raise SynthError(why)

    def _start(self, audio: Sequence[str]) -> HostedPd:
        self._started_s = time.monotonic()
        options = [*self._options, *audio]
        pd = HostedPd(self._program, self._patch, self._box, self._folder, options, self._seed)
        self._running[:] = [pd]
        return pd

    def _greet(self, pd: HostedPd) -> None:
        pd.send(self._controls)
        pd.send(self._level)

    def _unanswered(self, pd: HostedPd, audio: Sequence[str]) -> str:
        said = f"; Pd said: {pd.said!r}" if pd.said else ""
        trouble = pd.trouble or f"has not answered for {LOADS_S:g} s"
        named = " ".join(audio) or "its own choice of audio"
        return (
            f"Pd plays {str(self._patch.path)!r} live through an audio output; it {trouble}, with {named}"
            f"{said}; start a JACK server, or choose another output by options of Pd, as in 'pd -alsa' (they "
            "are those that `pd -help` lists)"
        )

    # The thread that watches

    def _watch(self) -> None:
        pd = self._running[0]
        while not self._closing.is_set():
            pd.ping(self._level)  # one that was lost is made good
            pd.listen(_PING_S)
            trouble = pd.trouble
            if trouble and not self._closing.is_set():
                self.tell(f"Pd {trouble}; starting it again")
                pd = self._restarted(pd)

    def _restarted(self, pd: HostedPd) -> HostedPd:
        told = ""
        while not self._closing.is_set():
            pd.close(at_once=True)
            self._closing.wait(max(0.0, self._started_s + _RESTART_S - time.monotonic()))
            try:
                pd = self._start(self._audio)
                loaded = self._loaded(pd)
                why = pd.fault or f"Pd {pd.trouble or 'does not answer'}"
            except SynthError as error:
                loaded, why = False, str(error)
            if loaded:
                self.restarts += 1
                self._greet(pd)
                self.tell("Pd plays again")
                break
            if why != told and not self._closing.is_set():
                told = why
                self.tell(f"{why}; trying again every second")
        return pd

    def _loaded(self, pd: HostedPd) -> bool:
        """Wait until the patch is loaded, as `_open` does, unless the end comes first."""
        until_s = time.monotonic() + LOADS_S
        while time.monotonic() < until_s and not self._closing.is_set():
            if pd.await_answer(_PING_S):
                return True
            if pd.fault or pd.trouble:
                break
        return False


def _end(
    closing: threading.Event,
    threads: list[threading.Thread],
    running: list[HostedPd],
    folder: Path,
    lock: int,
    owner: int,
) -> None:
    if os.getpid() != owner:  # a copy that was forked
        return
    closing.set()
    for thread in threads:
        thread.join()
    for pd in running:
        pd.close()
    remove_workplace(folder, lock)
