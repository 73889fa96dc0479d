"""A frame takes no more instructions than its budget allows, tests/bench/instructions.json."""

import json

import pytest
from bench import instructions


@pytest.mark.parametrize(("share", "over"), [(0.5, []), (1.02, []), (1.04, ["detector"])])
def test_three_percent_more_is_too_much(share, over):
    budget = json.loads(instructions.BUDGET.read_text())["instructions"]
    counts = budget | {"detector": round(budget["detector"] * share)}
    assert instructions.too_many(counts) == over


def test_every_part_has_its_budget():
    assert set(json.loads(instructions.BUDGET.read_text())["instructions"]) == set(
        instructions.PARTS
    )


@pytest.mark.timeout(600)  # valgrind is fifty times slower: a minute on an idle core
def test_a_frame_takes_no_more_instructions_than_its_budget():
    if why := instructions.missing():
        pytest.skip(why)
    counts = instructions.count()
    assert instructions.too_many(counts) == [], counts
