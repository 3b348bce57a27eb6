import json
import math
import resource
import shutil
from contextlib import contextmanager
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pytest

from tonewright import audio
from tonewright.errors import (
    CheckpointError,
    OutputError,
    UnknownNameError,
    UsageError,
)
from tonewright.learning.runs import Run, read_metrics
from tonewright.measuring.provenance import provenance

CONFIG = {"synth": "serum-lite", "hidden": [256, 256], "rate": 3e-4}
PNG = bytes.fromhex(  # one grey pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b55"
    "0000000a49444154789c636800000082008177cd72b6"
    "0000000049454e44ae426082"
)


def create(folder, **kwargs):
    return Run.create(folder, CONFIG, 7, **({"sinks": ()} | kwargs))


class TestCreate:
    def test_all_that_makes_the_run_again_is_written_down(self, tmp_path):
        with create(tmp_path / "run") as run:
            assert (run.config, run.seed, run.first_step, run.checkpoint) == (CONFIG, 7, 0, None)
        document = json.loads((tmp_path / "run" / "config.json").read_text())
        assert document["format"] == "tonewright-run"
        assert (document["config"], document["seed"], document["sinks"]) == (CONFIG, 7, [])
        assert document["versions"]["numpy"] == np.__version__
        assert {"platform", "cpus", "git"} <= document.keys()

    def test_the_configuration_is_as_json_gives_it_back(self, tmp_path):
        with Run.create(tmp_path / "run", {"hidden": (2, 3)}, 0, sinks=()) as run:
            assert run.config == {"hidden": [2, 3]}

    def test_a_run_is_never_written_over(self, tmp_path):
        create(tmp_path / "run").close()
        with pytest.raises(OutputError, match="not empty"):
            create(tmp_path / "run")

    @pytest.mark.parametrize("config", [{"a": math.nan}, {"a": {1, 2}}, {"a": np.zeros(3)}])
    def test_a_configuration_json_cannot_hold_leaves_no_folder(self, tmp_path, config):
        with pytest.raises(UsageError, match="numbers, text, lists and mappings only"):
            Run.create(tmp_path / "run", config, 0)
        assert not (tmp_path / "run").exists()

    def test_nor_does_an_unknown_sink(self, tmp_path):
        with pytest.raises(UnknownNameError, match="did you mean 'tensorboard'"):
            create(tmp_path / "run", sinks=["tensorbord"])
        assert not (tmp_path / "run").exists()

    def test_a_full_disk_is_noticed_at_the_start(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
        with pytest.raises(OutputError, match=r"needs 16 MiB .*, and 1 MiB are free"):
            create(tmp_path / "run")


def lines(folder):
    return (folder / "metrics.jsonl").read_text().splitlines()


class TestLog:
    def test_one_line_a_step(self, tmp_path):
        with create(tmp_path / "run") as run:
            run.log(0, {"loss/policy": 0.1, "return": np.float32(0.5), "count": 3})
            run.log(1, {"loss/policy": 1 / 3})
            # Readable while the run goes on, and exact.
            first, second = (json.loads(line) for line in lines(run.folder))
        assert list(first) == ["step", "wall_s", "loss/policy", "return", "count"]
        assert first | {"wall_s": 0} == {
            "step": 0,
            "wall_s": 0,
            "loss/policy": 0.1,
            "return": 0.5,
            "count": 3,
        }
        assert second["loss/policy"] == 1 / 3
        assert 0 <= first["wall_s"] <= second["wall_s"]

    def test_what_is_not_finite_becomes_null(self, tmp_path):
        with create(tmp_path / "run") as run:
            run.log(0, {"a": math.nan, "b": -math.inf, "c": 1})
        fields = read_metrics(tmp_path / "run")[0]
        assert (fields["a"], fields["b"], fields["c"]) == (None, None, 1)

    @pytest.mark.parametrize("name", ["step", "wall_s"])
    def test_two_names_are_taken(self, tmp_path, name):
        with create(tmp_path / "run") as run, pytest.raises(UsageError, match="choose other names"):
            run.log(0, {name: 1.0})

    def test_a_full_disk_is_a_clear_error_and_costs_only_the_line(self, tmp_path):
        with create(tmp_path / "run") as run:
            run.log(0, {"a": 1.0})
            log = run.folder / "metrics.jsonl"
            with largest_file(log.stat().st_size + 10):
                with pytest.raises(
                    OutputError, match=r"cannot write to the run .*; set that right, then resume"
                ):
                    run.log(1, {"a": 2.0})
                run.close()
        assert [fields["step"] for fields in read_metrics(tmp_path / "run")] == [0]


@contextmanager
def largest_file(size):
    """Let no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestReadMetrics:
    def test_an_unfinished_last_line_is_left_out(self, tmp_path):
        with create(tmp_path / "run") as run:
            run.log(0, {"a": 1.0})
            with (run.folder / "metrics.jsonl").open("a") as file:
                file.write('{"step": 1, "wal')
        assert [fields["step"] for fields in read_metrics(tmp_path / "run")] == [0]

    @pytest.mark.parametrize(
        "line", ["{", "[]", "null", '{"step": "a", "wall_s": 1}', '{"step": 1}', "[" * 100_000]
    )
    def test_a_damaged_line_is_named(self, tmp_path, line):
        (tmp_path / "metrics.jsonl").write_text('{"step": 0, "wall_s": 0.1}\n' + line + "\n")
        with pytest.raises(CheckpointError, match=r"line 2 of .* is damaged"):
            read_metrics(tmp_path)

    def test_no_log(self, tmp_path):
        with pytest.raises(CheckpointError, match="no such file"):
            read_metrics(tmp_path)


class TestSoundsAndPictures:
    def test_they_lie_under_their_step(self, tmp_path):
        samples = np.sin(np.arange(800) / 9).astype(np.float32) * 2
        with create(tmp_path / "run") as run:
            run.audio("target-3", samples, 16_000, 40)
            run.audio("stereo", np.stack([samples, -samples]), 16_000, 40)
            run.picture("curve", PNG, 40)
        clip = audio.read(tmp_path / "run/audio/00000040/target-3.wav")
        np.testing.assert_array_equal(clip.samples, samples[None])  # float: no clipping
        assert audio.read(tmp_path / "run/audio/00000040/stereo.wav").channels == 2
        assert (tmp_path / "run/pictures/00000040/curve.png").read_bytes() == PNG

    def test_an_evaluation_that_is_made_again_replaces_the_first(self, tmp_path):
        with create(tmp_path / "run") as run:
            for level in (0.1, 0.2):
                run.audio("a", np.full(8, level, np.float32), 16_000, 1)
        assert audio.read(tmp_path / "run/audio/00000001/a.wav").peak == pytest.approx(0.2)

    @pytest.mark.parametrize("name", ["", "../a", "a/b", "/a", ".a", "a\n", "a b"])
    def test_a_name_stays_in_its_folder(self, tmp_path, name):
        with create(tmp_path / "run") as run:
            with pytest.raises(UsageError, match="named by letters, digits"):
                run.picture(name, PNG, 0)
            with pytest.raises(UsageError, match="named by letters, digits"):
                run.audio(name, np.zeros(8), 16_000, 0)


class Training:
    """Adds up random numbers, and logs the sum at each step."""

    def __init__(self):
        torch = pytest.importorskip("torch")
        from tonewright.learning.checkpoints import TrainingState

        self.net = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.net.weight)
        self.rng = np.random.default_rng(0)
        self.state = TrainingState({"net": self.net}, {}, {"rng": self.rng})

    def go_on(self, run, steps):
        run.restore(self.state)
        for step in range(run.first_step, steps):
            self.net.weight.data += self.rng.normal()
            run.log(step, {"sum": self.net.weight.item()})
            if step % 3 == 2:
                run.save(step, self.state, {"step": step})


def sums(folder):
    return [(fields["step"], fields["sum"]) for fields in read_metrics(folder)]


class TestResume:
    def test_a_run_that_was_killed_ends_as_if_it_never_had_been(self, tmp_path):
        with create(tmp_path / "whole") as run:
            Training().go_on(run, 10)
        with create(tmp_path / "killed") as killed:
            Training().go_on(killed, 8)
        with (killed.folder / "metrics.jsonl").open("a") as file:
            file.write('{"step": 8, "wall')
        with Run.resume(tmp_path / "killed") as run:
            assert (run.config, run.seed, run.first_step) == (CONFIG, 7, 6)
            assert [fields["step"] for fields in read_metrics(run.folder)] == [0, 1, 2, 3, 4, 5]
            Training().go_on(run, 10)
        assert sums(tmp_path / "killed") == sums(tmp_path / "whole")

    def test_one_process_at_a_time(self, tmp_path):
        with create(tmp_path / "run") as run:
            Training().go_on(run, 8)
            with pytest.raises(
                UsageError, match=r"another process is training in .*; wait for it or stop it"
            ):
                Run.resume(tmp_path / "run")
            assert len(read_metrics(tmp_path / "run")) == 8
        Run.resume(tmp_path / "run").close()

    def test_the_values_of_the_checkpoint_come_back(self, tmp_path):
        with create(tmp_path / "run") as run:
            assert (run.checkpoint, run.restore(Training().state)) == (None, None)
            Training().go_on(run, 3)
            assert (run.checkpoint.name, run.first_step) == ("00000002", 0)
        with Run.resume(tmp_path / "run") as run:
            checkpoint = run.restore(Training().state)
        assert (checkpoint.step, checkpoint.values) == (2, {"step": 2})

    def test_wall_time_goes_on_where_it_stopped(self, tmp_path):
        with create(tmp_path / "run") as run:
            Training().go_on(run, 3)
        log = tmp_path / "run" / "metrics.jsonl"
        *first, last = map(json.loads, log.read_text().splitlines())
        changed = [*first, last | {"wall_s": 1000.0}]
        log.write_text("".join(json.dumps(fields) + "\n" for fields in changed))
        with Run.resume(tmp_path / "run") as run:
            run.log(3, {})
        assert read_metrics(tmp_path / "run")[-1]["wall_s"] >= 1000

    def test_without_a_checkpoint_it_starts_again(self, tmp_path):
        with create(tmp_path / "run") as run:
            run.log(0, {"a": 1.0})
        with Run.resume(tmp_path / "run") as run:
            assert (run.first_step, run.checkpoint, read_metrics(run.folder)) == (0, None, [])

    def test_nothing_is_cut_while_the_last_checkpoint_is_damaged(self, tmp_path):
        with create(tmp_path / "run") as run:
            Training().go_on(run, 8)
        (tmp_path / "run/checkpoints/00000005/tensors.safetensors").write_bytes(b"")
        before = lines(tmp_path / "run")
        with pytest.raises(CheckpointError, match=r"00000005.*, or remove its folder to resume from the one"):
            Run.resume(tmp_path / "run")
        assert lines(tmp_path / "run") == before

    @pytest.mark.parametrize(
        ("name", "content", "complaint"),
        [
            ("config.json", "{}", 'with "format": "tonewright-run"'),
            ("config.json", '{"format": "tonewright-run", "format_version": 99}', "update tonewright"),
            ("config.json", '{"format": "tonewright-run", "format_version": 1}', 'needs the field "config"'),
            ("metrics.jsonl", "{}\n", "line 1 of .* is damaged"),
        ],
    )
    def test_a_damaged_folder(self, tmp_path, name, content, complaint):
        create(tmp_path / "run").close()
        (tmp_path / "run" / name).write_text(content)
        with pytest.raises(CheckpointError, match=complaint):
            Run.resume(tmp_path / "run")

    def test_no_run(self, tmp_path):
        with pytest.raises(CheckpointError, match=r"run' holds no run"):
            Run.resume(tmp_path / "run")

    @pytest.mark.parametrize(("sinks", "error"), [(["nowhere"], UnknownNameError), ([3], UnknownNameError)])
    def test_a_sink_that_is_not_there(self, tmp_path, sinks, error):
        create(tmp_path / "run").close()
        path = tmp_path / "run" / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"sinks": sinks}))
        with pytest.raises(error, match="no sink is called"):
            Run.resume(tmp_path / "run")


class Recorder:
    """A sink that remembers."""

    def __init__(self):
        self.calls = []

    def log(self, step, scalars):
        self.calls.append(("log", step, scalars))

    def audio(self, step, name, path):
        self.calls.append(("audio", step, name, path.name))

    def picture(self, step, name, path):
        self.calls.append(("picture", step, name, path.name))

    def close(self):
        self.calls.append(("close",))


def test_sinks_are_shown_all_there_is(tmp_path, monkeypatch):
    recorder, opened = Recorder(), []

    def open_recorder(names, folder, config, first_step):
        opened.append((names, folder.name, config, first_step))
        return [recorder]

    monkeypatch.setattr("tonewright.learning.runs.open_sinks", open_recorder)
    with create(tmp_path / "run", sinks=["tensorboard"]) as run:
        run.log(0, {"a": 1})
        run.audio("x", np.zeros(8), 16_000, 0)
        run.picture("y", PNG, 0)
    assert opened == [(["tensorboard"], "run", CONFIG, 0)]
    assert recorder.calls == [
        ("log", 0, {"a": 1.0}),
        ("audio", 0, "x", "x.wav"),
        ("picture", 0, "y", "y.png"),
        ("close",),
    ]


class TestProvenance:
    def test_versions_are_those_installed(self):
        found = provenance()
        assert found["versions"]["tonewright"] == version("tonewright")
        assert "python" in found["versions"]
        assert json.loads(json.dumps(found)) == found

    def test_outside_a_repository_there_is_no_commit(self, tmp_path, monkeypatch):
        (tmp_path / "provenance.py").touch()
        monkeypatch.setattr("tonewright.measuring.provenance.__file__", str(tmp_path / "provenance.py"))
        assert provenance()["git"] is None

    def test_nor_without_git(self, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert provenance()["git"] is None
