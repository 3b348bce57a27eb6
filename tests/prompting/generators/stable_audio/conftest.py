"""The real library in its environment, made once and kept, and tiny models of it."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from filelock import FileLock

from tonewright.errors import GenerationError
from tonewright.prompting.generators.stable_audio.environment import (
    VARIABLE,
    WORKER,
    environment_python,
    make_environment,
)


@pytest.fixture(scope="session")
def environment(request, tmp_path_factory):
    """Folder of the environment; it finds the packages of this one, so that little is fetched."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    beside = [sysconfig.get_path("purelib")]
    if os.environ.get(VARIABLE):
        return make_environment(beside=beside)
    # In the folder that pytest keeps, if it keeps one: what is made there is made whole.
    cache = getattr(request.config, "cache", None)
    folder = Path(cache.mkdir("stable-audio")) if cache else tmp_path_factory.mktemp("stable-audio")
    try:
        with FileLock(folder / "lock"):  # the processes of one run share it
            return make_environment(folder / "environment", beside=beside)
    except GenerationError as error:
        pytest.skip(f"there is no environment of stable-audio-tools: {error}")


@pytest.fixture(scope="session")
def models(environment, tmp_path_factory):
    """Folder of tiny models, one for each objective; the process finds their text encoder offline."""
    folder = tmp_path_factory.mktemp("models")
    tiny = Path(__file__).with_name("tiny.py")
    subprocess.run(
        [environment_python(environment), "-I", tiny, WORKER, folder], check=True, capture_output=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(folder))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


@pytest.fixture(scope="session")
def flow(models, environment):
    """A distilled model, as stable-audio-open-small is; one process of it for all tests."""
    from tonewright.prompting.generators.stable_audio.generator import StableAudio

    made = StableAudio(models / "rf_denoiser", environment=environment, answer_s=60.0)
    yield made
    made.close()
