import pytest

from tonewright.synths.pd.complaints import Complaints


def fault(*said):
    complaints = Complaints("my.pd", "my.json", "0.53.1")
    for one in said:
        complaints.hear(one)
    return complaints.fault


@pytest.mark.parametrize(
    "said",
    [
        b"error: limiter~ 1 2\n... couldn't create\n",  # up to 0.52
        b"verbose(0): limiter~ 1 2\nverbose(1): ... couldn't create\n",
        b"limiter~ 1 2\n... couldn't create\n",
    ],
)
def test_an_object_that_pd_does_not_know(said):
    for parts in ([said], [said[:9], said[9:30], said[30:]]):
        message = fault(*parts)
        assert message.startswith("a patch needs every object that it names; got [limiter~ 1 2] in 'my.pd'")
        assert "neither in Pd 0.53.1 nor beside the patch; install the library zexy" in message
        assert "apt-get install pd-zexy" in message
        assert "'my.json'" in message


@pytest.mark.parametrize(
    ("box", "remedy"),
    [
        (b"else/lfnoise~ 3", "install the library else (in Pd: Help, Find externals) and"),
        (b"my-voice~", "install the external or abstraction (in Pd: Help, Find externals) and"),
        (b"cyclone/svf~", "on Debian: apt-get install pd-cyclone"),
    ],
)
def test_where_an_object_may_come_from(box, remedy):
    assert remedy in fault(b"error: " + box + b"\n... couldn't create\n")


@pytest.mark.parametrize(
    "said",
    [
        b"error: drums.wav: can't open\n",
        b"error: notes.txt: can't open\nerror: notes.txt: read failed\n",
        b"error: soundfiler read: drums.wav: No such file or directory\n",
        b"error: soundfiler read: drums.wav: unknown or bad header format\n",
    ],
)
def test_a_file_that_cannot_be_read(said):
    assert fault(said).startswith("a patch needs every file that it names; Pd says ")


def test_a_library_that_cannot_be_loaded():
    assert 'Pd says "zexy: can\'t load library"; install it' in fault(b"zexy: can't load library\n")


@pytest.mark.parametrize(
    "said",
    [
        b"sound.snd: biggest amplitude = 1.5\n",
        b"ALSA lib pcm.c:2666:(snd_pcm_open_noupdate) No such file or directory\n",
        b"print: can't open my heart\n",  # whatever a patch prints
        b"error: nobody: no such object\n",
        b"verbose(3): something\n",
    ],
)
def test_what_does_not_matter(said):
    assert fault(said) == ""


def test_the_last_lines_are_kept_for_other_messages():
    complaints = Complaints("my.pd", "my.json", "0.53.1")
    complaints.hear(b"error: one\nerror: two\n" + b"sound.snd: biggest amplitude = 1.5\n" * 9 + b"three\nfo")
    assert complaints.recent == "one / two / three"
