import json
import subprocess
import sys

import pytest

from tonewright.errors import GenerationError, OutputError, UsageError
from tonewright.prompting.generators.stable_audio.environment import (
    VARIABLE,
    environment_folder,
    environment_python,
    make_environment,
)


@pytest.fixture
def no_network(monkeypatch):
    """pip looks nowhere."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert environment_folder() == tmp_path / "caches" / "tonewright" / "stable-audio"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert environment_folder() == tmp_path / "named"
    assert environment_folder(tmp_path / "given") == tmp_path / "given"


def test_its_python_is_another_one_and_has_the_library(environment):
    python = environment_python(environment)
    script = "import sys, importlib.metadata as m; print(sys.prefix, m.version('stable-audio-tools'))"
    found = subprocess.run([python, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(environment), "0.0.19"]
    told = []
    assert make_environment(environment, tell=told.append) == environment
    assert told == []  # it is there


def test_one_that_cannot_be_made_leaves_nothing(no_network, tmp_path):
    told = []
    place = tmp_path / "new" / "environment"
    with pytest.raises(GenerationError) as caught:
        make_environment(place, tell=told.append)
    assert str(caught.value).startswith(
        "pip cannot install: No matching distribution found for einops==0.8.2"
    )
    assert told == [f"filling {place}"]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="make it with `tonewright generate setup`"):
        environment_python(place)


def test_a_folder_that_holds_something_else_is_kept(no_network, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="the folder is not empty"):
            make_environment(tmp_path, overwrite=overwrite)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_one_of_another_version_is_not_used(environment, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    mark = json.loads((environment / "tonewright.json").read_text())
    for content in (json.dumps(mark | {"recipe": "old"}), "{", ""):
        (tmp_path / "tonewright.json").write_text(content)
        with pytest.raises(UsageError, match="got none at"):
            environment_python(tmp_path)
    (tmp_path / "tonewright.json").write_text(json.dumps(mark))
    assert environment_python(tmp_path) == tmp_path / "bin" / "python"
