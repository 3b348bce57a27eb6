"""A disk of one MiB, which only the process that runs on it sees."""

import os
import shutil
import subprocess
import sys

import pytest

needs_small_disk = pytest.mark.skipif(
    not shutil.which("unshare"), reason="needs a way to mount a small disk: apt-get install util-linux"
)


def python_on_small_disk(folder, *words, **environment):
    """Run Python in a folder in which `disk` is such a disk; what became of it.

    Args:
        folder: Where it runs; `disk` is made there.
        *words: After `python`.
        **environment: More variables.
    """
    (folder / "disk").mkdir()
    mount = 'mount -t tmpfs -o size=1m none disk 2>/dev/null || exit 99; exec "$@"; '
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, *map(str, words)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    if done.returncode in (1, 99) and "tonewright" not in done.stderr:
        pytest.skip("this machine lets nobody mount a disk")
    return done
