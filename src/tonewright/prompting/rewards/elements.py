"""Elements: whether a kick, a bass or a melody is heard, by logistic regressions on six bands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from tonewright.documents import parse_document
from tonewright.errors import BriefError
from tonewright.prompting.listening.analysis import Floats, Heard
from tonewright.prompting.listening.bands import NAMES, band_events

FORM, VERSION, FILE = "tonewright-elements", 1, "elements.json"


def element_presence(heard: Heard, element: str) -> Floats:
    """How sure it is that an element of the vocabulary is heard, `[B]` in [0, 1]; NaN of unknown ones."""
    weights = _weights()
    if element not in weights["elements"]:
        return np.full(len(heard.samples), np.nan)
    middle, spread = (np.array(weights[name]) for name in ("middle", "spread"))
    z = np.clip((band_events(heard) - middle) / spread, -4, 4)
    one = weights["elements"][element]
    return np.asarray(1 / (1 + np.exp(-np.clip(z @ np.array(one["weights"]) + one["bias"], -30, 30))))


@cache
def _weights() -> Mapping[str, dict[str, dict[str, list[float]]]]:
    fields = {"names": list, "middle": list, "spread": list, "elements": dict}
    text = files(__package__).joinpath(FILE).read_bytes()
    document = parse_document(text, FORM, VERSION, fields, error=BriefError)
    if tuple(document["names"]) != NAMES:
        raise BriefError("the weights of elements are of other measures; install the package anew")
    return document
