"""What the side files of the networks that ship say is what today's configurations hold."""

import dataclasses
import json
from importlib.resources import files

import pytest

from tonewright.learning.configuration import config_from
from tonewright.matching import training
from tonewright.matching.estimator import training as estimator_training

SHIPPED = files("tonewright.matching.networks") / "shipped"
EXPORTED = {
    "agent": (
        training.MatchConfig,
        training.run_config,
        {"synth_version": 1, "hearing_version": 1, "gumbel_noises": 0},
    ),
    "estimator": (
        estimator_training.EstimatorConfig,
        estimator_training.run_config,
        {"synth_version": 1, "hearing_version": 1},
    ),
}


@pytest.mark.parametrize("part", EXPORTED)
def test_a_side_file_holds_every_field_and_no_other(part):
    kind, run_config, beside = EXPORTED[part]
    said = json.loads((SHIPPED / f"{part}-serum-lite-v1.json").read_text())["configuration"]
    fields = {field.name for field in dataclasses.fields(kind)}
    config = config_from(kind, {name: value for name, value in said.items() if name in fields})
    # Fields of fields, too: what is written of the configuration that was read is what was said.
    assert json.loads(json.dumps(run_config(config))) | beside == said
