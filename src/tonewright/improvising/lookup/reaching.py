"""How far the descriptors of a table reach, in what people know a sound by, and what does not move them."""

from __future__ import annotations

import numpy as np

from tonewright.improvising.lookup.table import LookupTable

_KNOWN_BY = ("loudness_rms_dbfs", "loudness_momentary_lufs", "spectral_centroid_hz", "pitch_f0_hz")
_SAME = 0.02
"""Difference, in standard deviations of a column, root mean square over columns, up to which two sounds are
the same but for chance."""
_LEAST_SHARE = 0.01  # of a column's size, so that chance alone is no change where nothing else is


def reach(table: LookupTable) -> dict[str, tuple[float, float]]:
    """Lowest and highest mean of loudness, brightness and pitch, as far as the table has them.

    Silent points are left out, and so are points without a pitch from the pitch.
    """
    found = {}
    for column in _KNOWN_BY:
        if column in table.columns:
            means = table.means[:, table.columns.index(column)][table.sounding > 0]
            means = means[means > 0] if column == "pitch_f0_hz" else means
            if len(means):
                found[column] = (float(means.min()), float(means.max()))
    return found


def idle_controls(table: LookupTable) -> tuple[str, ...]:
    """Controls that change nothing: at their two ends everything sounds alike, whatever the others do.

    All points of the table are compared that differ in one control alone, between 0 and 1. A control that
    goes in a circle sounds alike at its ends, too.
    """
    heard = np.concatenate([table.means, table.spreads], axis=1).astype(np.float64)
    scale = np.maximum(heard.std(axis=0), _LEAST_SHARE * np.abs(heard).mean(axis=0))
    heard = heard[:, scale > 0] / scale[scale > 0]
    rows = {point.tobytes(): row for row, point in enumerate(table.params)}
    found = []
    for control, name in enumerate(table.synth.controls):
        lows, highs = [], []
        for low in np.flatnonzero(table.params[:, control] == 0):
            point = table.params[low].copy()
            point[control] = 1
            if (high := rows.get(point.tobytes())) is not None:
                lows.append(low)
                highs.append(high)
        if lows and heard.size:
            off = np.sqrt(np.square(heard[lows] - heard[highs]).mean(axis=1))
            if off.max() < _SAME:
                found.append(name)
    return tuple(found)
