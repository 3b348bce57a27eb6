"""What a test reads from a page: elements, texts and embedded content."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import soundfile

VOID = {"br", "img", "input", "meta"}


class Page(HTMLParser):
    """Every element with its attributes, and the text outside scripts and styles; checks the nesting."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["script"], ["style"]):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def by_id(self, name: str) -> dict[str, str]:
        return next(attributes for _, attributes in self.elements if attributes.get("id") == name)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def decode(uri: str, kind: str) -> bytes:
    head, _, body = uri.partition(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(body, validate=True)


def without_data(document: str) -> str:
    return re.sub(r"base64,[\w+/=]*", "", document)


def wavs(page: Page) -> tuple[np.ndarray, int]:
    """Every sound of a page, `[n, frames]`, and their rate."""
    sounds = [
        soundfile.read(io.BytesIO(decode(audio["src"], "audio/wav")), dtype="float32")
        for audio in page.all("audio")
    ]
    assert len({rate for _, rate in sounds}) == 1
    return np.stack([sound for sound, _ in sounds]), sounds[0][1]
