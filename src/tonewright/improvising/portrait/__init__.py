"""The portrait of an agent: how it answers steps, ramps, a note and phrases it never heard; and its page."""
