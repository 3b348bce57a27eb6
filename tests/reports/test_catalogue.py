from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.reports.catalogue import Cell, address, catalogue, picture_beside, player_beside
from tonewright.reports.page import Section, page
from tonewright.reports.pictures import FrequencyAxis, stacked_spectrograms
from tonewright.reports.table import Column

from .browser import ask_browser_on_disk, needs_chromium
from .reading import Page

RATE = 16_000
COLUMNS = [Column("Name"), Column("Picture"), Column("Listen"), Column("Value", "figure")]
ROWS = {"take 2": 7.0, "take 10": None, "100 % #1?": 30.0, "take 1": 9.5}


def document(rows: dict[str, float | None]) -> str:
    made = [
        [
            Cell(name, name),
            Cell(picture_beside(f"{name}/a.png", f"A picture of {name}")),
            Cell(player_beside(("the target", "the match"), (f"{name}/a.wav", f"{name}/b.wav"), (-6.0, 0.0))),
            Cell("" if value is None else f"{value:g}", value),
        ]
        for name, value in rows.items()
    ]
    return page("Takes", [Section("takes", "Takes", catalogue("All", COLUMNS, made))], catalogue=True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The page, with the files that it plays and shows."""
    time = np.arange(RATE) / RATE
    for name in ROWS:
        (tmp_path / name).mkdir()
        for file, hz in (("a", 220), ("b", 330)):
            sound = (0.1 * np.sin(2 * np.pi * hz * time)).astype(np.float32)
            write(tmp_path / name / f"{file}.wav", Clip(sound, RATE))
        picture = stacked_spectrograms(np.stack([sound, sound]), RATE, FrequencyAxis.of_rate(RATE), 64, 16)
        (tmp_path / name / "a.png").write_bytes(picture)
    (tmp_path / "index.html").write_text(document(ROWS), "utf-8")
    return tmp_path


def test_only_columns_with_keys_have_a_head_to_press() -> None:
    read = Page(document(ROWS))
    assert [button.get("class") for button in read.all("button")].count("sort") == 2
    assert [cell["data-key"] for cell in read.all("span") if cell.get("data-kind") == "number"] == [
        "7", "30", "9.5",
    ]  # fmt: skip


def test_the_louder_sound_is_turned_down() -> None:
    sounds = Page(player_beside(("a", "b"), ("a.wav", "b.wav"), (-6.0, 3.0))).all("audio")
    assert [float(sound["data-volume"]) for sound in sounds] == pytest.approx([10 ** (-9 / 20), 1], abs=1e-4)


def test_names_of_files_are_quoted() -> None:
    assert address("a b/c#1?&%.wav") == "./a%20b/c%231%3F%26%25.wav"
    assert address("http://a/b") == "./http%3A//a/b"


def test_two_hundred_sounds_are_a_small_page_that_asks_for_nothing_of_a_network() -> None:
    text = document({f"sound {i}": float(i) for i in range(200)})
    assert len(text) < 250_000
    policy = next(meta["content"] for meta in Page(text).all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "img-src data: 'self' file:; media-src data: 'self' file:;" in policy
    assert not re.search(r"https?:|@import|url\(|<link|<iframe|fetch\(", text)
    assert all(sound["preload"] == "none" for sound in Page(text).all("audio"))


@needs_chromium
def test_it_sorts(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    script = """
      addEventListener("load", () => {
        const names = () => [...document.querySelectorAll("tbody th")].map((cell) => cell.textContent);
        const heads = [...document.querySelectorAll("thead th")];
        const press = (i) => {
          heads[i].querySelector("button").click();
          return [names(), heads[i].ariaSort];
        };
        report(JSON.stringify({ steps: [press(3), press(3), press(0), press(0)], others: heads[3].ariaSort,
                                complaints }));
      });
    """
    seen = json.loads(ask_browser_on_disk(place / "index.html", script, tmp_path_factory.mktemp("profile")))
    assert seen["complaints"] == []
    assert seen["others"] is None
    by_name = ["100 % #1?", "take 1", "take 2", "take 10"]
    assert seen["steps"] == [
        [["100 % #1?", "take 1", "take 2", "take 10"], "descending"],
        [["take 2", "take 1", "100 % #1?", "take 10"], "ascending"],
        [by_name, "ascending"],
        [by_name[::-1], "descending"],
    ]


@needs_chromium
def test_it_plays_and_shows_the_files_beside_it(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = """
      const wait = (until) => new Promise((resolve) => {
        const look = () => (until() ? resolve() : setTimeout(look, 10));
        look();
      });
      addEventListener("load", async () => {
        const steps = [];
        const rows = [...document.querySelectorAll(".beside")].map((root) => ({
          buttons: [...root.querySelectorAll("button")], sounds: [...root.querySelectorAll("audio")],
        }));
        const [first, other] = [rows[0], rows[2]];
        const note = () => steps.push([first, other].map(({ buttons, sounds }) => sounds.map((sound, i) =>
          `${sound.paused ? "still" : sound.muted ? "muted" : "heard"}` +
          `${buttons[i].getAttribute("aria-pressed") === "true" ? " pressed" : ""}`)));
        first.buttons[0].click();
        await wait(() => first.sounds.every((sound) => sound.currentTime > 0.05));
        note();
        const at = first.sounds[1].currentTime;
        first.buttons[1].click();
        note();
        const goesOn = first.sounds[1].currentTime >= at;
        other.buttons[0].click();
        await wait(() => other.sounds[0].currentTime > 0.05);
        note();
        other.buttons[0].click();
        note();
        first.buttons[1].click();
        await wait(() => first.buttons[1].getAttribute("aria-pressed") === "false"); // until its end
        note();
        const pictures = [...document.images];
        pictures.forEach((picture) => { picture.loading = "eager"; });
        await wait(() => pictures.every((picture) => picture.complete));
        report(JSON.stringify({
          steps, goesOn, complaints,
          volumes: first.sounds.map((sound) => sound.volume), seconds: first.sounds[0].duration,
          widths: pictures.map((picture) => picture.naturalWidth),
          controls: rows.some(({ sounds }) => sounds.some((sound) => sound.controls)),
          hidden: rows.some(({ buttons }) => buttons.some((button) => button.hidden)),
        }));
      });
    """
    seen = json.loads(ask_browser_on_disk(place / "index.html", script, tmp_path_factory.mktemp("profile")))
    assert seen["complaints"] == []
    assert seen["steps"] == [
        [["heard pressed", "muted"], ["still", "still"]],
        [["muted", "heard pressed"], ["still", "still"]],
        [["still", "still"], ["heard pressed", "muted"]],
        [["still", "still"], ["still", "still"]],
        [["still", "still"], ["still", "still"]],
    ]
    assert seen["goesOn"]
    assert seen["volumes"] == pytest.approx([10 ** (-6 / 20), 1], abs=1e-3)
    assert seen["seconds"] == pytest.approx(1)
    assert seen["widths"] == [64] * 4
    assert (seen["controls"], seen["hidden"]) == (False, False)


@needs_chromium
def test_a_sound_that_is_not_there_is_told(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (place / "take 2" / "b.wav").unlink()
    script = """
      addEventListener("load", async () => {
        const root = document.querySelector(".beside");
        root.querySelector("button").click();
        new MutationObserver(() => report(getComputedStyle(root, "::after").content))
          .observe(root, { attributes: true });
      });
    """
    seen = ask_browser_on_disk(place / "index.html", script, tmp_path_factory.mktemp("profile"))
    assert seen == '"The sound is not there: keep the folders beside this page."'
