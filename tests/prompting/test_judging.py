import json

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import BriefError
from tonewright.prompting.briefs.library import BRIEFS, FORMS, read_library
from tonewright.prompting.judging import judge, reference_embeddings, stereo
from tonewright.prompting.listening.analysis import listen
from tonewright.prompting.listening.embedding import embed

RATE_HZ = 44_100


def noise(seed, channels=1):
    sound = 0.1 * np.random.default_rng(seed).standard_normal((channels, RATE_HZ))
    return Clip(sound.astype(np.float32), RATE_HZ)


@pytest.fixture
def folder(tmp_path):
    """A folder of a brief with two references."""
    form, key = FORMS[BRIEFS]
    brief = {
        "id": "mine", "category": "sfx", "subcategory": "noise", "description": "a noise",
        "target": {"seconds": 1.0}, "baseline_prompt": "a noise", "references": ["one.wav", "two.wav"],
    }  # fmt: skip
    (tmp_path / BRIEFS).write_text(json.dumps({"format": form, "format_version": 1, key: [brief]}))
    (tmp_path / "references").mkdir()
    for seed, name in enumerate(("one.wav", "two.wav")):
        write(tmp_path / "references" / name, noise(seed))
    return tmp_path


def test_references_are_embedded_in_their_order(folder):
    known = read_library(folder)
    found = reference_embeddings(known.brief("mine"), known)
    paths = [folder / "references" / name for name in ("one.wav", "two.wav")]
    np.testing.assert_array_equal(found, np.concatenate([embed(listen(stereo(one)[None])) for one in paths]))
    assert reference_embeddings(known.brief("a dark pad"), known) is None
    assert judge(paths[0], known.brief("mine"), known).terms["style"]["references"].score > 0.5


def spoil_broken(path):
    path.write_bytes(path.read_bytes()[:3_000])


def spoil_text(path):
    path.write_text("no sound")


def spoil_silent(path):
    path.unlink()
    write(path, Clip(np.zeros((1, RATE_HZ), np.float32), RATE_HZ))


def spoil_wide(path):
    path.unlink()
    write(path, noise(0, channels=6))


@pytest.mark.parametrize("spoil", [spoil_broken, spoil_text, spoil_silent, spoil_wide])
def test_references_that_cannot_be_used_are_named_with_their_brief(folder, spoil):
    known = read_library(folder)
    spoil(folder / "references" / "two.wav")
    with pytest.raises(BriefError, match=r"^brief 'mine': a reference is a sound; .*two\.wav"):
        judge(folder / "references" / "one.wav", known.brief("mine"), known)


@pytest.mark.parametrize("instead", ["nothing", "a folder"])
def test_references_that_are_no_files_are_told_as_the_folder_is_read(folder, instead):
    path = folder / "references" / "two.wav"
    path.unlink()
    if instead == "a folder":
        path.mkdir()
    with pytest.raises(
        BriefError, match=r"brief 'mine': a reference is a file in references/.*got 'two\.wav'"
    ):
        read_library(folder)
