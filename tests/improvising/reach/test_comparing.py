import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import CorpusError, TableError, UnknownNameError, UsageError
from tonewright.features.framing import Framing
from tonewright.features.selection import select
from tonewright.improvising.corpus.analysing import analyse_folder
from tonewright.improvising.corpus.corpus import Contents, CorpusFile, Measured
from tonewright.improvising.corpus.describing import describe_corpus
from tonewright.improvising.corpus.files import read_corpus, read_recordings, write_corpus
from tonewright.improvising.listening.normalising import Normaliser, fit_scales
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.improvising.reach.comparing import reach_corpus
from tonewright.improvising.reach.page import corpus_html

from ..takes import RATE_HZ, take

DESCRIPTORS = ("loudness_rms", "spectral_centroid", "pitch")
COLUMNS = tuple(column for one in select(DESCRIPTORS) for column in one.columns)
FRAMING = Framing(44_100, 1024, 256)
HOP_S = 256 / 44_100


def table_of(means, *, framing=FRAMING, descriptors=DESCRIPTORS):
    chosen = select(descriptors)
    columns = tuple(column for one in chosen for column in one.columns)
    means = np.asarray(means, np.float32)
    return LookupTable(
        SynthIdentity("sine", 1, ("frequency_hz",)),
        framing,
        0.5,
        "grid",
        (len(means),),
        tuple(one.name for one in chosen),
        columns,
        np.linspace(0, 1, len(means), dtype=np.float32)[:, None],
        means,
        np.zeros_like(means),
        tuple(one.unit for one in chosen for _ in one.columns),
    )


def frames_of(rng, count):
    """Levels, brightnesses and pitches of what sounds."""
    return np.stack(
        [
            rng.uniform(-50, -10, count),
            2.0 ** rng.uniform(8, 12, count),
            2.0 ** rng.uniform(6, 10, count),
            rng.uniform(0.5, 1, count),
        ],
        axis=1,
    ).astype(np.float32)


def corpus_of(path, recordings):
    """A corpus of frames `[n, 4]` by name and split."""
    files, first = [], 0
    for number, (name, split, values) in enumerate(recordings):
        count = len(values)
        silent = int((values[:, 0] < -60).sum())
        files.append(
            CorpusFile(name, f"{number:064x}", split, first, count, count * HOP_S, 44_100, 1, silent)
        )
        first += count
    measured = tuple(map(Measured.of, select(DESCRIPTORS)))
    contents = Contents(FRAMING, measured, tuple(files), (), (70, 15, 15), 0, "0.1")
    by_name = {name: values for name, _, values in recordings}
    write_corpus(path, contents, lambda file: by_name[file.name], overwrite=True)
    return path


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def corpus(tmp_path, rng):
    return corpus_of(
        tmp_path / "c.parquet",
        [
            (name, part, frames_of(rng, 300))
            for name, part in (("a", "train"), ("b", "validation"), ("c", "test"))
        ],
    )


