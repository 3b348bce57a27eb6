import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("optuna")

from tonewright.errors import OutputError, UnknownNameError, UsageError
from tonewright.prompting.briefs.library import PRESETS
from tonewright.prompting.generators.base import complete
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.optimising.page import heard_trials, search_html
from tonewright.prompting.optimising.search import FOUND, SearchConfig, heard, recommended, search
from tonewright.prompting.task.replies import Reply

QUICK = SearchConfig(category="instruments", budget=5, briefs=2, sounds=1, held_out=2)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("found") / "search"
    return folder, search(folder, QUICK)


def test_it_begins_with_what_is_recommended_and_keeps_the_best(found):
    folder, made = found
    assert made.trials[0].settings == recommended(QUICK)
    assert made.best.reward == max(one.reward for one in made.trials)
    assert len(made.trials) == 5
    for trial in made.trials:
        assert trial.reward == pytest.approx(np.mean(trial.by_brief))
        complete(
            Reply("a bell", **trial.settings).request(1.0, 0), generator("sketch")
        )  # all in their ranges
    assert [len(one) for one in made.held_out.values()] == [2, 2]
    preset = json.loads((folder / PRESETS).read_text())["presets"][0]
    assert preset["settings"]["sketch"] == made.best.settings
    assert json.loads((folder / FOUND).read_text())["best"]["reward"] == made.best.reward


def test_a_search_goes_on_and_one_of_something_else_is_refused(found):
    folder, made = found
    tried = []
    more = search(folder, replace(QUICK, budget=6), progress=tried.append)
    assert more.trials[:5] == made.trials
    assert len(tried) == 6
    with pytest.raises(UsageError, match="holds a search with sounds 1, and this one has 3"):
        search(folder, replace(QUICK, sounds=3))


def test_the_page_tells_and_plays(found):
    _, made = found
    page = search_html(made, [heard(QUICK, trial) for trial in heard_trials(made)])
    assert page.count('class="trial') == 5
    assert "data:audio" in page


def test_what_makes_no_sense_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(UsageError, match="for a category or for a brief"):
        SearchConfig()
    with pytest.raises(UnknownNameError, match="no category is called 'voices'"):
        search(tmp_path / "new", replace(QUICK, category="voices"))
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        search(tmp_path, QUICK)
