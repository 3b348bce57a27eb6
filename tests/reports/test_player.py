from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.reports import lanes
from tonewright.reports.markup import Html, join
from tonewright.reports.page import Section, page
from tonewright.reports.player import player, save_link
from tonewright.reports.sounds import equal_loudness

from .browser import ask_browser, needs_chromium
from .reading import Page

RATE = 16_000
THREE = ("the reference", "take 1", "take 2")
TWO = ("the original", "the edit")


def made(id_: str, names: tuple[str, ...], seconds: float = 0.5) -> Html:
    """A player of decaying tones."""
    time = np.arange(round(seconds * RATE)) / RATE
    sounds = np.array(
        [np.exp(-5 * time) * np.sin(2 * np.pi * 220 * (1 + i) * time) for i in range(len(names))], np.float32
    )
    pictures = [*lanes.spectrograms(names, sounds, RATE), lanes.levels(names, sounds, RATE)]
    marks = [lanes.mark("cut", 0.1, seconds)]
    return player(
        id_,
        names,
        equal_loudness(sounds, RATE),
        lanes.stack(pictures, seconds, marks),
        legend=lanes.legend(len(names)),
    )


@pytest.fixture(scope="module")
def document() -> str:
    links = join(
        save_link("takes", 2, "take 2", "take-2.wav"), save_link("edit", 0, "original", "original.wav")
    )
    sections = [
        Section("first", "First", made("takes", THREE)),
        Section("second", "Second", made("edit", TWO)),
        Section("third", "Third", join(made("alone", ("the sound",)), links)),
    ]
    return page("Players", sections)


def test_ids_are_unique_and_referred_to(document: str) -> None:
    read = Page(document)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.elements:
        for name in ("aria-labelledby", "aria-controls", "data-player"):
            assert attributes.get(name, ids[0]) in ids


def test_a_player_says_how_many_sounds_it_holds() -> None:
    text = Page(made("takes", THREE)).text
    assert (
        "X is one of the three, drawn by chance. Listen to A, B, C and X as often as you like, then" in text
    )
    assert "X is the reference X is take 1 X is take 2 No answer yet." in text
    assert "A Reference B Take 1 C Take 2 X Unknown" in text
    assert "A B C choose X next" in text
    text = Page(made("edit", TWO)).text
    assert "X is one of the two, drawn by chance. Listen to A, B and X as often as you like, then" in text
    assert "A B choose X swap" in text
    text = Page(made("alone", ("the sound",))).text
    assert "Blind" not in text
    assert "choose" not in text


@pytest.mark.parametrize("count", [0, 7])
def test_too_few_and_too_many_sounds_are_refused(count: int) -> None:
    preview = equal_loudness(np.ones((max(count, 1), RATE), np.float32), RATE)
    with pytest.raises(UsageError, match=f"a player holds 1 to 6 sounds; got {count}: make several players"):
        player("p", [str(i) for i in range(count)], preview, join())


def test_every_sound_needs_a_name() -> None:
    preview = equal_loudness(np.ones((3, RATE), np.float32), RATE)
    with pytest.raises(UsageError, match="every sound has a name; got 3 sounds and 2 names"):
        player("p", TWO, preview, join())


WATCH = """
const gains = [], sources = [];
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to) {
  if (to instanceof AudioDestinationNode) gains.push(this.gain);
  return connect.apply(this, arguments);
};
Math.random = () => 0.5;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const until = async (reached) => { for (let i = 0; !reached() && i < 1000; i += 1) await pause(20); };
const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const part = (id, selector) => document.querySelector(`#${id} ${selector}`);
const click = (id, selector) => { part(id, selector).focus(); part(id, selector).click(); };
const state = (id) => document.getElementById(id).dataset.state;
const heard = (id) => part(id, '.segments [aria-pressed="true"]').dataset.key;
const said = (id) => part(id, ".abx output").textContent.replace(" X is drawn anew.", "");
const loud = (from, to) => gains.slice(from, to).map((gain) => Math.round(gain.value));
"""

