"""The recordings in the repository, and the script that collects them."""

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tonewright.audio import Clip, info, is_silent, read, sounding_bounds
from tonewright.errors import AudioError

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"benchmarks/sounds": 1.0, "examples/sounds": 1.5}
SOUNDS = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.flac"))]
ROW = re.compile(
    r"^\| (?P<file>\w+\.flac) \| (?P<seconds>[\d.]+) s \| (?P<recording>\w+) \| (?P<author>[^|]+) "
    r"\| <https?://(www\.)?freesound\.org/people/[^/]+/sounds/\d+/> \| CC0 \|$",
    re.M,
)

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2016 Somebody
License: MIT

Files: etc/samples/bell.flac
Copyright: 2008 Ann Other <ann@example.org>
Source:  http://freesound.org/people/ann/sounds/1/
License: CC0

Files: etc/samples/drum.flac
Copyright: 2008 Ann Other
Source: http://freesound.org/people/ann/sounds/2/
License: CC-BY-SA-4.0

Files: etc/samples/horn.flac
Copyright: 2008 Ann Other
http://freesound.org/people/ann/sounds/3/
License: CC0

Files: etc/samples/*
Copyright: 2008 Ann Other
Source: http://freesound.org/people/ann/sounds/4/
License: CC0

License: CC0
 Statement of Purpose
"""


def sources(folder: str) -> dict[str, dict[str, str]]:
    page = (ROOT / folder / "SOURCES.md").read_text(encoding="utf-8")
    return {row["file"]: row.groupdict() for row in ROW.finditer(page)}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import collect_sounds

    return collect_sounds


def test_there_are_enough_recordings_in_little_space():
    assert len(sources("benchmarks/sounds")) >= 40
    assert set(sources("examples/sounds")) == {"bass.flac", "bell.flac", "drum.flac", "pluck.flac"}
    assert sum(path.stat().st_size for path in SOUNDS) < 3_000_000


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_recording_is_named_with_its_source_and_licence(folder):
    assert set(sources(folder)) == {path.name for path in (ROOT / folder).iterdir()} - {"SOURCES.md"}


def test_no_example_is_in_the_benchmark():
    examples, benchmark = (
        {row["recording"] for row in sources(f).values()} for f in ("examples/sounds", "benchmarks/sounds")
    )
    assert not examples & benchmark


@pytest.mark.parametrize("path", SOUNDS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_a_recording_is_a_short_mono_sound(path):
    folder = path.parent.relative_to(ROOT).as_posix()
    clip = read(path)
    assert (clip.channels, clip.sample_rate_hz) == (1, 44_100)
    assert info(path).frames == clip.frames
    assert 0.1 <= clip.seconds <= FOLDERS[folder]
    assert clip.seconds == pytest.approx(float(sources(folder)[path.name]["seconds"]), abs=0.00501)
    assert np.isfinite(clip.samples).all()
    assert not is_silent(clip, floor_dbfs=-40)
    assert 0.05 < clip.peak <= 1.0
    assert sounding_bounds(clip, pad_s=0)[0] <= 0.005 * 44_100 + 1


def test_only_paragraphs_of_one_recording_under_cc0_count(collector):
    (name, source), *others = collector.cc0_sources(COPYRIGHT).items()
    assert (name, source.author, source.url) == (
        "bell",
        "Ann Other",
        "http://freesound.org/people/ann/sounds/1/",
    )
    assert not others


def test_the_chosen_recordings_are_distinct(collector):
    chosen = [*collector.BENCHMARK, *collector.EXAMPLES.values()]
    assert len(set(chosen)) == len(chosen)
    assert {f"{name}.flac" for name in collector.BENCHMARK} == set(sources("benchmarks/sounds"))


def test_preparing_mixes_trims_cuts_and_fades_but_keeps_the_level(collector):
    left = np.sin(2 * np.pi * 441 * np.arange(88_200) / 44_100).astype(np.float32)
    left[:22_000] = 0
    clip = collector.prepare(Clip(np.stack([left, np.zeros_like(left)]), 44_100), 1.0)
    start = 22_000 - 220  # 5 ms before it sounds
    expected = 0.5 * left[start : start + 44_100]
    assert clip.samples.shape == (1, 44_100)
    np.testing.assert_array_equal(clip.samples[0, :-882], expected[:-882])
    assert abs(clip.samples[0, -1]) < 1e-6
    half = np.abs(clip.samples[0, -441 - 50 : -441 + 50]).max()
    assert half == pytest.approx(0.25, rel=0.2)


def test_a_sound_that_ends_by_itself_is_not_faded(collector):
    samples = np.full((1, 22_050), 0.5, np.float32)
    np.testing.assert_array_equal(collector.prepare(Clip(samples, 44_100), 1.0).samples, samples)


def test_a_sound_that_is_too_short_is_refused(collector):
    with pytest.raises(AudioError, match=r"at least 0\.1 s; got 0\.0"):
        collector.prepare(Clip(np.full((1, 2_000), 0.5, np.float32), 44_100), 1.0)


def test_a_recording_without_a_known_source_is_refused_and_nothing_is_written(collector, tmp_path):
    (tmp_path / "README.md").write_text(
        "* `:bell` - http://freesound.org/people/ann/sounds/7/\n", encoding="utf-8"
    )
    known = collector.cc0_sources(COPYRIGHT)
    for recording in ("bell", "drum"):  # another source in the README; not under CC0
        with pytest.raises(AudioError, match=f"{recording} is not: take another"):
            collector.collect(tmp_path / "out", {"x": recording}, tmp_path, known, 1.0)
    assert not any((tmp_path / "out").iterdir())


class TestTheRecordingOfGranular:
    """`granular.flac`, which ships inside the package, and the script that joins it."""

    @pytest.fixture
    def joiner(self, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        monkeypatch.syspath_prepend(ROOT / "benchmarks")
        import granular_source

        return granular_source

    def test_it_is_small_and_as_long_as_its_pieces(self, joiner):
        path = joiner.FOLDER / "granular.flac"
        assert path.stat().st_size <= 150_000
        clip = read(path)
        seconds = sum(piece[2] for piece in joiner.PIECES) - joiner.CROSSFADE_S * (len(joiner.PIECES) - 1)
        assert (clip.channels, clip.sample_rate_hz) == (1, 44_100)
        assert clip.seconds == pytest.approx(seconds, abs=0.001)
        assert 0.4 < clip.peak < 1

    def test_every_piece_is_named_with_its_source_and_licence(self, joiner):
        text = (joiner.FOLDER / "granular.txt").read_text(encoding="utf-8")
        named = re.findall(r"^[\d.]+ s  (\w+), [^,]+, https?://\S*freesound\.org/\S+, CC0$", text, re.M)
        assert named == [piece[0] for piece in joiner.PIECES]
        assert "CC0 1.0" in text

    def test_none_of_it_is_to_be_matched(self, joiner, collector):
        pieces = {piece[0] for piece in joiner.PIECES}
        assert not pieces & {*collector.BENCHMARK, *collector.EXAMPLES.values()}

    def test_a_piece_has_its_level(self, joiner):
        tone = np.sin(2 * np.pi * 441 * np.arange(44_100) / 44_100).astype(np.float32)
        piece = joiner.piece(Clip(np.stack([tone, 0 * tone]), 44_100), 0.25, 0.5, -20.0)
        assert len(piece) == 22_050
        assert np.sqrt((piece**2).mean()) == pytest.approx(0.1, rel=1e-4)

    def test_pieces_are_crossfaded_at_equal_power(self, joiner):
        rng = np.random.default_rng(0)
        pieces = [rng.standard_normal(20_000).astype(np.float32) for _ in range(3)]
        joined = joiner.join(pieces, 4_000)
        assert len(joined) == 3 * 20_000 - 2 * 4_000
        np.testing.assert_array_equal(joined[4_000:16_000], pieces[0][4_000:16_000])
        assert (joined[16_000:20_000] ** 2).mean() == pytest.approx(1, abs=0.1)
        assert (joined[4_000:-4_000] ** 2).mean() == pytest.approx(1, abs=0.05)
