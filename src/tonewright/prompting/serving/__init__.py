"""One generator for many: a server, its client, and the same on a cluster."""
