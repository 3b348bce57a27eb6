"""How far the descriptors of a table reach, in what people know a sound by."""

from __future__ import annotations

from tonewright.improvising.lookup.table import LookupTable

_KNOWN_BY = ("loudness_rms_dbfs", "loudness_momentary_lufs", "spectral_centroid_hz", "pitch_f0_hz")


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
