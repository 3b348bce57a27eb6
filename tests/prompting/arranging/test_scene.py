import copy
import json
from pathlib import Path

import numpy as np
import pytest

from tonewright.audio import Clip, true_peak_dbtp, write
from tonewright.errors import GenerationError, SceneError
from tonewright.prompting.arranging.joining import level_db
from tonewright.prompting.arranging.mixing import mix, render_scene
from tonewright.prompting.arranging.reading import FORM, read_scene, scene_of
from tonewright.prompting.arranging.scene import MOST_LAYERS
from tonewright.prompting.arranging.schemas import FILE, scene_schema
from tonewright.prompting.arranging.seams import loop_seam, seam_at
from tonewright.prompting.generators.base import Setting

from .conftest import RATE, Maker, drums, noise, tone

EXAMPLE = Path(__file__).parents[3] / "examples" / "scene.json"
SCENE = {
    "seconds": 8,
    "seed": 3,
    "headroom_db": 3,
    "layers": [
        {"name": "beat", "prompt": "a drum loop", "seconds": 8, "loop": {"bpm": 120, "bars": 1}},
        {"name": "air", "prompt": "a hiss", "start_s": 2, "seconds": 4, "level_db": -20, "fade_in_s": 1},
    ],
}


def changed(layer=None, **more):
    scene = copy.deepcopy(SCENE) | more
    if layer:
        scene["layers"][0] |= layer
    return {name: value for name, value in scene.items() if value is not None}


def kinds(request, time_s):
    return (drums if "drum" in request.prompt else noise)(request, time_s)


