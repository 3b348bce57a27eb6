"""Pages to look at and listen to: players, spectrograms, lanes, plots, tables, the page itself."""
