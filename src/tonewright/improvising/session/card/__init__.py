"""A sound card, held by a process of its own, and the hops that go to it and come from it."""
