"""The page of results is what its command makes of the committed results."""

import runpy
from pathlib import Path

TABLES = Path(__file__).parent.parent / "benchmarks" / "tables.py"


def test_nobody_types_results(monkeypatch):
    monkeypatch.syspath_prepend(TABLES.parent)  # as for a script
    tables = runpy.run_path(str(TABLES))
    assert tables["PAGE"].read_text("utf-8") == tables["page"]()