def test_layers_are_made_in_one_batch_and_sound_when_and_as_loud_as_they_are_to():
    maker = Maker(kinds)
    made = render_scene(scene_of(SCENE), maker)
    assert [len(batch) for batch in maker.batches] in ([2], [2, 1])
    beat, air = maker.batches[0]
    assert (beat.seconds, air.seconds) == (2.0, 4.0)
    assert made.seeds == {"beat": beat.seed, "air": air.seed}
    assert made.clip.samples.shape == (2, 8 * RATE)
    assert made.peak_dbtp == pytest.approx(true_peak_dbtp(made.clip.samples[None])[0])
    again = render_scene(scene_of(SCENE), Maker(kinds))
    np.testing.assert_array_equal(made.clip.samples, again.clip.samples)
    alone = scene_of(changed(layers=SCENE["layers"][1:]))
    hiss = render_scene(alone, Maker(kinds))
    assert hiss.seeds == {"air": air.seed}  # it does not hang on the other layers
    assert not hiss.clip.samples[:, : 2 * RATE].any()
    assert not hiss.clip.samples[:, 6 * RATE :].any()
    assert level_db(hiss.clip.samples[:, 3 * RATE : 5 * RATE]) == pytest.approx(-20 - 20 - 3, abs=0.1)
    faded = level_db(hiss.clip.samples[:, 2 * RATE : 2 * RATE + RATE // 2])
    assert faded < level_db(hiss.clip.samples[:, 3 * RATE :][:, :RATE]) - 8
    loop = render_scene(scene_of(changed(layers=SCENE["layers"][:1])), Maker(kinds)).clip.samples
    np.testing.assert_array_equal(loop[:, : 2 * RATE], loop[:, 2 * RATE : 4 * RATE])
    assert not seam_at(loop, 4 * RATE).audible


def test_pan_turns_down_one_side_and_nothing_up():
    ones = {"a": np.ones((2, RATE), np.float32)}
    for pan, sides in ((0, (1, 1)), (0.25, (0.75, 1)), (-1, (1, 0))):
        layer = {"name": "a", "prompt": "a", "seconds": 1, "pan": pan, "fade_out_s": 0}
        mixed = mix(scene_of({"seconds": 1, "layers": [layer]}), ones)
        np.testing.assert_allclose(mixed, np.array(sides)[:, None] * ones["a"])


def test_a_mix_that_would_clip_is_refused_with_the_gain_that_it_needs():
    loud = {"level_db": 12}
    with pytest.raises(SceneError, match=r"0 dBTP at most; got \+\d") as told:
        render_scene(scene_of(changed(loud)), Maker(kinds))
    needed = float(str(told.value).split("set headroom_db to ")[1].split(",")[0])
    made = render_scene(scene_of(changed(loud, headroom_db=needed)), Maker(kinds))
    assert -0.02 < made.peak_dbtp <= 0
    with pytest.raises(SceneError, match="set headroom_db"):
        render_scene(scene_of(changed(loud, headroom_db=needed - 0.02)), Maker(kinds))


def test_files_are_layers_too(tmp_path):
    time_s = np.arange(3 * RATE) / RATE
    write(tmp_path / "tone.wav", Clip(tone(type("One", (), {"seed": 1}), time_s).astype(np.float32), RATE))
    write(tmp_path / "low.wav", Clip(np.full((1, 22_050), 0.25, np.float32), 22_050))
    layers = [
        {"name": "tone", "file": "tone.wav", "seconds": 8, "loop": {"bpm": 120, "bars": 1}, "fade_out_s": 0},
        {"name": "low", "file": "low.wav", "start_s": 4, "seconds": 0.5},
    ]
    path = tmp_path / "scene.json"
    path.write_text(json.dumps({"format": FORM, "format_version": 1, "seconds": 8, "layers": layers}))
    made = render_scene(read_scene(path), Maker(noise)).clip.samples
    assert not loop_seam(made[:, : 2 * RATE]).clicks  # 220.3 Hz does not fit into 2 s: it was folded
    assert made[:, 4 * RATE + 9_000].mean() - made[:, 2 * RATE + 9_000].mean() == pytest.approx(
        0.25, abs=0.01
    )
    layers[1]["seconds"], layers[0]["file"] = 2, "gone.wav"
    path.write_text(json.dumps({"format": FORM, "format_version": 1, "seconds": 8, "layers": layers}))
    with pytest.raises(SceneError, match=r"^layer 'tone': there is no file 'gone.wav'"):
        render_scene(read_scene(path), Maker(noise))
    layers[0]["file"] = "low.wav"
    path.write_text(json.dumps({"format": FORM, "format_version": 1, "seconds": 8, "layers": layers}))
    with pytest.raises(
        SceneError, match=r"'tone': a file is as long as its loop, 2\.00 s.*'low': .*got 1\.00 s"
    ):
        render_scene(read_scene(path), Maker(noise))


@pytest.mark.parametrize(
    ("layer", "complaint"),
    [
        ({"seconds": 9}, r"layer 'beat': it ends within the 8 s of the scene; got 9 s"),
        ({"start_s": 1}, "got 9 s"),
        ({"seconds": -1}, r"layer 'beat': seconds is 0\.1 to 600; got -1"),
        ({"seconds": 1e9}, r"seconds is 0\.1 to 600"),
        ({"start_s": -0.5}, "start_s is 0 to 600; got -0.5"),
        ({"level_db": 13}, "level_db is -60 to 12; got 13"),
        ({"pan": -1.5}, "pan is -1 to 1"),
        ({"fade_in_s": 9}, "fade_in_s is 0 to 8"),
        ({"fade_in_s": 5, "fade_out_s": 4}, "both fades fit"),
        ({"loop": {"bars": 1}}, r"layer 'beat': a loop needs the field \"bpm\""),
        ({"loop": {"bpm": 12, "bars": 1}}, "layer 'beat': a tempo is 40 to 220 BPM; got 12"),
        ({"loop": {"bpm": 120, "bars": 0}}, "1 to 64 bars"),
        ({"file": "a.wav"}, "either a prompt or a file; got both"),
        ({"levl_db": 1}, r'layer \'beat\': a layer has no field "levl_db"; did you mean "level_db"'),
        ({"settings": {"stepps": 3}}, 'did you mean "steps"'),
        ({"settings": {"steps": 3.5}}, "a whole number"),
        ({"seed": -1}, "seed is 0 to"),
        ({"name": "air"}, "layer 'air': every layer has a name of its own"),
        ({"name": ""}, "every layer has a name"),
    ],
)  # fmt: skip
def test_bad_layers_are_told_by_name(layer, complaint):
    with pytest.raises(SceneError, match=complaint):
        scene_of(changed(layer))


def test_all_faults_are_told_at_once():
    scene = changed({"level_db": 50})
    scene["layers"][1]["pan"] = 3
    scene["layers"].append(4)
    with pytest.raises(
        SceneError, match=r"^layer 'beat': level_db.*; layer 'air': pan.*; layer 3: a layer is"
    ):
        scene_of(scene)
    for more, complaint in (
        ({"layers": []}, "1 to 32 layers; got 0"),
        ({"layers": SCENE["layers"] * MOST_LAYERS}, "got 64"),
        ({"seconds": 601}, "seconds is"),
        ({"headroom_db": -1}, "headroom_db is 0 to 60; got -1"),
        ({"seed": 2**60}, "seed is"),
    ):
        with pytest.raises(SceneError, match=complaint):
            scene_of(changed(**more))


def test_what_the_generator_cannot_do_is_told_by_name_and_so_is_what_it_fails_at():
    with pytest.raises(
        SceneError, match=r"layer 'beat': maker has no steps.*; layer 'air': seconds is 0\.25 to 3"
    ):
        render_scene(scene_of(changed({"settings": {"steps": 3}})), Maker(kinds, longest_s=3.0))

    def mute(request, time_s):
        return (0 if "hiss" in request.prompt else 1) * drums(request, time_s)

    with pytest.raises(GenerationError, match=r"maker failed: layer 'air': it gave silence; try"):
        render_scene(scene_of(SCENE), Maker(mute, steps=Setting(4, 1, 9)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a scene"),
        ('{"format": "tonewright-score", "format_version": 1}', "this is a score, no scene"),
        ('{"format": "tonewright-scene", "format_version": 2, "seconds": 1, "layers": []}', "newer than 1"),
        ('{"format": "tonewright-scene", "format_version": 1, "layers": []}', 'needs the field "seconds"'),
        ('{"format": "tonewright-scene", "format_version": 1, "seconds": Infinity}', "no JSON number"),
    ],
)
def test_what_is_no_scene(tmp_path, text, complaint):
    (tmp_path / "scene.json").write_text(text)
    with pytest.raises(SceneError, match=complaint) as told:
        read_scene(tmp_path / "scene.json")
    assert "scene.json" in str(told.value)


def test_the_schema_is_that_of_the_code_and_the_example_fits_it():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(FILE.read_text("utf-8"))
    assert schema == scene_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(EXAMPLE.read_text("utf-8")), schema)
    for layer in ({"file": "a.wav"}, {"pan": 2}, {"loop": {}}, {"level": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"format": FORM, "format_version": 1} | changed(layer), schema)
    scene = read_scene(EXAMPLE)
    assert all((scene.folder / layer.file).is_file() for layer in scene.layers if layer.file)
