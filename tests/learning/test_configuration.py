import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.learning.configuration import config_from, read_config


@dataclass(frozen=True)
class Inner:
    rate: float = 0.5
    clip: float | None = None


@dataclass(frozen=True)
class Outer:
    name: str = "a"
    count: int = 1
    fast: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    widths: tuple[int, ...] = (8,)
    inner: Inner = field(default_factory=lambda: Inner(rate=0.25))

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UsageError("count is 1 or more")


def test_what_is_not_given_keeps_its_default() -> None:
    made = config_from(Outer, {"count": 3, "span": [1, 2.5], "inner": {"clip": 2}})
    assert made == Outer(count=3, span=(1.0, 2.5), inner=Inner(rate=0.25, clip=2.0))
    assert isinstance(made.inner.clip, float)
    assert config_from(Outer, {"inner": {"clip": None}, "widths": []}).widths == ()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"counts": 3}, "no field is called 'counts'; did you mean 'count'"),
        ({"inner": {"rat": 1}}, "no field is called 'inner.rat'; did you mean 'inner.rate'"),
        ({"count": 1.5}, "count is a whole number; got 1.5"),
        ({"count": True}, "count is a whole number; got True"),
        ({"count": None}, "count is a whole number; got None"),
        ({"fast": 1}, "fast is true or false; got 1"),
        ({"name": 1}, "name is text; got 1"),
        ({"inner": {"rate": "1"}}, "inner.rate is a number; got '1'"),
        ({"inner": 3}, "inner is a mapping of fields to values; got 3"),
        ({"span": [1.0]}, "span is a list of 2; got"),
        ({"span": 1.0}, "span is a list; got 1.0"),
        ({"widths": ["8"]}, "widths is a whole number; got '8'"),
        ({"count": 0}, "count is 1 or more"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], told: str) -> None:
    with pytest.raises((UsageError, UnknownNameError)) as error:
        config_from(Outer, values)
    assert told in str(error.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"name": "b", "widths": [4, 4]}))
    assert read_config(Outer, path) == Outer(name="b", widths=(4, 4))


@pytest.mark.parametrize(
    ("text", "told"),
    [("[]", "holds no mapping"), ("{", "not valid JSON"), ('{"count": NaN}', "not valid JSON")],
)
def test_another_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_config(Outer, path)
    with pytest.raises(UsageError, match="no such file"):
        read_config(Outer, tmp_path / "nothing.json")
