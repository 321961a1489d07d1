"""Cuts that can be asked for, and those that cannot: by the dictionary and by what was decided, never by data."""

from __future__ import annotations

import pytest

from assets.errors import InputError
from assets.measures import dictionary
from assets.measures.cuts import Cut, check_cut, decided_cuts, possible_cuts
from expectations.breakdowns import decide_cells
from expectations.policy import read_policy
from tests.unit.test_breakdowns import WEEK, cell, units

ALL_BINS = set(dictionary().dimensions)


def refused(measure: str, by: str, month: str = "2026-10", bins: set[str] = ALL_BINS, *decided: tuple[str, str]) -> str:
    with pytest.raises(InputError) as error:
        check_cut(Cut(measure, by, month), dictionary(), bins, set(decided))
    return str(error.value)


@pytest.mark.parametrize(
    ("measure", "by", "words"),
    [
        ("closer_to_understanding", "therapist", "the smallest group is a unit of five therapists"),
        ("response_rate", "client_key", "figures are not kept by client_key"),
        ("response_rate", "moon", 'there is no dimension "moon"'),
        ("respons_rate", "weekday", 'Did you mean "response_rate"?'),
        ("endings_planned", "weekday", "it is counted for the service"),
        ("threshold_coverage", "weekday", "it is counted for the organisation"),
        ("needs_covered", "weekday", "counted by quarter"),
        ("over_threshold_days", "weekday", "every release holds it already"),
        ("caseload_spread", "modality", "its SQL does not select modality"),
        ("quota_pull", "weekday", "its SQL does not select local_date"),
        ("late_cancellations_absorbed", "load", "does not select is_over_threshold"),
        ("closer_to_understanding", "weekday", "does not select local_date"),
    ],
)
def test_what_cannot_be_asked_for_is_told_with_its_rule(measure: str, by: str, words: str) -> None:
    assert words in refused(measure, by)


def test_a_dimension_without_bins_has_to_be_declared_first() -> None:
    assert "declares them in rapport.toml, under [breakdowns.modality]" in refused(
        "sessions_over_threshold", "modality", "2026-10", {"weekday"}
    )


def test_two_measures_of_one_count_are_not_both_cut() -> None:
    """long_runs and short_breaks are of the same days; sessions over threshold lie in those that response_rate is of."""
    assert "short_breaks shares a count" in refused(
        "long_runs", "weekday", "2026-10", ALL_BINS, ("short_breaks", "weekday")
    )
    assert "response_rate shares a count" in refused(
        "sessions_over_threshold", "weekday", "2026-10", ALL_BINS, ("response_rate", "weekday")
    )
    assert check_cut(Cut("long_runs", "weekday", "2026-10"), dictionary(), ALL_BINS, {("response_rate", "weekday")})


def test_three_partitions_are_the_most_whatever_became_of_them() -> None:
    taken = [("sessions_over_threshold", "weekday"), ("sessions_over_threshold", "modality")]
    assert "3 partitions" in refused("sessions_over_threshold", "hour_band", "2026-10", ALL_BINS, *taken)
    assert "decided already" in refused("sessions_over_threshold", "weekday", "2026-10", ALL_BINS, *taken)


def test_what_can_be_asked_for_is_what_is_not_forbidden() -> None:
    found = {(cut.measure, cut.by) for cut in possible_cuts(dictionary(), ALL_BINS, set(), "2026-10")}
    assert ("long_runs", "weekday") in found and ("sessions_over_threshold", "hour_band") in found
    for measure in dictionary().measures:
        for by in ("weekday", "kind"):
            if (measure, by) not in found:
                assert refused(measure, by)


def test_a_subject_tells_measure_and_dimension() -> None:
    subjects = [Cut("long_runs", "weekday", "2026-10").subject, "whatif-best-fit", None]
    assert decided_cuts(subjects) == {("long_runs", "weekday")}


# The policy's word on one more breakdown, beside those that are published


def rows(*cells: tuple[str, str, int, int]):
    import pandas as pd

    return pd.DataFrame(cells, columns=["breakdown", "breakdown_value", "part", "base"]).assign(status="published")


SIX_UNITS = units(*[(25, 100, "published")] * 6)


def statuses(beside) -> list[str]:
    import pandas as pd

    cells = pd.DataFrame([cell("weekday", "Monday", 300, 75), cell("weekday", "Tuesday", 300, 75)])
    return list(decide_cells(cells, SIX_UNITS, read_policy(), beside).status)


def test_a_further_breakdown_is_judged_beside_what_is_published() -> None:
    """Units of 600 may be 588 to 612, two bins of 600 may be 596 to 604. Beside two bins of 608 in all there is too little room."""
    assert statuses(None) == ["published", "published"]
    assert statuses(rows(("kind", "a", 75, 300), ("kind", "b", 75, 300))) == ["published", "published"]
    narrow = rows(("kind", "a", 75, 305), ("kind", "b", 75, 305))
    assert statuses(narrow) == ["not shown", "not shown"]
    assert statuses(narrow.assign(status="not shown")) == ["published", "published"]


def test_breakdowns_that_were_decided_before_count() -> None:
    import pandas as pd

    beside = rows(*[(name, "one", 50, 200) for name in ("kind", "modality", "load")])
    with pytest.raises(ValueError, match="3 are the most"):
        decide_cells(pd.DataFrame(WEEK), SIX_UNITS, read_policy(), beside)
    with pytest.raises(ValueError, match="each once"):
        decide_cells(pd.DataFrame(WEEK), SIX_UNITS, read_policy(), rows(("weekday", "Monday", 50, 200)))
