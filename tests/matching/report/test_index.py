from __future__ import annotations

from dataclasses import replace

from tonewright.matching.report.index import Row, index_html

from ...reports.reading import Page

ROW = Row(
    folder="drums & co/kick",
    file="kick.wav",
    similarity=72.4,
    midi_note=35.9,
    note_source="estimated",
    seconds=0.5,
    loudness_lufs=-18.26,
    gains_db=(0.0, -3.0),
    interrupted=False,
)


def test_a_row_tells_of_its_match() -> None:
    read = Page(index_html([ROW]))
    assert "kick drums & co/ · kick.wav Target Match 72 C2 −18.3 500\u00a0ms" in " ".join(
        " ".join(read.texts).split(" ")
    ).replace("  ", " ")
    links = [link["href"] for link in read.all("a")]
    assert links == ["./drums%20%26%20co/kick/report.html"]
    sources = [sound["src"].rpartition("/")[2] for sound in read.all("audio")]
    assert sources == ["target.wav", "match.wav"]
    assert read.all("img")[0]["src"] == "./drums%20%26%20co/kick/spectrograms.png"


def test_what_is_unknown_stays_empty_and_last() -> None:
    searched = replace(ROW, midi_note=None, loudness_lufs=None, note_source="searched")
    read = Page(index_html([ROW, searched]))
    keys = [cell.get("data-key") for cell in read.all("span") if "data-key" in cell]
    assert len(keys) == 5 + 3  # name, similarity, note, loudness, duration
    assert "searched" in read.text


def test_it_sums_up() -> None:
    rows = [replace(ROW, similarity=value) for value in (40.0, 50.0, 95.0)]
    text = Page(index_html(rows, [("a<b.wav", "is <text>")], missing=2)).text
    assert "3 matches" in text
    assert "1.5 s of sound matched · 1 not matched" in text.replace("\u00a0", " ")
    assert "2 still to be matched. The same command goes on." in text.replace("\u00a0", " ")
    assert "50 of 100" in text
    assert "has 40, the most 95" in text
    assert "a<b.wav is <text>" in text


def test_a_single_match_and_none() -> None:
    assert "1 match " in Page(index_html([ROW])).text
    assert "still to be" not in index_html([ROW])
    assert "Similarity" not in Page(index_html([], [("a.wav", "silent")])).text