class TestDistances:
    def test_are_0_where_the_table_holds_the_very_frames(self, corpus):
        points = np.concatenate([values for _, values in read_recordings(corpus)])
        reach = reach_corpus(corpus, table_of(points))
        assert reach.whole.frames == 900
        np.testing.assert_allclose(reach.distances, 0, atol=1e-9)
        assert (reach.whole.median, reach.whole.within) == (0, 1)
        assert {one.alone.within for one in reach.features} == {1}

    def test_are_those_of_the_nearest_points_found_one_by_one(self, corpus, rng):
        table = table_of(frames_of(rng, 50))
        reach = reach_corpus(corpus, table, ["loudness_rms", "spectral_centroid", "pitch_f0"])
        recorded = [values for _, values in read_recordings(corpus)]
        columns = COLUMNS[:3]
        scales = fit_scales(columns, table, read_corpus(corpus))
        normaliser = Normaliser(scales, COLUMNS)
        target, presence = normaliser(np.concatenate(recorded))
        own, _ = normaliser(table.means)
        squares = presence[:, None] * (target[:, None] - own[None]) ** 2
        apart = np.sqrt(squares.sum(axis=2) / presence.sum(axis=1)[:, None])
        np.testing.assert_allclose(reach.distances, apart.min(axis=1), rtol=1e-4, atol=1e-4)
        for i, one in enumerate(reach.features):
            alone = np.abs(target[:, None, i] - own[None, :, i]).min(axis=1)
            assert one.alone.median == pytest.approx(np.median(alone), rel=1e-4)
            together = np.abs(target[:, i] - own[apart.argmin(axis=1), i])
            assert one.together.p90 == pytest.approx(np.percentile(together, 90), rel=1e-4)
            assert one.alone.median <= one.together.median
        for name, part in (
            ("train", slice(0, 300)),
            ("validation", slice(300, 600)),
            ("test", slice(600, 900)),
        ):
            assert reach.parts[name].median == pytest.approx(np.median(apart[part].min(axis=1)), rel=1e-4)
        assert reach.whole.within == pytest.approx((apart.min(axis=1) <= 0.5).mean(), abs=2 / 900)

    def test_of_a_pitch_count_where_there_is_one(self, tmp_path, rng):
        values = frames_of(rng, 200)
        values[::2, 2:] = 0
        corpus = corpus_of(tmp_path / "c.parquet", [("a", "train", values)])
        reach = reach_corpus(corpus, table_of(frames_of(rng, 20)), ["pitch_f0"])
        assert reach.whole.frames == 100
        assert np.isnan(reach.distances[::2]).all()

    def test_of_silence_are_told_apart(self, tmp_path, rng):
        values = frames_of(rng, 200)
        values[150:, 0], values[150:, 1:] = -90, 0
        corpus = corpus_of(tmp_path / "c.parquet", [("a", "train", values)])
        sounding = frames_of(rng, 50)
        loud = reach_corpus(corpus, table_of(sounding))
        assert (loud.whole.frames, loud.silence) == (150, 0)
        sounding[0] = -100, 0, 0, 0
        assert reach_corpus(corpus, table_of(sounding)).silence == 1

    def test_take_a_threshold(self, corpus, rng):
        table = table_of(frames_of(rng, 20))
        shares = [reach_corpus(corpus, table, threshold=at).whole.within for at in (0.1, 0.5, 5.0)]
        assert shares[0] < shares[1] < shares[2] == 1
        with pytest.raises(UsageError, match="threshold is a number above 0"):
            reach_corpus(corpus, table, threshold=0)

    def test_of_large_corpora_are_those_of_some_frames(self, corpus, rng, monkeypatch):
        monkeypatch.setattr("tonewright.improvising.reach.comparing._MOST_FRAMES", 300)
        reach = reach_corpus(corpus, table_of(frames_of(rng, 20)))
        assert (reach.every, reach.whole.frames) == (3, 300)


def test_the_worst_recording_comes_first_with_its_worst_place(tmp_path, rng):
    points = frames_of(rng, 50)
    near, far = np.tile(points[:1], (2000, 1)), np.tile(points[:1], (2000, 1))
    far[700:1900] = (-12, 16_000, 4_000, 1)
    corpus = corpus_of(tmp_path / "c.parquet", [("near", "train", near), ("far", "test", far)])
    reach = reach_corpus(corpus, table_of(points), threshold=0.1)
    worst, best = reach.files
    assert (worst.file.name, best.file.name) == ("far", "near")
    assert worst.distances.within == pytest.approx(0.4)
    assert best.distances.within == 1
    five_seconds = 5 / HOP_S
    assert 700 <= worst.worst_s / HOP_S <= 1900 - five_seconds + 1


def test_ranges_are_those_of_what_is_there(corpus, rng):
    points = frames_of(rng, 50)
    points[0] = -100, 0, 0, 0
    recorded = np.concatenate([values for _, values in read_recordings(corpus)])
    by_name = {one.column: one for one in reach_corpus(corpus, table_of(points)).ranges}
    pitch = by_name["pitch_f0_hz"]
    np.testing.assert_allclose(pitch.recorded, np.percentile(recorded[:, 2], (5, 50, 95)), rtol=1e-6)
    assert (pitch.unit, pitch.table) == ("Hz", (points[1:, 2].min(), points[1:, 2].max()))
    assert by_name["loudness_rms_dbfs"].table == (points[1:, 0].min(), points[1:, 0].max())


