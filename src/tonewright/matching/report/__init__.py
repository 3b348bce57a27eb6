"""The page of a match: one self-contained HTML file to look at and listen to."""

from tonewright.matching.report.page import report_html

__all__ = ["report_html"]
