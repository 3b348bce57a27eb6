"""Kernels run wherever compiled code can be kept, or cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tonewright

PACKAGE = Path(tonewright.__file__).parent
KERNEL = """
from tonewright.compiling import njit

@njit(cache=True, nogil=True)
def double(value):
    return 2 * value
"""
CALL = """
import kernel
assert kernel.double(21) == 42
print(sum(kernel.double.stats.cache_hits.values()), sum(kernel.double.stats.cache_misses.values()))
"""
TEMPORARY = "tonewright: compiled code is kept in '{}', as nothing else can be written\n"
NOWHERE = "; name a folder for it in NUMBA_CACHE_DIR\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps users apart in another way")


@pytest.fixture
def places(tmp_path):
    """Folders of an installation that can be written, and of temporary files; there is no home."""
    for name in ("installed", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "installed" / "kernel.py").write_text(KERNEL)
    return tmp_path


@pytest.fixture
def call(places):
    """Run code as a user who has no more rights than others, even if it is root; gives stdout and stderr."""

    def run(code=CALL, limit_bytes=None, **variables):
        command = [sys.executable, "-c", code]
        if os.getuid() == 0:
            if not shutil.which("setpriv"):
                pytest.skip("root can write everywhere, and setpriv is not here to prevent it")
            command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
        if limit_bytes is not None:
            command = ["sh", "-c", f'ulimit -f {limit_bytes // 512}; exec "$@"', "sh", *command]
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("NUMBA_", "TONEWRIGHT_"))
            },
            "PYTHONPATH": os.pathsep.join([str(places / "installed"), str(PACKAGE.parent)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(places / "installed" / "home"),
            "TMPDIR": str(places / "temporary"),
            **variables,
        }
        environment.pop("XDG_CACHE_HOME", None)
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=places)
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    return run


def cached(folder, ending):
    return sorted(folder.rglob(f"*.{ending}"))


def test_what_was_compiled_once_is_found_again(places, call):
    assert call() == ("0 1\n", "")
    assert call() == ("1 0\n", "")
    assert len(cached(places / "installed" / "__pycache__", "nbc")) == 1


DAMAGES = {
    "emptied": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "changed": lambda content: content[:-9] + bytes([content[-9] ^ 0x55]) + content[-8:],
}


def test_a_damaged_cache_is_made_anew(places, call):
    """Each of its files in each way; machine code that was changed is never run."""
    names = [f"{damage}_{ending}" for damage in DAMAGES for ending in ("nbi", "nbc")]
    kernels = [KERNEL.replace("double", name) for name in names]
    (places / "installed" / "kernel.py").write_text("".join(kernels))
    code = f"""
import kernel
for name in {names}:
    function = getattr(kernel, name)
    assert function(21) == 42
    print(name, sum(function.stats.cache_hits.values()))
"""
    for hits, harm in ((0, True), (0, False), (1, False)):
        out, err = call(code)
        assert (out, err) == ("".join(f"{name} {hits}\n" for name in names), "")
        if harm:
            for name in names:
                damage, ending = name.split("_")
                (file,) = (places / "installed").rglob(f"kernel.{name}-*.{ending}")
                file.write_bytes(DAMAGES[damage](file.read_bytes()))


def test_where_nothing_can_be_written_the_temporary_folder_serves(places, call):
    (places / "installed").chmod(0o555)
    told = TEMPORARY.format(places / "temporary")
    assert call() == ("0 1\n", told)
    assert call() == ("1 0\n", told)
    (folder,) = (places / "temporary").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_but_not_a_folder_that_others_can_write_to(places, call):
    """What lies in it is executed."""
    (places / "installed").chmod(0o555)
    call()
    (folder,) = (places / "temporary").iterdir()
    folder.chmod(0o777)
    out, err = call()
    assert out == "0 1\n"
    assert err.startswith(f"tonewright: compiled code cannot be kept ('{folder}' is not yours alone), and")
    assert err.endswith(NOWHERE)
    assert err.count("\n") == 1


def test_where_even_that_is_missing_nothing_is_kept(places, call):
    (places / "installed").chmod(0o555)
    (places / "temporary" / f"tonewright-numba-{os.getuid()}").touch()  # a file in its place
    out, err = call()
    assert out == "0 1\n"
    assert err.startswith("tonewright: compiled code cannot be kept (")
    assert err.endswith(NOWHERE)
    assert err.count("\n") == 1


def test_a_full_disk_is_told_once_and_kernels_run(places, call):
    second = KERNEL.replace("double", "treble").replace("2 *", "3 *")
    (places / "installed" / "kernel.py").write_text(KERNEL + second)
    code = "import kernel; assert kernel.double(2) + kernel.treble(2) == 10"
    _, err = call(code, limit_bytes=1024)  # of any file; the system refuses what is larger
    reason = f"cannot write to '{places}/installed/__pycache__': file too large"
    assert err == (
        f"tonewright: compiled code cannot be kept ({reason}), and each start takes a minute longer{NOWHERE}"
    )
    assert cached(places, "nbc") == []
    assert call(code) == ("", "")
    assert len(cached(places, "nbc")) == 2


def test_the_whole_package_starts_where_it_cannot_be_written(places, call):
    installed = places / "read-only"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, installed / "tonewright", ignore=ignored)
    for path in (installed, *installed.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = """
import tonewright as tw
assert tw.__file__.startswith({!r}), tw.__file__
from tonewright.distances import TrainingLoss
from tonewright.features import hear
from tonewright.synths.serum_lite import kernel
"""
    told = TEMPORARY.format(places / "temporary")
    home = {"PYTHONPATH": str(installed), "HOME": str(installed / "home")}
    try:
        assert call(code.format(str(installed)), **home) == ("", told)
    finally:
        for path in (installed, *installed.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)


def test_only_the_main_process_tells(places, call):
    (places / "installed").chmod(0o555)
    (places / "main.py").write_text("""
from multiprocessing import get_context
import kernel
if __name__ == "__main__":
    with get_context("spawn").Pool(2) as pool:
        print(pool.map(kernel.double, [1, 2]))
""")
    told = TEMPORARY.format(places / "temporary")
    code = "import runpy; runpy.run_path('main.py', run_name='__main__')"
    assert call(code) == ("[2, 4]\n", told)
