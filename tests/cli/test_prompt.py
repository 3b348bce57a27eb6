import json

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.prompting.briefs.library import library
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.rewards.scoring import score


def test_a_sound_is_scored_against_a_brief(run, refuse, tmp_path):
    sound = play(compose("drums", "house", np.random.default_rng(0)).piece, 4.0)
    path = tmp_path / "loop.wav"
    write(path, Clip(sound, 44_100))
    text = "120 BPM house drum loop, kick, clap and hats, 2 bars"
    told = json.loads(run("prompt", "score", path, "--brief", text, "--json").out)
    assert told["total"] == pytest.approx(score(sound[None], brief_of_text(text))[0].total, abs=2e-3)
    printed = run("prompt", "score", path, "--brief", "drums-house-1").out
    assert "reward 0." in printed
    assert "pulse at 124 BPM" in printed
    assert "no brief is called 'drums-hous-1'; did you mean" in refuse(
        "prompt", "score", path, "--brief", "drums-hous-1", code=2
    )
    assert "names what it asks for" in refuse("prompt", "score", path, "--brief", "some thing", code=1)


def test_a_tick_is_a_sound_and_surround_is_none(run, refuse, tmp_path):
    tick, surround = tmp_path / "tick.wav", tmp_path / "surround.wav"
    rng = np.random.default_rng(0)
    write(tick, Clip(0.1 * rng.standard_normal((1, 800)).astype(np.float32), 44_100))
    write(surround, Clip(0.1 * rng.standard_normal((3, 44_100)).astype(np.float32), 44_100))
    card = json.loads(run("prompt", "score", tick, "--brief", "a clap one-shot", "--json").out)
    assert 0 < card["total"] < 1
    complaint = refuse("prompt", "score", surround, "--brief", "piano note", code=1)
    assert "one or two channels are scored; got 3" in complaint


def test_briefs_are_listed_and_made(run, refuse):
    assert len(json.loads(run("prompt", "briefs", "--json").out)["briefs"]) == len(library().briefs)
    made = json.loads(run("prompt", "briefs", "--make", "3", "--seed", "1", "--held-out", "--json").out)
    assert made["format"] == "tonewright-briefs"
    assert [brief["id"] for brief in made["briefs"]] == [f"held-out-1-{number}" for number in range(3)]
    assert "drums-techno-1" in run("prompt", "briefs").out
    assert "--make takes a whole number from 1; got '0'" in refuse("prompt", "briefs", "--make", "0", code=2)


def test_two_sounds_are_compared_on_a_page(run, refuse, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        sound = play(compose("drums", "house", rng).piece, 4.0)
        write(tmp_path / f"{name}.wav", Clip(sound, 44_100))
    words = (
        "prompt",
        "compare",
        tmp_path / "a.wav",
        tmp_path / "b.wav",
        "--brief",
        "120 BPM house drum loop",
    )
    page = tmp_path / "compare.html"
    printed = run(*words, "-o", page).out
    assert "a.wav: reward 0." in printed
    assert f"wrote {page}" in printed
    assert page.read_text("utf-8").startswith("<!doctype html>")
    told = json.loads(run(*words, "-o", page, "--overwrite", "--json").out)
    assert told["files"] == [str(page)]
    assert told["difference"] == pytest.approx(told["B"]["total"] - told["A"]["total"], abs=2e-4)
    assert "it exists" in refuse(*words, "-o", page, code=1)
    assert "a page ends in .html" in refuse(*words, "-o", tmp_path / "a.txt", code=2)


def test_learned_scorers_that_are_not_there(run, refuse, tmp_path):
    sound = tmp_path / "tick.wav"
    write(sound, Clip(0.1 * np.random.default_rng(0).standard_normal((1, 4_000)).astype(np.float32), 44_100))
    words = ("prompt", "score", sound, "--brief", "a clap one-shot", "--learned")
    assert "no learned scorer is called 'clop'; did you mean 'clap'" in refuse(*words, "clop", code=2)
    assert "--learned takes one value or more; got none" in refuse(*words, code=2)
    pytest.importorskip("transformers")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "pytorch_model.bin").write_bytes(b"pickle")
    complaint = refuse(*words, f"clap={tmp_path / 'model'}", code=1)
    assert "the weights of CLAP are *.safetensors; got 'pytorch_model.bin'" in complaint


def test_a_folder_is_compared_with_a_folder(run, refuse, tmp_path):
    for name, shape in (("a", 0.2), ("b", 2.0)):
        (tmp_path / name).mkdir()
        for seed in range(3):
            noise = (
                np.random.default_rng(seed).standard_normal((1, 22_050)) * np.linspace(1, 0, 22_050) ** shape
            )
            write(tmp_path / name / f"{seed}.wav", Clip((0.1 * noise).astype(np.float32), 44_100))
    words = ("prompt", "distance", tmp_path / "a", "--reference", tmp_path / "b")
    told = json.loads(run(*words, "--permutations", "99", "--seed", "1", "--json").out)
    assert told["mmd"] > 0.1
    assert {name: told[name] for name in ("permutations", "sounds", "reference_sounds", "skipped")} == {
        "permutations": 99, "sounds": 3, "reference_sounds": 3, "skipped": [],
    }  # fmt: skip
    (tmp_path / "a" / "text.wav").write_text("no sound")
    printed = run(*words)
    assert f"MMD {told['mmd']:.4f}: 3 sounds against 3" in printed.out
    assert "(1,000 permutations)" in printed.out
    assert "skipped 1 of 4 sounds" in printed.err
    assert "text.wav" in printed.err
    assert "there is no folder" in refuse(
        "prompt", "distance", tmp_path / "c", "--reference", tmp_path, code=2
    )
