import numpy as np
import pytest

from tonewright.audio import Clip, integrated_lufs, write
from tonewright.errors import AudioError
from tonewright.prompting.briefs.library import library
from tonewright.prompting.comparing.comparison import compare
from tonewright.prompting.comparing.page import comparison_html
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.judging import judge

from ...reports.browser import ask_browser, needs_chromium
from ...reports.reading import Page, wavs, without_data

TEXT = "120 BPM house drum loop, kick, clap and hats, 2 bars"
HEAR = """
addEventListener("load", () => {
  const rows = [...document.querySelectorAll("#components tbody tr")];
  const bars = rows[0].querySelectorAll(".bar");
  report(JSON.stringify([
    complaints, document.documentElement.scrollWidth <= innerWidth, rows.length,
    getComputedStyle(bars[0]).backgroundImage !== getComputedStyle(bars[1]).backgroundImage,
    document.querySelector(".player").hasAttribute("data-ready"),
  ]));
});
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    loop = play(compose("drums", "house", np.random.default_rng(0)).piece, 4.0)
    rng = np.random.default_rng(1)
    write(folder / "loop.wav", Clip(0.25 * loop, 44_100))
    write(folder / "hiss.wav", Clip((0.1 * rng.standard_normal((2, 3 * 44_100))).astype(np.float32), 44_100))
    write(folder / "silent.wav", Clip(np.zeros((1, 22_050), np.float32), 22_050))
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return compare(folder / "hiss.wav", folder / "loop.wav", library().brief(TEXT), library())


@pytest.fixture(scope="module")
def document(found):
    return comparison_html(found)


def test_the_cards_are_those_of_the_files_and_the_better_is_told(found, folder):
    brief = library().brief(TEXT)
    for side, name in zip(found.sides, ("hiss.wav", "loop.wav"), strict=True):
        assert side.name == name
        assert side.card.fields() == judge(folder / name, brief, library()).fields()
    assert found.better == 1
    assert found.difference == found.sides[1].card.total - found.sides[0].card.total > 0.1
    told = found.fields()
    assert told["better"] == "B"
    assert told["A"]["total"] == pytest.approx(found.sides[0].card.total, abs=1e-4)
    for name, value in told["differences"].items():
        expected = told["B"]["components"][name]["score"] - told["A"]["components"][name]["score"]
        assert value == pytest.approx(expected, abs=2e-4)


def test_a_sound_is_no_better_than_itself(folder):
    found = compare(folder / "loop.wav", folder / "loop.wav", library().brief(TEXT), library())
    assert found.better is None
    assert [side.name for side in found.sides] == ["sound A", "sound B"]
    text = Page(comparison_html(found)).text
    assert "Neither is better" in text
    assert "even" in text


def test_every_term_of_both_is_there_with_its_measurement_and_differences_are_marked(found, document):
    text = Page(document).text
    assert "loop.wav is better by" in text
    assert "It leads in" in text
    for side in found.sides:
        assert f"{side.card.total:.2f}" in text
        for terms in side.card.terms.values():
            for one in terms.values():
                assert one.meaning in text
                assert f"{one.score:.2f}" in text
    assert f"{found.sides[1].card.terms['alignment']['tempo'].measured:.0f} BPM" in text
    assert 'aria-label="better"' in document


def test_the_players_play_both_equally_loud_in_stereo(document):
    sounds, rate = wavs(Page(document))
    assert rate == 44_100
    assert sounds.shape == (2, 4 * 44_100, 2)  # the shorter is followed by silence
    loudness = integrated_lufs(np.moveaxis(sounds, 2, 1).copy(), rate)
    assert loudness[0] == pytest.approx(loudness[1], abs=0.1)
    assert not sounds[0, 3 * 44_100 + 10 :].any()
    assert "so that neither wins by volume" in Page(document).text
    assert "X is loop.wav" in Page(document).text
    assert "Loop.wav" not in Page(document).text  # a file is called as it is
    assert "://" not in without_data(document)


def test_silence_is_told_and_what_cannot_be_read_is_an_error(folder):
    found = compare(folder / "loop.wav", folder / "silent.wav", library().brief(TEXT), library())
    assert found.better == 0
    assert found.fields()["B"]["fault"] == "it is silent"
    text = Page(comparison_html(found)).text
    assert "silent.wav: it is silent." in text
    assert "One of the sounds is silent" in text
    both = compare(folder / "silent.wav", folder / "silent.wav", library().brief(TEXT), library())
    assert "Nothing was scored." in Page(comparison_html(both)).text
    with pytest.raises(AudioError):
        compare(folder / "loop.wav", folder / "gone.wav", library().brief(TEXT), library())


@needs_chromium
@pytest.mark.parametrize("width", [1280, 500])
def test_a_browser_shows_it(document, tmp_path, width):
    seen = ask_browser(document, HEAR, tmp_path / "profile", width)
    assert seen == "[[],true,5,true,true]"
