"""What an agent hears of itself: looked up in a table, really rendered, or some of each."""
