"""HTML that is escaped by construction: text becomes markup only through `tag`."""

from __future__ import annotations

import base64
from html import escape

_VOID = frozenset({"br", "img", "input", "meta"})

Attribute = str | float | bool | None


class Html(str):
    """Markup that is put into a page as it is; any other string is text and gets escaped."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """One element.

    Args:
        name: `div`, `td`…
        children: Texts, which are escaped, and `Html`.
        attributes: By name; underscores become hyphens and one at the end is dropped (`class_`). True gives a
            bare attribute, False and None none at all.

    Returns:
        The markup.
    """
    opening = "".join([name, *(_attribute(key, value) for key, value in attributes.items())])
    if name in _VOID:
        return Html(f"<{opening}>")
    return Html(f"<{opening}>{join(*children)}</{name}>")


def join(*children: str) -> Html:
    """Texts, which are escaped, and markup, one after the other."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def data_uri(kind: str, content: bytes) -> str:
    """Content as an address that needs no file and no network; `kind` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = value if isinstance(value, str) else f"{value:.6g}"
    return f' {name}="{escape(text)}"'
