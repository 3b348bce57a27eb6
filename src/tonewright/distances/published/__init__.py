"""One file, one distance: file and function bear its short name; see `tonewright.distances.registry`."""
