"""What Pd says of a patch, and which of it means that the patch cannot be played."""

from __future__ import annotations

import re
from collections import deque

from tonewright.documents import short_text

_LEVEL = re.compile(r"^(?:error|verbose\(\d+\)|warning): ?")
_NOT_MADE = "... couldn't create"
_NOT_LOADED = "can't load library"
_UNREADABLE = re.compile(r"can't open|read failed|no such file|unknown or bad header", re.IGNORECASE)
_NO_SOUND = re.compile(
    r"JACK: (?:couldn't|can't|unable|server shut down|.*not )|output error \(|opening audio|closing audio",
    re.IGNORECASE,
)
"""Pd says in many ways that it has no audio output, and runs on."""
_LIBRARIES = {
    "s2l": "zexy", "l2s": "zexy", "limiter~": "zexy", "pack~": "zexy", "scale": "cyclone", "comb~": "cyclone",
    "svf~": "cyclone", "prepend": "cyclone", "freeverb~": "freeverb", "lores~": "else",
}  # fmt: skip
"""Where some common externals come from."""
_DEBIAN = frozenset({"zexy", "cyclone", "freeverb", "iemlib", "ggee", "mrpeach", "maxlib", "hcs", "list-abs"})


class Complaints:
    """Listens to what Pd says.

    Attributes:
        fault: What means that the patch cannot be played, in words with a remedy; empty so far.
        silence: What means that no sound goes out, as Pd says it; empty so far.
    """

    def __init__(self, patch: str, description: str, version: str) -> None:
        self.fault = self.silence = ""
        self._patch, self._description, self._version = patch, description, version
        self._rest = b""
        self._line = ""
        self._recent: deque[str] = deque(maxlen=3)

    def hear(self, said: bytes) -> None:
        """Take what Pd has just said; lines may come in pieces."""
        *lines, self._rest = (self._rest + said[-(1 << 16) :]).split(b"\n")
        for line in lines:
            if (
                b": biggest amplitude = " not in line
            ):  # which [soundfiler] says of each file that the driver writes
                self._hear_line(line.decode(errors="replace").strip())

    @property
    def recent(self) -> str:
        """The last few lines of some content."""
        return short_text(" / ".join(self._recent))

    def _hear_line(self, line: str) -> None:
        text = _LEVEL.sub("", line)
        if text and not self.fault:
            if text == _NOT_MADE:
                self.fault = self._not_made(self._line)
            elif text.endswith(_NOT_LOADED):
                self.fault = self._not_loaded(text)
            elif _UNREADABLE.search(text) and line != text:
                self.fault = self._not_read(text)
        if not self.silence and _NO_SOUND.search(text):
            self.silence = short_text(text)
        if text:
            self._line = text
            self._recent.append(text)

    def _not_made(self, box: str) -> str:
        name = box.split()[0].replace("\\", "") if box.split() else ""
        library = name.split("/")[0] if "/" in name else _LIBRARIES.get(name, "")
        what = f"the library {library}" if library else "the external or abstraction"
        debian = f"; on Debian: apt-get install pd-{library}" if library in _DEBIAN else ""
        return (
            f"a patch needs every object that it names; got [{short_text(box)}] in {self._patch!r}, which is "
            f"neither in Pd {self._version} nor beside the patch; install {what} (in Pd: Help, Find externals"
            f'{debian}) and name it under "libraries", or its folder under "paths", in {self._description!r}'
        )

    def _not_loaded(self, text: str) -> str:
        return (
            f"a patch needs every library that it names; Pd says {short_text(text)!r}; install it, and name "
            f'its folder under "paths" in {self._description!r}'
        )

    def _not_read(self, text: str) -> str:
        return (
            f"a patch needs every file that it names; Pd says {short_text(text)!r} of {self._patch!r}; put "
            "the file where the patch looks for it, seen from its folder"
        )
