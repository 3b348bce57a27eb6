import os
import threading

import pytest

from tonewright.improvising.session.urgency import calm, urgent

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="needs Linux")


def test_what_is_asked_for_is_given_back():
    before = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
    with urgent() as got:
        of_threads = []
        thread = threading.Thread(target=lambda: of_threads.append(os.sched_getscheduler(0)))
        thread.start()
        thread.join()
        assert (got == "real time") == (os.sched_getscheduler(0) == os.SCHED_RR)
        assert of_threads == [os.sched_getscheduler(0)]
        if got == "raised":
            assert os.getpriority(os.PRIO_PROCESS, 0) < before[1]
    assert (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)) == before


def test_where_it_is_refused_nothing_changes(monkeypatch):
    def refuse(*args):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "setpriority", refuse)
    with urgent() as got:
        assert got == "usual"


@pytest.mark.skipif(
    not hasattr(os, "sched_getscheduler"), reason="needs a system with policies of scheduling"
)
def test_a_calm_thread_has_the_usual_priority_however_urgent_who_began_it():
    found = []

    def look():
        inherited = os.sched_getscheduler(0)
        calm()
        found.append((inherited, os.sched_getscheduler(0)))

    with urgent() as got:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found[0][1] == os.SCHED_OTHER
    if got == "real time":
        assert found[0][0] == os.SCHED_RR
