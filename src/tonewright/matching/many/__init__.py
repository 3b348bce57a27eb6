"""Many sounds: each matched into a folder of its own, with a page that compares them."""
