from tonewright.reports.table import Column, bar, table, term

from .reading import Page


def test_cells_bear_the_class_of_their_column_and_words_for_narrow_pages() -> None:
    columns = [Column("Name"), Column("Value", "figure"), Column("Same", before="same as", after="or so")]
    page = Page(
        table("Values <", columns, [[term("a", "the first"), "0.5", ""], ["sum", "<b>", "1"]], totals=[1])
    )
    assert page.text == "Values < Name Value Same a the first 0.5 sum <b> 1"
    words = {"data-before": "same as", "data-after": "or so"}
    assert page.all("td") == [{"class": "figure"}, words] * 2
    assert page.all("tr") == [{}, {}, {"class": "total"}]
    assert [head.get("scope") for head in page.all("th")] == ["col"] * 3 + ["row"] * 2


def test_a_bar_stays_within_its_ends() -> None:
    assert [bar(share).partition("--at:")[2][:6] for share in (-1, 0.25, 3)] == ["0.0000", "0.2500", "1.0000"]
