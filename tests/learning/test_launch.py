import json
from dataclasses import asdict, dataclass

import pytest

from tonewright.errors import CheckpointError, UnknownNameError, UsageError
from tonewright.learning.launch import open_run, resume_run, stoppable
from tonewright.learning.runs import read_metrics


@dataclass(frozen=True)
class Config:
    updates: int = 5
    synth: str = "serum-lite"


@dataclass(frozen=True)
class Other(Config):
    pass


def run_config(config):
    return {"recipe": "mine", **asdict(config)}


def begin(folder, **options):
    run, config = open_run(folder, Config, run_config, sinks=(), **options)
    run.close()
    return run, config


class TestOpen:
    def test_options_go_before_the_file_and_the_file_before_defaults(self, tmp_path):
        (tmp_path / "config.json").write_text('{"updates": 7, "synth": "other"}')
        run, config = begin(
            tmp_path / "run",
            config_file=tmp_path / "config.json",
            options={"updates": 9, "synth": None},
            seed=3,
        )
        assert config == Config(9, "other")
        assert (run.config, run.seed) == ({"recipe": "mine", "updates": 9, "synth": "other"}, 3)

    def test_the_configuration_of_a_run_is_taken_as_it_is(self, tmp_path):
        begin(tmp_path / "run", options={"updates": 9})
        path = tmp_path / "run" / "config.json"
        assert begin(tmp_path / "again", config_file=path)[1] == Config(9)
        (tmp_path / "inner.json").write_text('{"recipe": "mine", "updates": 3}')
        assert begin(tmp_path / "third", config_file=tmp_path / "inner.json")[1] == Config(3)
        (tmp_path / "inner.json").write_text('{"recipe": "other", "updates": 3}')
        with pytest.raises(UsageError, match="configures a 'other', and this is 'mine'; choose another file"):
            begin(tmp_path / "fourth", config_file=tmp_path / "inner.json")

    def test_what_cannot_start_leaves_no_folder(self, tmp_path):
        def refuse(config):
            raise UsageError("no such synth")

        with pytest.raises(UsageError, match="no such synth"):
            begin(tmp_path / "run", try_out=refuse)
        (tmp_path / "config.json").write_text('{"update": 7}')
        with pytest.raises(UnknownNameError, match="did you mean 'updates'"):
            begin(tmp_path / "run", config_file=tmp_path / "config.json")
        assert not (tmp_path / "run").exists()

    def test_makes_the_folders_above_it(self, tmp_path):
        begin(tmp_path / "my" / "runs" / "one")
        assert (tmp_path / "my" / "runs" / "one" / "config.json").exists()

    def test_a_folder_with_a_run_is_not_begun_anew(self, tmp_path):
        begin(tmp_path / "run")
        with pytest.raises(UsageError, match="holds a run; choose another folder, or go on with --resume"):
            begin(tmp_path / "run")


class TestResume:
    def test_goes_on_as_it_was_configured(self, tmp_path):
        begin(tmp_path / "run", options={"updates": 11}, seed=4)
        run, config = resume_run(tmp_path / "run", Config, run_config)
        run.close()
        assert (config, run.seed, run.first_step) == (Config(11), 4, 0)

    def test_more_updates_take_the_place_of_those_configured(self, tmp_path):
        folder = tmp_path / "run"
        begin(folder, options={"updates": 11, "synth": "mine"}, seed=4)
        (folder / "checkpoints" / "00000006").mkdir()
        with pytest.raises(UsageError, match=r"has done 7; got 6 in all; ask for more than 7 to train on"):
            resume_run(folder, Config, run_config, updates=6)
        assert json.loads((folder / "config.json").read_text())["config"]["updates"] == 11
        (folder / "checkpoints" / "00000006").rmdir()
        run, config = resume_run(folder, Config, run_config, updates=20)
        run.close()
        assert (config, run.config) == (Config(20, "mine"), run_config(config))
        document = json.loads((folder / "config.json").read_text())
        assert document["config"] == run_config(config)
        assert document["earlier"] == [{"until_step": 0, "config": run_config(Config(11, "mine"))}]
        for again in (None, 20):  # as it is configured by now
            run, config = resume_run(folder, Config, run_config, updates=again)
            run.close()
            assert config == Config(20, "mine")
        assert json.loads((folder / "config.json").read_text()) == document

    def test_a_run_that_another_process_is_at_is_not_extended(self, tmp_path):
        begin(tmp_path / "run")
        before = (tmp_path / "run" / "config.json").read_text()
        with (
            resume_run(tmp_path / "run", Config, run_config)[0],
            pytest.raises(UsageError, match="another process is training"),
        ):
            resume_run(tmp_path / "run", Config, run_config, updates=20)
        assert (tmp_path / "run" / "config.json").read_text() == before

    def test_what_is_refused_leaves_the_log_as_it_was(self, tmp_path):
        run, _ = open_run(tmp_path / "run", Config, run_config, sinks=())
        with run:
            run.log(0, {"loss": 0.5})
        path = tmp_path / "run" / "config.json"
        path.write_text(path.read_text().replace('"updates"', '"update"'))
        with pytest.raises(UnknownNameError, match="did you mean 'updates'"):
            resume_run(tmp_path / "run", Config, run_config)
        assert len(read_metrics(tmp_path / "run")) == 1

    def test_another_recipe_is_refused(self, tmp_path):
        begin(tmp_path / "run")
        with pytest.raises(UsageError, match="is a run of recipe 'mine'; resume it with that verb"):
            resume_run(tmp_path / "run", Other, lambda config: {"recipe": "other"})

    def test_no_run_is_told(self, tmp_path):
        with pytest.raises(CheckpointError, match="holds no run"):
            resume_run(tmp_path, Config, run_config)


def test_ctrl_c_says_what_is_kept(tmp_path):
    run, _ = open_run(tmp_path / "run", Config, run_config, sinks=())
    with (
        pytest.raises(
            KeyboardInterrupt, match=r"nothing is kept yet; begin again with: .* -o .*run --resume"
        ),
        stoppable(run, "tonewright train match"),
    ):
        raise KeyboardInterrupt
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["config"]["recipe"] == "mine"
