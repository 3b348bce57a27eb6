import pytest

from tonewright.errors import UsageError
from tonewright.matching.episode_config import EpisodeConfig


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action_view": "everything"}, "action_view is one of modules, all; got 'everything'"),
        ({"seconds": 0.04}, "0.05 <= seconds <= 4"),
        ({"seconds": float("nan")}, "got seconds=nan"),
        ({"step_size": 0.0}, "0 < step_size <= 1"),
        ({"threshold": 1.0}, "0 < threshold < 1"),
        ({"start_near": 2.0}, "start_near is a share, from 0 to 1; got 2.0"),
        ({"notes": (60.0, 200.0)}, r"notes go from 0 or more to 127 or less; got \(60.0, 200.0\)"),
        ({"notes": (70.0, 60.0)}, "notes go from"),
        ({"gates_seconds": (0.0, 1.0)}, "gates_seconds go from more than 0"),
        ({"durations_s": (0.5, 0.1)}, "durations_s go from 0.02 or more"),
        ({"max_episode_steps": 0}, "max_episode_steps is 1 or more; got 0"),
    ],
    ids=str,
)
def test_nonsense_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        EpisodeConfig(**wrong)
