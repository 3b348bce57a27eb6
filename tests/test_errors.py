import inspect
import pickle

import pytest

from tonewright import errors
from tonewright.errors import (
    AudioError,
    BriefError,
    CheckpointError,
    CorpusError,
    DeviceError,
    GenerationError,
    MissingExtraError,
    OutputError,
    PresetError,
    SceneError,
    ScoreError,
    SessionError,
    SynthError,
    TableError,
    TonewrightError,
    UnknownNameError,
    UsageError,
    WorkerError,
)

EXAMPLES = [
    TonewrightError("rule"),
    UsageError("rule"),
    UnknownNameError("synth", "serum", ["serum-lite", "other"]),
    MissingExtraError("pyarrow", "parquet", "writing Parquet"),
    AudioError("rule"),
    PresetError("rule"),
    SynthError("rule"),
    CheckpointError("rule"),
    CorpusError("rule"),
    TableError("rule"),
    DeviceError("rule"),
    SessionError("rule"),
    ScoreError("rule"),
    GenerationError("rule"),
    BriefError("rule"),
    SceneError("rule"),
    WorkerError("rule"),
    OutputError("rule"),
]


def test_examples_cover_the_whole_tree():
    tree = {
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    }
    assert tree == {type(error) for error in EXAMPLES}
    for kind in tree:
        assert issubclass(kind, TonewrightError)
        assert kind.__name__ in errors.__doc__
        assert kind.__doc__


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_travel_between_processes(error):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_exit_code_is_2_for_a_wrong_request_and_1_for_a_failure(error):
    assert error.exit_code == (2 if isinstance(error, UsageError) else 1)
    assert isinstance(error, UsageError) == isinstance(error, ValueError)


def test_a_near_name_is_suggested_and_otherwise_all_are_listed():
    assert str(EXAMPLES[2]) == "no synth is called 'serum'; did you mean 'serum-lite'?"
    assert str(UnknownNameError("synth", "xyz", ["b", "a"])) == "no synth is called 'xyz'; choose from: a, b"


def test_a_name_with_a_line_feed_stays_in_one_line():
    assert "\n" not in str(UnknownNameError("synth", "a\nb", ["x"]))


def test_the_extra_to_install_is_named():
    assert "pip install -c constraints.txt -e '.[parquet]'" in str(EXAMPLES[3])
