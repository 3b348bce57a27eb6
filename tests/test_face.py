"""What `import tonewright` offers."""

import subprocess
import sys

import pytest

import tonewright as tw
from tonewright import synths

HEAVY = ("numpy", "numba", "scipy", "soundfile")


@pytest.mark.parametrize("name", tw.__all__)
def test_every_name_is_there(name):
    assert getattr(tw, name).__doc__


def test_presets_are_loaded_and_played():
    assert (tw.Preset, tw.render_preset) == (synths.Preset, synths.render_preset)
    assert dir(tw) == sorted(tw.__all__)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="module 'tonewright' has no attribute 'play'"):
        tw.play  # noqa: B018


def test_is_light():
    code = f"import sys, tonewright; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
