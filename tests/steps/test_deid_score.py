"""The score of a small planted corpus: nobody is left in what leaves, and research loses nothing."""

import pytest
from planting import corpus, scoring
from planting.keys import DIRECT

SEED, COUNT = 11, 70
LEAST = 99.9


@pytest.fixture(scope="module")
def score(tmp_path_factory):
    folder = tmp_path_factory.mktemp("score")
    return scoring.run(corpus.make(corpus.sources(()), folder, SEED, COUNT), folder)


def test_no_direct_identifier_is_left(score):
    assert score.passed[DIRECT] > 20 * COUNT
    assert [one for one in score.failures if one[0] == DIRECT] == []


def test_nearly_every_check_passes_and_nothing_clinical_is_lost(score):
    assert score.share >= LEAST, score.failures
    assert score.failed["clinical value kept"] == 0, score.failures
    assert score.passed["clinical value kept"] > 10 * COUNT


def test_every_input_is_accounted_for_and_few_are_refused(score):
    assert score.inputs == COUNT == score.outputs + score.refused.total() + score.excluded
    assert score.failed["what can be judged is not refused"] == 0, score.failures
