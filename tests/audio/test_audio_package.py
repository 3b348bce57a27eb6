import subprocess
import sys

import tonewright.audio


def test_importing_loads_no_heavy_library():
    heavy = ["scipy", "numba", "soundfile", "soxr", "pyloudnorm"]
    code = f"import sys, tonewright.audio; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there_and_documented():
    for name in tonewright.audio.__all__:
        assert getattr(tonewright.audio, name).__doc__, name
