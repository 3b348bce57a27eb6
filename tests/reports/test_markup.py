from tonewright.reports.markup import Html, join, tag


def test_markup_escapes_text_and_attributes() -> None:
    made = tag(
        "a", '<b>"&', Html("<i></i>"), href='"><script>', hidden=True, title=None, data_x=0.25, class_="c"
    )
    assert made == (
        '<a href="&quot;&gt;&lt;script&gt;" hidden data-x="0.25" class="c">&lt;b&gt;&quot;&amp;<i></i></a>'
    )
    assert tag("br") == "<br>"
    assert join("<", Html("<")) == "&lt;<"


def test_an_attribute_may_bear_any_name() -> None:
    assert tag("meta", name="viewport", content="a") == '<meta name="viewport" content="a">'
