"""What is counted while a session runs, in words for people."""

from __future__ import annotations

from collections.abc import Mapping

COUNTERS = {
    "late_deadlines": ("Late deadlines", "hops that began a whole hop or more after they were due"),
    "skipped_deadlines": ("Skipped deadlines", "hops that were due while an earlier one was at work"),
    "worst_deadline_ms": ("Latest beginning", "how late a hop began, at most"),
    "p99_deadline_ms": ("Beginning, 99 of 100", "how late hops began, but for the latest in a hundred"),
    "dropped_hops": ("Dropped hops", "of the musician, never heard because newer ones were there"),
    "underruns": ("Under-runs", "hops of the agent that came too late for the sound card"),
    "overruns": ("Over-runs", "hops of the sound card that came while the one before waited"),
    "device_troubles": ("Sound card", "troubles that the sound card told of"),
    "not_finite": ("Not finite", "hops of the musician with NaN or infinity, heard as silence"),
    "stalls": ("Stalls", "times when nothing came for 50 ms"),
    "failures": ("Failures", "hops in which hearing, deciding or playing failed; the controls were held"),
    "median_hop_ms": ("Work, half of all", "how long a hop took, at most, of the quicker half"),
    "p99_hop_ms": ("Work, 99 of 100", "how long a hop took, at most, but for the slowest in a hundred"),
    "worst_hop_ms": ("Work, the slowest", "how long a hop took, at most"),
    "osc_frames": ("OSC frames", "descriptors that came by Open Sound Control"),
    "osc_commands": ("OSC commands", "commands that came by Open Sound Control"),
    "osc_malformed": ("OSC malformed", "packets that were no Open Sound Control"),
    "osc_refused": ("OSC refused", "messages with an unknown address, or a value that makes no sense"),
    "restarts": ("Restarts", "of Pd, which had died, hung or lost its audio"),
    "recording_dropped": (
        "Not recorded",
        "hops left out, as the disk was slow; the sounds are so much shorter",
    ),
}
"""Title and meaning of each counter, in the order in which they are told."""
_TROUBLES = {
    "late_deadlines": ("late deadline", "late deadlines"),
    "dropped_hops": ("dropped hop of the musician", "dropped hops of the musician"),
    "underruns": ("under-run", "under-runs"),
    "stalls": ("stall", "stalls"),
    "failures": ("failed hop", "failed hops"),
    "osc_malformed": ("packet that was no OSC", "packets that were no OSC"),
    "osc_refused": ("OSC message refused", "OSC messages refused"),
    "restarts": ("restart of Pd", "restarts of Pd"),
    "recording_dropped": ("hop left out of the recording", "hops left out of the recording"),
}


def troubles(counters: Mapping[str, float]) -> list[str]:
    """What should not have been and was, such as "2 stalls"."""
    return [
        f"{count:,} {one if count == 1 else more}"
        for name, (one, more) in _TROUBLES.items()
        if (count := round(counters.get(name, 0)))
    ]


def untroubled(counters: Mapping[str, float]) -> list[str]:
    """What should not have been, was looked out for, and was not."""
    return [more for name, (_, more) in _TROUBLES.items() if name in counters and not round(counters[name])]
