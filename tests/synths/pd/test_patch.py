import shutil

import pytest

from tonewright.errors import SynthError
from tonewright.synths.pd.naming import SHIPPED, shipped
from tonewright.synths.pd.patch import read_patch

from .patches import patch_text, write_patch, write_tone

ENDS = "inlet\nosc~\noutlet~\n"


def read(folder, boxes, links="0 1,1 2"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "synth.pd").write_text(patch_text(boxes, links))
    return read_patch(folder / "synth.pd")


class TestEnds:
    def test_sounding_outlets_are_counted_from_the_left(self, tmp_path):
        assert read(tmp_path, ENDS).outlets == (0,)
        assert read(tmp_path, ENDS + "outlet\noutlet~").outlets == (0, 2)
        text = patch_text(ENDS + "outlet\noutlet~", "0 1,1 2").replace("#X obj 130", "#X obj 999")
        (tmp_path / "synth.pd").write_text(text)  # the first of the file is the last from the left now
        assert read_patch(tmp_path / "synth.pd").outlets == (1, 2)

    def test_those_of_subpatches_do_not_count(self, tmp_path):
        inner = "#N canvas 0 0 9 9 sub 0;\n#X obj 1 1 inlet;\n#X obj 1 1 outlet~;\n#X restore 1 1 pd sub;\n"
        text = patch_text(ENDS, "0 1,1 2").replace("#X connect", inner + "#X connect", 1)
        (tmp_path / "synth.pd").write_text(text)
        assert read_patch(tmp_path / "synth.pd").outlets == (0,)

    @pytest.mark.parametrize(
        ("boxes", "rule"),
        [
            ("osc~\noutlet~", "a patch has one .inlet., .*; got no inlet in"),
            ("inlet~\nosc~\noutlet~", r"got \[inlet~\] in .* leave one \[inlet\]"),
            ("inlet\nosc~\ninlet\noutlet~", r"got \[inlet\] \[inlet\] in"),
            ("inlet\nosc~\noutlet", r"a patch has an \[outlet~\] for its sound; got \[outlet\] in"),
            ("inlet\nosc~\ndac~", r"got no outlet in .*; put \[outlet~\] in the place of \[dac~\]"),
        ],
    )
    def test_wrong_ends(self, tmp_path, boxes, rule):
        with pytest.raises(SynthError, match=rule):
            read(tmp_path, boxes, "0 1")

    @pytest.mark.parametrize(
        ("box", "count"),
        [("unpack", 2), ("unpack f", 1), ("unpack f f f, f 12", 3), ("unpack 0 0 0 0", 4), ("t l", None)],
    )
    def test_how_many_controls_are_taken_apart(self, tmp_path, box, count):
        assert read(tmp_path, f"inlet\n{box}\nosc~\noutlet~", "0 1,1 2,2 3").unpacked == count


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "rule"),
        [
            ("", "begins with '#N canvas'; got another kind of file"),
            ("RIFF....", "begins with '#N canvas'; got another kind of file"),
            ("#N canvas 0 0 9 9 10", "closes what it opens; got a damaged one"),
        ],
    )
    def test_what_is_no_patch(self, tmp_path, content, rule):
        (tmp_path / "synth.pd").write_text(content)
        with pytest.raises(SynthError, match=rule):
            read_patch(tmp_path / "synth.pd")

    def test_other_line_ends_and_widths_and_letters(self, tmp_path):
        plain = read(tmp_path / "a", ENDS)
        text = patch_text(ENDS, "0 1,1 2").replace("\n", "\r\n").replace("osc~;", "osc~\r\n, f 12;")
        (tmp_path / "a" / "synth.pd").write_bytes(text.encode() + b"#X text 1 1 \xe9t\xe9;\r\n")
        assert read_patch(tmp_path / "a" / "synth.pd").outlets == plain.outlets

    def test_the_hash_covers_what_the_patch_names(self, tmp_path):
        path = write_patch(tmp_path, "inlet\nmy-own~\noutlet~\nmsg read sound.wav", "0 1,1 2")
        (tmp_path / "my-own~.pd").write_text(patch_text("inlet\nother\noutlet~", "0 1"))
        hashes = {read_patch(path).sha256}
        for file, content in (
            ("sound.wav", "RIFF"),
            ("sound.wav", "RIFX"),
            ("other.pd", patch_text("inlet\n+ 1", "0 1")),
            ("other.pd", patch_text("inlet\n+ 2", "0 1")),
            ("synth.pd", path.read_text() + "#X text 1 1 changed;\n"),
        ):
            (tmp_path / file).write_text(content)
            hashes.add(read_patch(path).sha256)
        assert len(hashes) == 6
        (tmp_path / "not-named.pd").write_text("#N canvas 0 0 9 9 10;\n")
        path.with_suffix(".json").write_text("{}")
        assert read_patch(path).sha256 in hashes

    def test_the_hash_does_not_depend_on_the_place(self, tmp_path):
        first = read_patch(write_tone(tmp_path / "a"))
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        assert read_patch(tmp_path / "b" / "synth.pd").sha256 == first.sha256

    def test_abstractions_that_name_each_other_come_to_an_end(self, tmp_path):
        path = write_patch(tmp_path, "inlet\na\noutlet~", "0 1,1 2")
        (tmp_path / "a.pd").write_text(patch_text("inlet\nb", "0 1"))
        (tmp_path / "b.pd").write_text(patch_text("inlet\na\nsynth", "0 1"))
        assert read_patch(path).outlets == (0,)

    def test_a_path_of_the_description_is_searched(self, tmp_path):
        path = write_patch(tmp_path / "a", "inlet\nown~\noutlet~", "0 1,1 2")
        (tmp_path / "own~.pd").write_text(patch_text("inlet\nnoise~", "0 1"))
        assert "[own~]" in read_patch(path).not_alone
        assert "[noise~]" in read_patch(path, [tmp_path]).not_alone


