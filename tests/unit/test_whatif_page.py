"""What a what-if says in the terminal and on its page, and which quarter is meant."""

from __future__ import annotations

import pytest

from assets.errors import InputError
from assets.whatif import FIGURES, RULE_TITLES
from pipelines.whatif import _quarter_end
from reports.whatif.page import as_text, precision, render

CATALOGUE = {
    "rules": {"as_it_was": "As it was", "earliest_place": "The <earliest> place"},
    "figures": {
        "needs_covered": {"title": "needs covered", "base": "needs stated", "part": "that are declared"},
        "days_over_threshold": {"title": "days over the threshold", "base": "days", "part": "over the threshold"},
    },
}
MANIFEST = {
    "organisation": "Lindenhof & Co",
    "period_start": "2026-07-01",
    "period_end": "2026-09-30",
    "policy": {"rules": {"min_part": 10}},
}
SHOWN = {"least_part": 1230, "greatest_part": 1239, "least_base": 2000, "greatest_base": 2009, "lower": 61.2, "upper": 62.0,
         "value": 62, "status": "published"}  # fmt: skip
HIDDEN = dict.fromkeys(SHOWN) | {"status": "not shown"}
ROWS = [
    {"figure": figure, "rule": rule} | (SHOWN if figure == "needs_covered" else HIDDEN)
    for figure in CATALOGUE["figures"]
    for rule in CATALOGUE["rules"]
]


def test_the_table_has_a_line_a_rule_and_a_column_a_figure_that_is_shown():
    text = as_text(ROWS, CATALOGUE, MANIFEST).splitlines()
    assert text[0] == "Lindenhof & Co, July to September 2026"
    assert [line.split() for line in text[2:6]] == [
        ["needs"], ["covered"], ["As", "it", "was", "62", "%"], ["The", "<earliest>", "place", "62", "%"],
    ]  # fmt: skip
    assert text[-1] == "Not shown, under no rule: days over the threshold"
    assert "off by 1 points" in text[-2] and precision(ROWS) == 1


def test_the_page_says_the_same_with_the_classes_and_needs_nothing_else():
    page = render(ROWS, CATALOGUE, MANIFEST)
    assert "1,230–1,239 of 2,000–2,009" in page and page.count("62 %") == 2
    assert "Lindenhof &amp; Co" in page and "The &lt;earliest&gt; place" in page
    assert "Not shown, under no rule: days over the threshold" in page and "classes of 10" in page
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page
    assert page == render(ROWS, CATALOGUE, MANIFEST)


def test_declared_rules_and_figures_have_titles_of_their_own():
    assert len(set(RULE_TITLES.values())) == len(RULE_TITLES) == 10
    assert len({figure.title for figure in FIGURES}) == len(FIGURES)


def test_a_quarter_is_named_by_its_last_month_or_is_the_last_that_stands():
    assert _quarter_end(None, ["2026-06", "2026-09", "2026-10"]) == "2026-09"
    assert _quarter_end("2026-06", []) == "2026-06"


@pytest.mark.parametrize(
    ("month", "told"),
    [("2026-10", "last month: 2026-12"), ("2026-08", "last month: 2026-09"), (None, "rapport status")],
)
def test_what_is_no_quarter_is_told_with_its_mend(month, told):
    with pytest.raises(InputError) as error:
        _quarter_end(month, ["2026-07", "2026-08"])
    assert told in str(error.value)
