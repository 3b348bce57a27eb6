"""The page as a whole: one HTML document that needs no other file and no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tonewright import wording
from tonewright.reports.markup import Html, join, tag


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading.

    Attributes:
        id: Its name in addresses (`#listen`), unique on its page.
        title: The heading.
        content: Everything below it.
    """

    id: str
    title: str
    content: Html


def page(
    heading: str,
    sections: Sequence[Section],
    *,
    title: str = "",
    eyebrow: str = "",
    lede: str = "",
    summary: str = "",
    notice: str = "",
    aside: Section | None = None,
    catalogue: bool = False,
    style: str = "",
    script: str = "",
) -> Html:
    """A self-contained document, with the style and the script of every part of this room.

    Args:
        heading: The largest words of the page. This and all other text is escaped.
        sections: What follows the header, from top to bottom.
        title: What the window of the browser is called; the heading if not given.
        eyebrow: A few words above the heading: what kind of page it is.
        lede: A line below it: what was done.
        summary: A paragraph below that.
        notice: What must not be overlooked.
        aside: Beside all this, the result in short.
        catalogue: Whether it holds a `tonewright.reports.catalogue`, which plays and shows files beside the
            page.
        style: Rules of a page that shows what no part of this room does.
        script: What such a page runs, in place of the script of the players.

    Returns:
        The document. Its policy forbids the browser every connection, and every script but the page's own;
        with a catalogue it allows sounds and pictures from where the page is.
    """
    parts = ("page", "catalogue") if catalogue else ("page",)
    rules = join(*(Html(_asset(f"{part}.css")) for part in parts), Html(style))
    runs = Html(script or _asset("catalogue.js" if catalogue else "player.js"))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(runs, beside=catalogue)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title or heading),
        tag("style", rules),
    )
    texts = [
        _paragraph(eyebrow, "eyebrow"),
        tag("h1", heading),
        _paragraph(wording.unbroken(lede), "lede"),
        _paragraph(wording.unbroken(summary), "summary"),
        _paragraph(notice, "notice"),
    ]
    beside = _section(aside, class_="aside") if aside else join()
    header = tag("header", tag("div", *texts, class_="top-text"), beside, class_="top")
    main = tag("main", header, *(_section(section) for section in sections))
    body = tag("body", main, tag("script", runs))
    return join(Html("<!doctype html>\n"), tag("html", head, Html("\n"), body, lang="en"), Html("\n"))


def _paragraph(text: str, class_: str) -> Html:
    return tag("p", text, class_=class_) if text else join()


def _section(section: Section, class_: str | None = None) -> Html:
    title_id = f"{section.id}-title"
    heading = tag("h2", section.title, id=title_id)
    return tag("section", heading, section.content, id=section.id, class_=class_, aria_labelledby=title_id)


@cache
def _asset(name: str) -> str:
    return (files("tonewright.reports") / name).read_text(encoding="utf-8")


def _policy(script: str, *, beside: bool) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    # A page from a disk is no origin that 'self' could mean.
    where = "data: 'self' file:" if beside else "data:"
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src {where}; "
        f"media-src {where}; base-uri 'none'; form-action 'none'"
    )