class TestWhatDoesNotFit:
    def test_another_framing(self, corpus, rng):
        table = table_of(frames_of(rng, 20), framing=Framing(44_100, 2048, 512))
        with pytest.raises(
            CorpusError, match=r"got a corpus with window 1024.*--window 2048 --hop 512, or build"
        ):
            reach_corpus(corpus, table)

    def test_a_table_that_lacks_a_descriptor(self, corpus, rng):
        table = table_of(frames_of(rng, 20)[:, :2], descriptors=DESCRIPTORS[:2])
        with pytest.raises(
            TableError, match="got one without pitch_f0; build it anew: tonewright lookup build"
        ):
            reach_corpus(corpus, table)
        assert reach_corpus(corpus, table, ["spectral_centroid"]).whole.frames == 900

    def test_features_that_are_not_there(self, corpus, rng):
        table = table_of(frames_of(rng, 20))
        with pytest.raises(UsageError, match="got 'mfcc'"):
            reach_corpus(corpus, table, ["mfcc"])
        with pytest.raises(UnknownNameError, match="did you mean 'pitch'"):
            reach_corpus(corpus, table, ["pich"])

    def test_a_corpus_of_silence(self, tmp_path, rng):
        values = np.tile(np.float32([-100, 0, 0, 0]), (100, 1))
        corpus = corpus_of(tmp_path / "c.parquet", [("a", "train", values)])
        with pytest.raises(CorpusError, match="a corpus holds sound above -60 dBFS"):
            reach_corpus(corpus, table_of(frames_of(rng, 20)))

    def test_features_that_no_frame_has(self, tmp_path, rng):
        values = frames_of(rng, 100)
        values[:, 2:] = 0
        corpus = corpus_of(tmp_path / "c.parquet", [("a", "train", values)])
        with pytest.raises(CorpusError, match="got pitch_f0, which no frame has; compare other features"):
            reach_corpus(corpus, table_of(frames_of(rng, 20)), ["pitch_f0"])


class TestDescription:
    def test_of_what_is_there(self, tmp_path, rng):
        a, b = frames_of(rng, 400), frames_of(rng, 100)
        a[:100, 0] = -70
        corpus = corpus_of(tmp_path / "c.parquet", [("a", "train", a), ("b", "test", b)])
        facts = describe_corpus(corpus)
        assert [part.split for part in facts.parts] == ["train", "test"]
        train = facts.parts[0]
        assert (train.recordings, train.seconds, train.silence) == (1, pytest.approx(400 * HOP_S), 0.25)
        np.testing.assert_allclose(train.pitch_hz, np.percentile(a[100:, 2], (5, 95)), rtol=1e-6)
        assert train.loudness_lufs is None
        assert (facts.whole.recordings, facts.whole.silence) == (2, 0.2)

    def test_of_large_corpora_is_that_of_some_frames(self, corpus, monkeypatch):
        exact = describe_corpus(corpus).whole.pitch_hz
        monkeypatch.setattr("tonewright.improvising.corpus.describing._MOST_FRAMES", 450)
        sampled = describe_corpus(corpus).whole.pitch_hz
        assert sampled != exact
        np.testing.assert_allclose(sampled, exact, rtol=0.1)


class TestPage:
    NAME = "<b>take & 'more'\n.wav"

    @pytest.fixture
    def analysed(self, tmp_path):
        folder = tmp_path / "takes"
        for seed, name in enumerate(("a.wav", "b.flac", "c.wav")):
            write(
                folder / name,
                Clip(take(0.3, 48_000 if seed else RATE_HZ, seed=seed), 48_000 if seed else RATE_HZ),
            )
        (folder / "c.wav").rename(folder / self.NAME)
        (folder / "text.wav").write_text("no sound <i>")
        analyse_folder(folder, tmp_path / "c.parquet", DESCRIPTORS)
        return folder, tmp_path / "c.parquet"

    def test_tells_what_is_in_it_and_escapes_names(self, analysed, rng):
        folder, corpus = analysed
        reach = reach_corpus(corpus, table_of(frames_of(rng, 50)))
        html = corpus_html("my <corpus>", describe_corpus(corpus), reach, folder)
        assert "<h1>my &lt;corpus&gt;</h1>" in html
        assert "<b>take" not in html
        assert "&lt;b&gt;take &amp; &#x27;more&#x27;\\n.wav" in html
        assert "text.wav" in html
        assert html.count("<audio ") == 3
        assert "Feature by feature" in html

    def test_plays_what_is_still_as_it_was(self, analysed, rng):
        folder, corpus = analysed
        reach = reach_corpus(corpus, table_of(frames_of(rng, 50)))
        write(folder / "a.wav", Clip(take(0.3, seed=9), RATE_HZ), overwrite=True)
        (folder / "b.flac").unlink()
        html = corpus_html("c", describe_corpus(corpus), reach, folder)
        assert html.count("<audio ") == 1
        (folder / self.NAME).unlink()
        html = corpus_html("c", describe_corpus(corpus), reach, folder)
        assert "None of them is in the folder any more" in html

    def test_without_a_table_tells_what_is_in_it(self, analysed):
        html = corpus_html("c", describe_corpus(analysed[1]))
        assert "What is in it" in html
        assert "How near" not in html
