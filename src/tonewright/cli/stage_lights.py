"""What a session looks like while it runs: a few lines on a terminal, elsewhere one now and then."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from tonewright.cli.keyboard import KEYS, Keyboard
from tonewright.cli.progress import SECONDS_BETWEEN_LINES
from tonewright.improvising.hearing import HOP_S

if TYPE_CHECKING:
    from tonewright.improvising.session.opening import Show

_PERIOD_S = 0.1
_BAR, _MOST_CONTROLS = 12, 6
_LOWEST_DB = -60.0


class Status:
    """Shows how a session is, on stderr.

    Args:
        show: The session.
        keyboard: Where its keys go.

    Attributes:
        lost: Whether the sound card is gone.
    """

    def __init__(self, show: Show, keyboard: Keyboard) -> None:
        self._show, self._keyboard = show, keyboard
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._next_s = time.monotonic()
        self._lines = 0
        self.lost = False

    def begin(self) -> None:
        """Tell the keys."""
        request = self._show.request
        print(f"tonewright: {request.synth} plays: {request.input} to {request.output}", file=sys.stderr)
        if self._terminal and sys.stdin is not None and sys.stdin.isatty():
            print("\n".join(f"  {key:8} {meaning}" for key, meaning in KEYS), file=sys.stderr)

    def say(self, at_s: float, words: str) -> None:
        """Tell what happened, above the lines that change."""
        self._clear()
        print(f"tonewright: at {at_s:.2f} s: {words}", file=sys.stderr, flush=True)

    def show(self) -> None:
        """Show how it is, if that is due."""
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + (_PERIOD_S if self._terminal else SECONDS_BETWEEN_LINES)
        if self._terminal:
            lines = self._drawn()
            self._clear()
            sys.stderr.write("\n".join(lines) + "\n")
            sys.stderr.flush()
            self._lines = len(lines)
        elif self._show.session.hops:
            print(f"tonewright: playing: {self._summary()}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the terminal as it was."""
        self._clear()

    def _clear(self) -> None:
        if self._lines:
            sys.stderr.write(f"\x1b[{self._lines}A\x1b[J")
            self._lines = 0

    def _summary(self) -> str:
        session, counters = self._show.session, self._show.counters()
        counted = ", ".join(
            f"{counters[name]:,.0f} {words}"
            for name, words in (
                ("late_deadlines", "late"),
                ("dropped_hops", "dropped"),
                ("underruns", "under-runs"),
                ("stalls", "stalls"),
                ("failures", "failed"),
            )
            if name in counters
        )
        return f"{session.hops * HOP_S:.0f} s; {counted}; worst hop {counters['worst_hop_ms']:.1f} ms"

    def _drawn(self) -> list[str]:
        performer = self._show.session.performer
        states = [
            word
            for word, is_so in (
                ("PANIC", performer.panicked),
                ("waiting for the musician", performer.away),
                ("frozen", performer.frozen),
                ("muted", performer.muted),
                ("going back", performer.goal is not None),
            )
            if is_so
        ]
        own_db = performer.own_db if performer.level > 0 else _LOWEST_DB
        heard = "  ".join(
            f"{side} {_bar((level - _LOWEST_DB) / -_LOWEST_DB)} {level:4.0f} dB"
            for side, level in (("musician", performer.musician_db), ("agent", own_db))
        )
        names = self._show.controls
        turned = [
            f"{name[:14]} {_bar(float(value))}"
            for name, value in zip(names[:_MOST_CONTROLS], np.array(performer.params[0]), strict=False)
        ]
        stance = f"{performer.stance}, dial {performer.dial:.1f}{''.join(f', {word}' for word in states)}"
        if performer.moments:
            stance += f"; remembered: {', '.join(performer.moments)}"
        if self._keyboard.waits_for:
            stance += f"; {self._keyboard.waits_for}: 1 … 9"
        # A line that wraps would be two, and stay.
        width = shutil.get_terminal_size().columns - 1
        return [one[:width] for one in (self._summary(), heard, *_wrapped(turned, width), stance)]


def _wrapped(parts: list[str], width: int) -> list[str]:
    """Parts side by side, in as many lines as they need."""
    lines = [""]
    for part in parts:
        if lines[-1] and len(lines[-1]) + 2 + len(part) > width:
            lines.append("")
        lines[-1] += f"  {part}" if lines[-1] else part
    return lines


def _bar(share: float) -> str:
    filled = round(min(max(share, 0.0), 1.0) * _BAR)
    return "█" * filled + "·" * (_BAR - filled)
