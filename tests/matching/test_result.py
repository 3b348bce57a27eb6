import json
from dataclasses import replace

import numpy as np
import pytest

import tonewright as tw
from tonewright.audio import Clip
from tonewright.distances import names
from tonewright.errors import OutputError
from tonewright.matching.weak_points import WeakPoint
from tonewright.synths import load_preset, render_preset
from tonewright.wording import duration

FILES = ["match.wav", "preset.json", "report.html", "result.json", "target.wav"]


@pytest.fixture(scope="module")
def result(factory_sound):
    recording = np.stack([factory_sound(30)[1]] * 2)
    return tw.match(Clip(recording, 16_000), renders=200, seed=7)


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "out"
    result.save(folder)
    return folder


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


class TestSave:
    def test_writes_five_files(self, folder):
        assert listing(folder) == FILES
        assert listing(folder.parent) == ["out"]

    def test_sounds_come_back_bit_for_bit(self, folder, result):
        for name, samples in (("match", result.audio), ("target", result.target)):
            clip = tw.read(folder / f"{name}.wav")
            assert clip.sample_rate_hz == 16_000
            np.testing.assert_array_equal(clip.samples[0], samples)

    def test_the_preset_renders_the_match_bit_for_bit(self, folder, result):
        preset = load_preset(folder / "preset.json")
        assert preset == result.preset
        summary = json.loads((folder / "result.json").read_text())
        again = render_preset(
            preset,
            sample_rate_hz=summary["sample_rate_hz"],
            seconds=len(result.target) / summary["sample_rate_hz"],
            seed=summary["seed"],
        )
        np.testing.assert_array_equal(again.samples[0], result.audio)

    def test_the_result_is_the_summary_as_json(self, folder, result):
        text = (folder / "result.json").read_text()
        assert json.loads(text) == json.loads(json.dumps(result.summary()))
        assert "NaN" not in text
        assert "Infinity" not in text

    def test_the_report_is_a_page(self, folder, result):
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert page.lower().startswith("<!doctype html>")
        assert page.rstrip().endswith("</html>")

    def test_an_empty_folder_is_filled(self, result, tmp_path):
        result.save(tmp_path)
        assert listing(tmp_path) == FILES

    def test_a_folder_that_holds_something_is_left_alone(self, result, tmp_path):
        (tmp_path / "preset.json").write_text("mine")
        with pytest.raises(OutputError, match="not empty"):
            result.save(tmp_path)
        assert listing(tmp_path) == ["preset.json"]
        result.save(tmp_path, overwrite=True)
        assert listing(tmp_path) == FILES
        assert load_preset(tmp_path / "preset.json") == result.preset

    def test_all_or_nothing(self, result, tmp_path):
        loud = replace(result, audio=np.full((2, 3, 4), np.nan, np.float32))
        with pytest.raises(Exception, match=r"NaN|array"):
            loud.save(tmp_path / "out")
        assert listing(tmp_path) == []


class TestReport:
    def test_alone(self, result, tmp_path):
        result.report(tmp_path / "report.html")
        with pytest.raises(OutputError, match="it exists"):
            result.report(tmp_path / "report.html")
        result.report(tmp_path / "report.html", overwrite=True)
        assert listing(tmp_path) == ["report.html"]


class TestSummary:
    def test_names_everything(self, result):
        summary = result.summary()
        assert list(summary["distances"]) == names()
        assert summary["loss"]["total"] == result.terms["total"]
        assert (summary["renders"], summary["seed"], summary["method"]) == (200, 7, "full")
        assert summary["seconds"] == result.seconds
        assert summary["curve"][-1] == list(result.curve[-1])
        assert summary["target"]["channels"] == 2
        assert "numpy" in summary["versions"]
        assert not summary["interrupted"]

    def test_is_plain(self, result):
        json.dumps(result.summary(), allow_nan=False)

    def test_in_words_fits_a_terminal(self, result):
        lines = result.describe().splitlines()
        assert lines[0].startswith(f"similarity {result.similarity:.0f} of 100, 200 renders in ")
        assert max(map(len, lines)) <= 80
        assert all(name in lines[2] + lines[3] for name in names())

    def test_tells_what_was_cut_and_turned(self, result):
        part = replace(result.overview, seconds=2400.0, window_s=(30.0, 34.0), note=None)
        info = {**result.target_info, "gain_db": -14.5}
        cut = replace(result, renders=1, overview=part, target_info=info, lacks=())
        lines = cut.describe().splitlines()
        assert ", 1 render in " in lines[0]
        assert lines[-3:] == [
            "matched from 30 s to 34 s of a recording of 40 min 0 s",
            f"the loudest part of the recording, at {duration(part.loudest_s)}, was not matched",
            "searched down by 14.5 dB: turn the patch up by 14.5 dB to meet the recording",
        ]

    def test_tells_which_note_was_matched(self, result):
        notes = ((1.0, 2.0), (3.0, 4.5), (5.0, 6.0))
        several = replace(
            result.overview, seconds=6.0, window_s=notes[1], notes_s=notes, note=1, loudest_s=3.2
        )
        assert "the recording holds three notes; matched number 2, the loudest, from 3 s to 4.5 s" in (
            replace(result, overview=several).describe().replace("\n  ", " ")
        )

    def test_tells_what_it_lacks(self, result):
        point = WeakPoint("attack", 0.01, 0.04, "s", 2.0, "Its attack is slower: 40 ms instead of 10 ms.")
        weak = replace(
            result, lacks=(point,), out_of_reach=("a chord (C4 and E4): one key sounds one pitch",)
        )
        assert point.words in weak.describe().splitlines()
        assert "out of this synth's reach: a chord (C4 and E4)" in weak.describe()
        assert weak.summary()["lacks"] == [
            {
                "aspect": "attack", "target": 0.01, "match": 0.04, "unit": "s", "weight": 2.0,
                "words": "Its attack is slower: 40 ms instead of 10 ms.",
            }
        ]  # fmt: skip
        assert weak.summary()["out_of_reach"] == ["a chord (C4 and E4): one key sounds one pitch"]

    def test_tells_that_there_was_nothing_but_noise(self, result):
        noise = replace(result, target_info={**result.target_info, "only_noise": True})
        assert "nothing stands out of the noise" in noise.describe()
