import json
import sys
from types import ModuleType

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import MissingExtraError, OutputError, UnknownNameError, UsageError
from tonewright.learning.sinks import SINKS, check_sinks, open_sinks

PNG = bytes.fromhex(  # one grey pixel
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


def show(sink, folder, steps):
    """Log some steps, then a sound and a picture."""
    write(folder / "tone.wav", Clip(np.ones((2, 80), np.float32) / 2, 16_000), overwrite=True)
    (folder / "curve.png").write_bytes(PNG)
    for step, loss in steps.items():
        sink.log(step, {"loss/policy": loss, "entropy": float("nan")})
    sink.audio(step, "target-3", folder / "tone.wav")
    sink.picture(step, "curve", folder / "curve.png")
    sink.close()


def test_unknown_and_missing_sinks_are_named(monkeypatch):
    check_sinks([])
    with pytest.raises(UnknownNameError, match="no sink is called 'tensorbord'; did you mean 'tensorboard'"):
        check_sinks(["tensorbord"])
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.setitem(sys.modules, "wandb", None)
    for name, extra in zip(SINKS, ("train", "track"), strict=True):
        with pytest.raises(MissingExtraError, match=rf"'{name}' needs {name}; .*\.\[{extra}\]"):
            check_sinks([name])


class TestTensorBoard:
    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("tensorboard")

    def read(self, folder):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        return EventAccumulator(str(folder / "tensorboard")).Reload()

    def test_it_shows_numbers_sounds_and_pictures(self, tmp_path):
        (sink,) = open_sinks(["tensorboard"], tmp_path, {})
        show(sink, tmp_path, {0: 0.5, 1: 0.25})
        events = self.read(tmp_path)
        assert [(event.step, event.value) for event in events.Scalars("loss/policy")] == [(0, 0.5), (1, 0.25)]
        assert np.isnan([event.value for event in events.Scalars("entropy")]).all()
        (sound,), (picture,) = events.Audio("target-3"), events.Images("curve")
        assert (sound.step, sound.sample_rate, sound.length_frames) == (1, 16_000, 80)
        assert sound.encoded_audio_string == (tmp_path / "tone.wav").read_bytes()
        assert (picture.step, picture.width, picture.height) == (1, 1, 1)
        assert picture.encoded_image_string == PNG

    def test_it_shows_tables(self, tmp_path):
        (sink,) = open_sinks(["tensorboard"], tmp_path, {})
        sink.table(2, "held_out", ("brief", "reward"), [["a | b", "0.5"]])
        sink.close()
        events = self.read(tmp_path)
        (event,) = events.Tensors("held_out")
        assert set(events.PluginTagToContent("text")) == {"held_out"}
        assert event.step == 2
        assert event.tensor_proto.string_val[0].decode() == (
            "| brief | reward |\n| --- | --- |\n| a \\| b | 0.5 |"
        )

    def test_a_resumed_run_has_every_step_once(self, tmp_path):
        for first_step, steps in ((0, {0: 0.5, 1: 0.4, 2: 0.3}), (2, {2: 0.1, 3: 0.0})):
            (sink,) = open_sinks(["tensorboard"], tmp_path, {}, first_step)
            show(sink, tmp_path, steps)
        events = [(event.step, event.value) for event in self.read(tmp_path).Scalars("loss/policy")]
        np.testing.assert_allclose(events, [(0, 0.5), (1, 0.4), (2, 0.1), (3, 0.0)], rtol=1e-6)

    def test_numbers_are_there_while_the_run_goes_on(self, tmp_path):
        (sink,) = open_sinks(["tensorboard"], tmp_path, {})
        sink.log(0, {"a": 1.0})
        assert len(self.read(tmp_path).Scalars("a")) == 1
        sink.close()

    def test_torch_is_not_needed(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        (sink,) = open_sinks(["tensorboard"], tmp_path, {})
        show(sink, tmp_path, {0: 1.0})


def test_wandb_keeps_all_on_this_machine(tmp_path, monkeypatch, capfd):
    wandb = pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setitem(
        sys.modules, "openai", ModuleType("openai")
    )  # it would advertise another product then
    for place in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"WANDB_{place}_DIR", str(tmp_path / "own"))
    (sink,) = open_sinks(["wandb"], tmp_path, {"synth": "serum-lite"})
    sink.table(0, "held_out", ("brief", "reward"), [["a gong", "0.5"]])
    show(sink, tmp_path, {0: 0.5, 1: 0.25})
    wandb.teardown()  # what the end of the process does: its own process writes the rest
    (run,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    record = run.read_bytes()
    for word in (b"loss/policy", b"serum-lite", b"target-3", b"curve", tmp_path.name.encode()):
        assert word in record
    media = [path.suffix for path in run.parent.glob("files/media/**/*.*")]
    assert sorted(media) == [".json", ".png", ".wav"]
    (table,) = run.parent.glob("files/media/table/*.json")
    assert json.loads(table.read_text()) == {"columns": ["brief", "reward"], "data": [["a gong", "0.5"]]}
    assert capfd.readouterr() == ("", "")


def test_wandb_without_an_account_is_told_how_to_go_on(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")

    def refuse(**_):
        raise wandb.errors.UsageError("no account")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(
        UsageError, match=r"refuses to begin \(no account\); log in, or set WANDB_MODE=offline"
    ):
        open_sinks(["wandb"], tmp_path, {})


def test_a_folder_that_wandb_cannot_write_is_told(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    (tmp_path / "wandb").write_text("a file")
    with pytest.raises(OutputError, match=r"cannot write to '.*wandb': .*; make it writable, or leave that"):
        open_sinks(["wandb"], tmp_path, {})

    class Elsewhere:
        dir = str(tmp_path.parent / "elsewhere" / "files")

        def finish(self):
            pass

    monkeypatch.setattr(wandb, "init", lambda **settings: Elsewhere())  # as where it may not write
    with pytest.raises(OutputError, match="not allowed; make it writable"):
        open_sinks(["wandb"], tmp_path, {})