class TestSharing:
    """Whether several instances may share a Pd."""

    @pytest.mark.parametrize("name", shipped())
    def test_what_ships_may(self, name):
        assert read_patch(SHIPPED / name / "synth.pd").not_alone == ""

    @pytest.mark.parametrize(
        "box",
        [
            r"s \$0-a", r"delwrite~ \$0-d 100", r"array define \$0-t 64", r"table \$0-t",
            "r tonewright-seed", "expr $f1*2",
            "bng 15 250 50 0 empty empty empty 17 7 0 10 #fcfcfc #000000 #000000", "declare -path x",
            r"msg \; \$0-a 1", r"tabread4~ \$0-t", "metro 10", "vline~", "clone -x voice 4", "bob~", "3",
            r"msg 1 \, 2",
        ],
    )  # fmt: skip
    def test_objects_that_know_only_themselves(self, tmp_path, box):
        (tmp_path / "voice.pd").write_text(patch_text("inlet\nosc~", "0 1"))
        assert read(tmp_path, ENDS + box).not_alone == ""

    @pytest.mark.parametrize(
        "box",
        [
            "s a", "r a", "receive", "throw~ bus", "value x", "delwrite~ d 100", "array define t 64",
            "table t",
            r"msg \; a 1", r"msg 1 \; pd dsp 1", "noise~", "random 10", "array random x", "expr random(0, 1)",
            "text define t", "netreceive 3000", "zexy/limiter~", "key", "dac~", "savestate", "tabread4~ t",
            "bng 15 250 50 0 empty here empty 17 7 0 10 #fcfcfc #000000 #000000",
        ],
    )  # fmt: skip
    def test_objects_that_others_could_hear_of(self, tmp_path, box):
        assert read(tmp_path, ENDS + box).not_alone != ""

    def test_arrays_and_number_boxes(self, tmp_path):
        for record, alone in (
            (r"#X array \$0-a 100 float 3;", ""),
            ("#X array a 100 float 3;", "the array a has no $0 in its name"),
            ("#X floatatom 10 10 5 0 0 0 - - - 0;", ""),
            ("#X floatatom 10 10 5 0 0 0 - to - 0;", "a box sends or receives as to, without $0"),
        ):
            (tmp_path / "synth.pd").write_text(patch_text(ENDS, "0 1,1 2") + record + "\n")
            assert read_patch(tmp_path / "synth.pd").not_alone == alone

    @pytest.mark.parametrize(
        ("call", "alone"),
        [
            (r"voice \$0-x", True),
            (r"voice x", False),
            (r"voice", False),
            (r"clone -x voice 3 \$0-x", True),
            (r"clone -x 3 voice \$0-x", True),
            (r"clone -s 1 -x voice 3 \$0-x", True),
            (r"clone voice 3 \$0-x", False),  # the first argument is the number of the voice
            (r"clone -x voice 3 x", False),
        ],
    )
    def test_names_that_abstractions_are_given(self, tmp_path, call, alone):
        (tmp_path / "voice.pd").write_text(patch_text(r"inlet" + "\n" + r"r \$1", "0 1"))
        assert (read(tmp_path, ENDS + call).not_alone == "") is alone