VISIT = (
    WATCH
    + """
addEventListener("load", async () => {
  const seen = {};
  seen.links = [...document.querySelectorAll("a[data-player]")].map((link) => [link.hidden, link.protocol]);
  seen.fallbacks = [...document.querySelectorAll(".fallback")].map((plain) => plain.hidden);

  press(" ");  // the first player is spoken to as long as none has been used
  await until(() => state("takes") === "playing");
  seen.begun = [state("takes"), state("edit"), heard("takes"), loud(0, 3)];
  press("c");
  await pause(100);
  seen.chosen = [heard("takes"), heard("edit"), loud(0, 3), part("takes", ".status").textContent];
  const pictures = [...document.querySelectorAll("#takes .picture")];
  seen.dimmed = pictures.map((lane) => lane.classList.contains("unheard"));
  press("x");
  seen.next = heard("takes");
  press("c");

  click("edit", ".play");
  await until(() => state("edit") === "playing");
  press("b");
  press("c");  // the second player has no third sound
  press("l");
  await pause(100);
  seen.second = [state("takes"), state("edit"), heard("takes"), heard("edit"), loud(3, 5)];
  seen.loops = ["takes", "edit"].map((id) => part(id, ".loop").getAttribute("aria-pressed"));
  await until(() => state("edit") === "rewound");
  press("ArrowRight");
  seen.ended = [state("edit"), part("edit", ".clock").textContent];

  click("takes", ".play");
  await until(() => state("takes") === "playing");
  click("takes", ".blind");
  seen.blind = [part("takes", ".abx").hidden, part("edit", ".abx").hidden];
  press("x");
  await pause(100);
  seen.unknown = [heard("takes"), loud(0, 3), document.querySelectorAll(".unheard").length];
  press(" ");
  click("takes", ".abx-answers button:nth-of-type(2)");
  seen.right = said("takes");
  click("takes", ".abx-answers button:nth-of-type(1)");
  seen.wrong = said("takes");
  seen.untouched = said("edit");
  click("takes", ".blind");
  seen.done = [part("takes", ".abx").hidden, heard("takes")];

  click("edit", ".blind");
  for (const i of [2, 2, 1]) click("edit", `.abx-answers button:nth-of-type(${i})`);
  seen.pair = said("edit");

  const slider = part("takes", ".scrub input");
  slider.focus();
  slider.value = "500";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  seen.sought = [part("takes", ".clock").textContent, part("edit", ".clock").textContent];
  document.getElementById("third").style.marginTop = "2000px";
  scrollTo(0, document.body.scrollHeight);
  press("ArrowRight");  // neither of the others is in view any more
  seen.alone = [part("alone", ".clock").textContent, part("takes", ".clock").textContent];
  report(JSON.stringify({ ...seen, complaints }));
});
"""
)


@needs_chromium
def test_players_work_side_by_side(document: str, tmp_path: Path) -> None:
    assert json.loads(ask_browser(document, VISIT, tmp_path / "profile")) == {
        "links": [[False, "blob:"]] * 2,
        "fallbacks": [True] * 3,
        "begun": ["playing", "rewound", "a", [1, 0, 0]],
        "chosen": ["c", "a", [0, 0, 1], "Take 2"],
        "dimmed": [True, True, False],
        "next": "a",
        "second": ["stopped", "playing", "c", "b", [0, 1]],
        "loops": ["true", "false"],
        "ended": ["stopped", "0.10 / 0.50 s"],
        "blind": [False, True],
        "unknown": ["x", [0, 1, 0], 0],
        "right": "Right, X was take 1. 1 of 1 right; guessing does as well in 33 % of cases.",
        "wrong": "Wrong, X was take 1. 1 of 2 right; guessing does as well in 56 % of cases.",
        "untouched": "No answer yet.",
        "done": [True, "a"],
        "pair": "Wrong, X was the edit. 2 of 3 right; guessing does as well in 50 % of cases.",
        "sought": ["0.25 / 0.50 s", "0.10 / 0.50 s"],
        "alone": ["0.10 / 0.50 s", "0.25 / 0.50 s"],
        "complaints": [],
    }


NARROW = """
addEventListener("load", () => {
  const box = (part) => part.getBoundingClientRect();
  const within = (inner, outer) => outer.left <= inner.left + 0.5 && inner.right <= outer.right + 0.5;
  const over = [...document.querySelectorAll(".segments > *, .lane.level .chip > *")].filter(
    (part) => !part.hidden && !within(box(part), box(part.parentElement)));
  report(JSON.stringify([document.documentElement.scrollWidth - innerWidth, over.length, complaints]));
});
"""


@needs_chromium
@pytest.mark.parametrize("width", [1200, 390])
def test_many_sounds_with_long_names_stay_on_the_page(width: int, tmp_path: Path) -> None:
    names = tuple(
        f"the {word} sound of six" for word in ("first", "second", "third", "fourth", "fifth", "sixth")
    )
    document = page("Six", [Section("six", "Six", made("six", names))])
    assert json.loads(ask_browser(document, NARROW, tmp_path / "profile", width)) == [0, 0, []]
