"""A running Pd that plays some instances of a patch, block by block when it is told to."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import SynthError, system_reason
from tonewright.synths.pd.complaints import Complaints
from tonewright.synths.pd.description import Description
from tonewright.synths.pd.driver import (
    BLOCK,
    COMMANDS,
    FAULT,
    LONGEST,
    REPLIES,
    SOUND,
    command_length,
    driver_patch,
    go_command,
    turn_command,
)
from tonewright.synths.pd.patch import Patch
from tonewright.synths.pd.program import Program
from tonewright.synths.pd.workplace import link_patch, make_workplace, remove_workplace

MOST_INSTANCES = 64
"""As many channels as [soundfiler] writes."""
_OPTIONS = ("-batch", "-nogui", "-noprefs", "-noaudio", "-nomidi", "-nrt")
PATIENCE_S = 60.0
"""How long Pd may take for a piece of sound, 8192 samples at most, before it counts as stuck."""


class Player:
    """One process of Pd that plays a patch some times, side by side.

    What the user's folder is called does not matter to Pd: it sees a link to it.

    Args:
        program: The Pd to run.
        patch: What is played.
        description: Libraries and paths.
        sample_rate_hz: Rate.
        instances: How many, at most `MOST_INSTANCES`; one of a patch that cannot share a Pd.
        seed: See `driver_patch`.

    Raises:
        SynthError: Pd cannot be started.
    """

    def __init__(
        self,
        program: Program,
        patch: Patch,
        description: Description,
        sample_rate_hz: int,
        instances: int,
        seed: int,
    ) -> None:
        self._patch, self._instances, self._rate = str(patch.path), instances, sample_rate_hz
        self._complaints = Complaints(self._patch, str(patch.path.with_suffix(".json")), program.version)
        self._controls = len(description.controls)
        self._ready = 0
        try:
            folder, lock = make_workplace()
            self._folder = str(folder.parent)
            opened: list[int] = []
            self._close = weakref.finalize(self, _end, opened, folder, lock, running := [], os.getpid())
            box, found = link_patch(folder, patch.path, description)
            (folder / "driver.pd").write_bytes(
                driver_patch(box, self._controls, patch.outlets, instances, seed).encode(
                    errors="surrogateescape"
                )
            )
            for pipe in (COMMANDS, REPLIES):
                os.mkfifo(folder / pipe)
                opened.append(os.open(folder / pipe, os.O_RDWR | os.O_NONBLOCK))
            # Written anew for each piece of sound, and read through the same descriptor.
            opened.append(os.open(folder / SOUND, os.O_RDONLY | os.O_CREAT, 0o600))
            self._commands, self._replies, self._sound = opened
            # In a session of its own, so that Ctrl-C is for Tonewright alone, which then ends Pd.
            self._process = subprocess.Popen(
                [program.path, *_OPTIONS, "-r", str(sample_rate_hz), *found, "-open", "driver.pd"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            running.append(self._process)
        except OSError as error:
            raise SynthError(
                f"cannot start Pd: {system_reason(error)}; check {program.path!r}, space and limits"
            ) from None
        assert self._process.stderr is not None
        self._said = self._process.stderr.fileno()
        os.set_blocking(self._said, False)

    def turn(self, params: Sequence[Sequence[float]]) -> None:
        """Give every instance its controls, `[instances, D]`, before the next block."""
        self._send("".join([turn_command(i, row) for i, row in enumerate(params)]))

    def begin(self, blocks: int) -> None:
        """Let Pd render so many blocks, at most `LONGEST // BLOCK`; `finish` waits for them."""
        self._frames = blocks * BLOCK
        self._send(go_command(blocks, self._controls))

    def finish(self) -> NDArray[np.float32]:
        """The samples of the blocks that were begun, `[instances, frames]`.

        Raises:
            SynthError: Pd complains of the patch, has ended or is stuck, or samples are no numbers.
        """
        self._wait(self._replies, select.POLLIN)
        os.read(self._replies, 1)
        self._listen()
        if self._complaints.fault:
            raise SynthError(self._complaints.fault)
        content = os.pread(self._sound, 4 * self._instances * LONGEST + 4096, 0)
        header = int.from_bytes(content[4:8], "big" if content[:4] == b".snd" else "little")
        samples = np.frombuffer(content[header:], ">f4" if content[:4] == b".snd" else "<f4")
        if samples.size != self._frames * self._instances:
            raise SynthError(
                f"cannot write sound in {self._folder!r} ({self._complaints.recent}); make room there"
            )
        sound: NDArray[np.float32] = samples.reshape(self._frames, self._instances).T.astype(
            np.float32, order="C"
        )
        if sound.size and max(sound.max(), -sound.min()) > 0.9 * FAULT:
            at = self._ready + int(np.flatnonzero((np.abs(sound) > 0.9 * FAULT).any(axis=0))[0])
            raise SynthError(
                f"the sound of a patch is finite numbers; got NaN or infinity from {self._patch!r} after "
                f"{at / self._rate:.3f} s; look for a division by 0, or a filter that runs away"
            )
        self._ready += self._frames
        return sound

    @property
    def said(self) -> str:
        """The last few lines that Pd has said; empty if it is content."""
        return self._complaints.recent

    def close(self) -> None:
        """End Pd."""
        self._close()

    def _send(self, commands: str) -> None:
        """Write whole commands, as many at once as the system never writes in part."""
        length = command_length(self._controls)
        step = max(1, select.PIPE_BUF // length) * length
        for begin in range(0, len(commands), step):
            piece = commands[begin : begin + step].encode()
            while piece:
                try:
                    piece = piece[os.write(self._commands, piece) :]
                except BlockingIOError:
                    self._wait(self._commands, select.POLLOUT)

    def _wait(self, descriptor: int, event: int) -> None:
        """Wait until a pipe is ready, as long as Pd lives."""
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._said, select.POLLIN)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            left = deadline - time.monotonic()
            ready = dict(poll.poll(max(0.0, 1000 * left)))
            if self._said in ready:
                self._listen()
            if descriptor in ready:
                return
            if left <= 0:
                self._close()
                raise SynthError(
                    f"Pd renders a piece of sound within {PATIENCE_S:g} s; got none from {self._patch!r}, "
                    f"which seems to be in a loop without end{self._quoted()}; look for it, at [until]"
                )

    def _listen(self) -> None:
        """Hear what Pd has said by now."""
        while True:
            try:
                said = os.read(self._said, 1 << 16)
            except BlockingIOError:
                return
            if not said:
                self._ended()
            self._complaints.hear(said)

    def _ended(self) -> None:
        code = self._process.wait()
        self._close()
        if self._complaints.fault:
            raise SynthError(self._complaints.fault)
        how = f"the signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        raise SynthError(
            f"Pd runs until the sound is rendered; got its end ({how}) while it played {self._patch!r}"
            f"{self._quoted()}; open the patch in Pd to see why"
        )

    def _quoted(self) -> str:
        return f"; Pd said: {self._complaints.recent!r}" if self._complaints.recent else ""


def _end(
    descriptors: list[int], folder: Path, lock: int, running: list[subprocess.Popen[bytes]], owner: int
) -> None:
    if os.getpid() != owner:  # a copy that was forked
        return
    for process in running:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
    for descriptor in descriptors:
        os.close(descriptor)
    remove_workplace(folder, lock)
