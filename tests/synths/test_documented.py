"""docs/synths.md says of every control what the code says."""

from pathlib import Path

import pytest

from tonewright.synths import names, synth

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "synths.md").read_text(encoding="utf-8")
CURVES = {"linear": "evenly", "log": "by octaves", "quadratic": "as its square", "integer": "in whole steps"}


def row(control):
    """The line of a control in the table of its synth."""
    reach = f"{control.low:,g} to {control.high:,g} {control.unit}".rstrip().replace("-", "−")
    default = control.describe(control.default)
    return f"| `{control.name}` | {reach} | {CURVES[control.curve]} | {default} | {control.meaning} |"


@pytest.mark.parametrize("name", ["sine", "fm", "granular"])
def test_the_table_of_a_synth_is_that_of_its_controls(name):
    section = PAGE.partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| `")]
    assert table == [row(control) for control in synth(name).controls]


def test_every_synth_and_the_presets_are_named():
    for name in names():
        assert f"`{name}`" in PAGE
    for name in ("fm", "granular"):
        for preset in synth(name).factory_presets():
            assert preset.name in " ".join(PAGE.split())
