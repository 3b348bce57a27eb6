import pytest

from tonewright.errors import UsageError
from tonewright.matching.episode_config import EpisodeConfig


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action_view": "everything"}, "action_view is one of modules, all; got 'everything'"),
        ({"seconds": 0.04}, "seconds is a number from 0.05 to 4; got 0.04"),
        ({"seconds": float("nan")}, "got nan"),
        ({"seconds": "a"}, "seconds is a number from 0.05 to 4; got 'a'"),
        ({"step_size": 0.0}, "step_size is a number above 0 and up to 1; got 0.0"),
        ({"threshold": 1.0}, "threshold lies below 1"),
        ({"start_near": 2.0}, "start_near is a number from 0 to 1; got 2.0"),
        (
            {"notes": (60.0, 200.0)},
            r"notes are two numbers from 0 to 127, the smaller one first; got \(60.0, 200.0\)",
        ),
        ({"notes": (70.0, 60.0)}, "notes are two numbers"),
        ({"notes": (50.0, 60.0, 70.0)}, "notes are two numbers"),
        ({"gates_seconds": (0.0, 1.0)}, "gates_seconds are two numbers above 0"),
        ({"durations_s": (0.5, 0.1)}, "durations_s are two numbers from 0.02"),
        ({"max_episode_steps": 0}, "max_episode_steps is a whole number from 1; got 0"),
        ({"max_episode_steps": 2.5}, "max_episode_steps is a whole number from 1; got 2.5"),
    ],
    ids=str,
)
def test_nonsense_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        EpisodeConfig(**wrong)
