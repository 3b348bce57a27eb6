"""Measurements that can be trusted and resumed: record logs, workers, summaries, timing, provenance."""
