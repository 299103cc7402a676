"""The texts of the reasons why values have no bound."""

import pytest

from quantgate.records.verdicts import Verdict
from quantgate.wording.verdicts import miss_text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"gap": "few", "samples_needed": 50},
            "is based on too few samples for a bound. About 50 samples would decide it. Or give "
            "the metric a `range` of its values",
        ),
        (
            {"gap": "equal"},
            "has no bound, as all values per sample are equal, which says nothing about their "
            "spread. Give the metric a `range` of its values",
        ),
        (
            {"gap": "skewed", "few_share": 0.62},
            "has no bound, as a few samples decide it: 1 % of them make up 62 % of the spread. "
            "Give the metric a `range` of its values",
        ),
        (
            {
                "gap": "class",
                "rare_class": {"name": "owl", "samples": 5, "share": 0.45, "amount": 0.045},
                "samples_needed": 4000,
            },
            "has no bound that could meet the limit, as class `owl` has only 5 samples. It could "
            "have lost 45 % of them unseen, which alone is 0.0450 of mse. About 4,000 samples "
            "would decide it. Or give the metric a `range` of its values",
        ),
    ],
)
def test_an_undecided_limit_says_why_its_values_have_no_bound(changes, text):
    verdict = Verdict(
        name="mse",
        metric="mse",
        rule="max_rise",
        limit=0.1,
        figure=0.3,
        value=0.05,
        confidence=0.95,
        margin=None,
        outcome="undecided",
        passed=False,
        **changes,
    )
    assert miss_text(verdict) == (
        f"mse rise at most 0.1 at 95 % confidence: mse rise of 0.05 {text}"
    )


def test_a_metric_over_classes_cannot_have_a_range():
    verdict = Verdict(
        name="f1_macro",
        metric="f1_macro",
        rule="max_drop",
        limit=0.01,
        figure=0.8,
        value=0.0,
        confidence=0.95,
        gap="few",
        margin=None,
        outcome="undecided",
        passed=False,
    )
    assert miss_text(verdict).endswith("of 0.0000 is based on too few samples for a bound")
