import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile

from tonewright.improvising.lookup.map import draw_map, map_html
from tonewright.synths import parse_preset

from ....reports.reading import Page


def block(document, name):
    """A block of data of a page."""
    return re.search(f'<script type="application/json" id="{name}">(.*?)</script>', document, re.DOTALL)[1]


def numbers(text, kind="<f4"):
    return np.frombuffer(base64.b64decode(text, validate=True), kind)


@pytest.fixture(scope="module")
def document(sine_map):
    return map_html(sine_map)


@pytest.fixture(scope="module")
def page(document):
    return Page(document)


@pytest.fixture(scope="module")
def data(document):
    return json.loads(block(document, "map-data"))


def test_the_page_needs_nothing_else(document, page):
    bare = re.sub(r'<script type="application/json".*?</script>', "", document, flags=re.DOTALL)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<link|<iframe|fetch\(|XMLHttp|import\(", bare)
    for _, attributes in page.elements:
        assert not {"src", "href", "srcset", "poster", "action"} & set(attributes)
    policy = next(one["content"] for one in page.all("meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src" not in policy


def test_ids_are_unique_and_referred_to(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(name, ids[0]) in ids


def test_what_can_be_used_has_a_name(page):
    (field,) = [one for one in page.all("canvas") if "tabindex" in one]
    assert field["aria-label"] == "Map of 132 sounds"
    assert all(one["aria-label"] for one in page.all("input"))
    assert "this browser does not run" in page.text


def test_the_page_says_what_is_on_it(page):
    assert "132 of 144 settings of 2 controls, placed by what they sound like." in page.text
    assert "144 points in a grid of 12 × 12" in page.text
    assert "Silent points 12, not on the map" in page.text
    assert "100 ms, 16 bits at 44.1 kHz, lossless; all turned" in page.text.replace("\u00a0", " ")


def test_data_are_those_of_the_table(data, sine_map):
    table, rows = sine_map.table, sine_map.rows
    assert data["points"] == rows.tolist()
    shown = {(one["kind"], one["label"]): one for one in data["variables"]}
    np.testing.assert_array_equal(numbers(shown["control", "amplitude"]["values"]), table.params[rows, 1])
    mfcc = table.columns.index("mfcc_03")
    np.testing.assert_array_equal(numbers(shown["mean", "mfcc 03"]["values"]), table.means[rows, mfcc])
    np.testing.assert_array_equal(numbers(shown["spread", "mfcc 03"]["values"]), table.spreads[rows, mfcc])
    for way, drawn in zip(data["ways"], sine_map.projections, strict=True):
        np.testing.assert_array_equal(numbers(way["places"]).reshape(-1, 2), drawn.places)
    assert [data["variables"][i]["label"] for i in data["main"]] == [
        "loudness rms", "pitch f0", "spectral centroid", "spectral flatness",
    ]  # fmt: skip


def test_controls_are_in_physical_units(data, sine_map):
    (frequency, amplitude) = data["controls"]
    physical = sine_map.synth.controls.to_physical(sine_map.table.params[sine_map.rows])
    np.testing.assert_array_equal(numbers(frequency["values"], "<f8"), physical[:, 0])
    texts = [amplitude["texts"][i] for i in numbers(amplitude["text"], "<u4")]
    assert texts == [f"{value:.0%}" for value in physical[:, 1]]


def test_the_preset_of_a_point_is_the_point(data, sine_map):
    """As the script makes it: the template with the physical values of a point."""
    for i in (0, 77, 131):
        controls = {one["name"]: float(numbers(one["values"], "<f8")[i]) for one in data["controls"]}
        preset = parse_preset(json.dumps({**data["preset"], "controls": controls}))
        expected = sine_map.table.params[sine_map.rows[i]]
        np.testing.assert_allclose(preset.params(sine_map.synth), expected, atol=1e-6)
        assert preset.midi_note == 60


def test_sounds_in_the_page_are_those_of_the_points(document, sine_map):
    texts = block(document, "map-sounds").split("\n")
    assert len(texts) == len(sine_map.rows)
    render = sine_map.synth.render(sine_map.table.params[sine_map.rows], 60, 0.5, 0.5)
    for i in (0, 50, 131):
        sound, rate = soundfile.read(io.BytesIO(base64.b64decode(texts[i], validate=True)))
        assert rate == 44_100
        expected = render[i, :3_900] * 10 ** (sine_map.sounds.gain_db / 20)
        np.testing.assert_allclose(sound[:3_900], expected, atol=0.5 / 2**15 + 1e-7)


def test_axes_of_a_pca_say_what_they_are_made_of(data, sine_map):
    pca, tsne = data["ways"]
    shares = [f"({share:.0%})" for share in sine_map.projections[0].shares]
    assert [axis[axis.index("(") :].split()[-1] for axis in pca["axes"]] == shares
    assert all(re.match(r"(more|less) ", axis) for axis in pca["axes"])
    assert tsne["axes"] == []
    assert "means nothing" in tsne["note"]
    assert f"{sine_map.projections[1].kept:.0%} are among" in tsne["note"]


def test_awkward_names_are_escaped(awkward, awkward_table):
    document = map_html(draw_map(awkward_table, awkward, projection=["pca"], seconds=0.05))
    page = Page(document)  # which checks the nesting
    assert "</script><b>\"awkward\" & 'so'" in page.text
    assert not page.all("b")
    assert not page.all("i") or all("class" in one for one in page.all("i"))
    data = json.loads(block(document, "map-data"))
    assert [one["name"] for one in data["controls"]] == awkward.controls.names
    assert data["preset"]["synth"] == awkward.name
    assert re.fullmatch(r"[\w-]+", data["file"])


def test_a_map_without_sounds_offers_none(sine_table):
    drawn = draw_map(sine_table, projection=["pca"], seconds=None)
    document = map_html(drawn)
    page = Page(document)
    assert block(document, "map-sounds") == ""
    assert json.loads(block(document, "map-data"))["sound"] is None
    assert "This map is without sounds." in page.text
    for word in ("Volume", "Mute", "hear it again", "Drag over points"):
        assert word not in page.text
    classes = {name for _, attributes in page.elements for name in attributes.get("class", "").split()}
    assert not {"volume", "mute", "hear", "ways"} & classes
