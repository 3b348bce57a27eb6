"""A sketch that has hardly been trained: enough to see that all of it works."""

import pytest


@pytest.fixture(scope="session")
def songbook(tmp_path_factory):
    from tonewright.prompting.generators.sketch.songbook import make_songbook

    path = tmp_path_factory.mktemp("songbook") / "songbook.npz"
    make_songbook(3, seed=3).save(path)
    return path


@pytest.fixture(scope="session")
def trained(songbook, tmp_path_factory):
    """Folder of a run of a few updates."""
    pytest.importorskip("torch")
    from tonewright.learning.runs import Run
    from tonewright.prompting.generators.sketch.training import (
        SketchConfig,
        export_sketch,
        run_config,
        train_sketch,
    )

    folder = tmp_path_factory.mktemp("sketch") / "run"
    config = SketchConfig(
        str(songbook), updates=3, batch=8, width=32, depth=1, log_every=1, checkpoint_every=2
    )
    with Run.create(folder, run_config(config), 0, sinks=()) as run:
        flow, words = train_sketch(run, config)
        export_sketch(folder / "sketch.onnx", flow, words, config)
    return folder
