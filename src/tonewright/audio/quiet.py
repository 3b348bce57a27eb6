"""Keeping the warnings of a C library off the standard error.

libmpg123, which libsndfile decodes MP3 with, writes what it notices in a file straight to the process's
standard error, and libsndfile offers no way to stop it. What matters of it, Tonewright says itself.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_STDERR = 2
_CHATTER = re.compile(rb"^\n?(?:(?:Note|Warning): |\[src/libmpg123/).*\n?", re.MULTILINE)
_lock = threading.Lock()
_users = 0
_saved = -1
_kept: IO[bytes] | None = None


@contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back the standard error meanwhile; afterwards pass on what libmpg123 did not write.

    Threads may overlap: the first to enter redirects, the last to leave restores.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _saved, _kept
    with _lock:
        _users += 1
        if _users > 1 or sys.__stderr__ is None:  # without one, its number may belong to any file
            return
        try:
            _kept = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _restore)
            _saved = os.dup(_STDERR)
            os.dup2(_kept.fileno(), _STDERR)
        except OSError:  # there is no standard error, or no place to keep anything: nothing is held back
            _restore()


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if not _users:
            _restore()


def _restore() -> None:
    global _saved, _kept
    if _saved >= 0:
        os.dup2(_saved, _STDERR)
        os.close(_saved)
    if _kept is not None:
        _kept.seek(0)
        others = _CHATTER.sub(b"", _kept.read())
        _kept.close()
        if others:
            os.write(_STDERR, others)
    _saved, _kept = -1, None
