from __future__ import annotations

import base64
import hashlib
import re

import numpy as np
import pytest

from tonewright.reports.markup import tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import MOST_SOUNDS

from .reading import Page, without_data


@pytest.fixture(scope="module")
def document() -> str:
    sections = [
        Section("first", "First & last", tag("p", "Hello")),
        Section("second", "Second", tag("p", "there")),
    ]
    result = Section("result", "Result", tag("p", "42"))
    return page(
        "A <heading>", sections, eyebrow="Kind", lede="in 5 s", summary="It is.", notice="But!", aside=result
    )


def test_what_it_says_is_in_order_and_escaped(document: str) -> None:
    read = Page(document)
    assert read.text == (
        "A <heading> Kind A <heading> in 5 s It is. But! Result 42 First & last Hello Second there"
    )
    assert "in 5\u00a0s" in document
    assert [read.by_id(part["aria-labelledby"]) for part in read.all("section")] == [
        {"id": f"{part['id']}-title"} for part in read.all("section")
    ]
    assert [part["id"] for part in read.all("section")] == ["result", "first", "second"]


def test_what_is_not_given_leaves_nothing_behind() -> None:
    read = Page(page("Bare", [], title="Window"))
    assert read.text == "Window Bare"
    assert not read.all("p")
    assert not read.all("section")


def test_it_needs_nothing_else(document: str) -> None:
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<link|<iframe|fetch\(", without_data(document))


def test_the_policy_forbids_connections_and_other_scripts(document: str) -> None:
    policy = next(meta["content"] for meta in Page(document).all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'; ")
    (script,) = re.findall(r"<script>(.*?)</script>", document, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy


def test_a_page_with_a_script_of_its_own_runs_that_alone() -> None:
    document = page("Own", [], style=".own { color: red; }", script='"use strict"; /* own */')
    (script,) = re.findall(r"<script>(.*?)</script>", document, re.DOTALL)
    assert script == '"use strict"; /* own */'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(meta["content"] for meta in Page(document).all("meta") if "http-equiv" in meta)
    assert f"script-src 'sha256-{digest}';" in policy
    style = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)[0]
    assert style.endswith(".own { color: red; }")
    assert "--paper" in style


def test_text_stands_out_in_light_and_dark(document: str) -> None:
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})[;\s]", block))
        for block in re.findall(r":root \{(.*?)\}", document, re.DOTALL)
    ]
    for scheme in (schemes[0], {**schemes[0], **schemes[1]}):
        pairs = [
            (text, on)
            for text in ("ink", "quiet", "accent", *(f"sound-{i}" for i in range(MOST_SOUNDS)))
            for on in ("paper", "card")
        ]
        for text, on in [*pairs, ("on-accent", "accent")]:
            lighter, darker = sorted((luminance(scheme[text]), luminance(scheme[on])), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, on)  # WCAG 2.2, AA


def luminance(colour: str) -> float:
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
