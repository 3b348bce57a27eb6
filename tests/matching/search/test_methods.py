import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.matching.search.combined import full_search
from tonewright.matching.search.methods import METHODS, search_method
from tonewright.matching.search.random_and_cma import cma_search


def test_the_table_leads_to_the_searches():
    assert [*METHODS] == ["random", "cma", "estimator", "agent", "estimator-agent", "full"]
    assert search_method("cma") is cma_search
    assert search_method("full") is full_search
    assert all(callable(search_method(name)) for name in METHODS)


def test_methods_that_use_networks_take_a_folder_of_them():
    learned = [method.name for method in METHODS.values() if method.parts]
    assert learned == ["estimator", "agent", "estimator-agent", "full"]
    assert search_method("full", "runs").keywords == {"networks": "runs"}
    with pytest.raises(UsageError, match="the method random uses no networks; choose from: estimator, agent"):
        search_method("random", "runs")


def test_an_unknown_method_is_refused():
    with pytest.raises(UnknownNameError, match="no search method is called 'cmma'; did you mean 'cma'"):
        search_method("cmma")
