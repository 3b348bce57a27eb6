"""Pages to look at and listen to: players, spectrograms, lanes, plots, tables, the page itself.

A craft builds its page with `page.page` from sections. To listen there are `sounds.equal_loudness` and
`player.player`, to see sounds over time `lanes`, for all else `plots`, `table` and `patch`. `markup.tag`
makes any other markup, and escapes text.
"""
