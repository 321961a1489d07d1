"""The page as a whole: what it shows of a release, what it never shows, and that it is safe to open."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from reports.monthly.embedding import csp_hash, plotly_script
from reports.monthly.figures import measure_histories
from reports.monthly.page import render, render_notice
from reports.monthly.release import Release
from reports.monthly.words import SPACE
from tests.unit.report_fixtures import MEASURES, counts, releases, with_measure
from tests.unit.report_reading import Element, as_table, read, unpacked

NASTY = [
    "<script>alert('unit')</script>",
    "\"quoted\" & 'single' </table>",
    "\u202eright to left\u202c שלום",
    "Long " * 24,
    "{{ 7 * 7 }}",
    "=1+1",
]
# What would make a competition of it; allowed only where the page says what it may not be used for.
UNWANTED = re.compile(r"\b(rank\w*|best|worst|top|bottom|leaderboards?|targets?|league)\b", re.IGNORECASE)


def rendered(*found: Release) -> str:
    return render(found[-1], measure_histories(found[-1], found[:-1]))


def page(found: list[Release]) -> Element:
    return read(rendered(*found))


@pytest.fixture(scope="module")
def months() -> list[Release]:
    return releases(months=6, units=9, hidden_share=0.1)


@pytest.fixture(scope="module")
def whole(months: list[Release]) -> Element:
    return page(months)


def without_space(text: str) -> str:
    return text.replace(SPACE, " ")


def test_the_tables_are_the_release(months: list[Release], whole: Element) -> None:
    assert set(months[-1].measures["status"]) == {"published", "banded", "not shown"}

    tables = {table.attributes["data-measure"]: table for table in whole.all("table", kind="figures")}

    assert list(tables) == list(MEASURES)
    for measure_id, table in tables.items():
        shown = [[without_space(cell) for cell in row] for row in table.rows()]
        assert shown == as_table(months[-1], measure_id)


def test_the_earlier_months_are_the_earlier_releases(months: list[Release], whole: Element) -> None:
    for measure_id, table in zip(MEASURES, whole.all("table", kind="earlier"), strict=True):
        shown = {row[0]: [without_space(cell) for cell in row[1:]] for row in table.rows()}
        for at, release in enumerate(months[:-1]):
            for row in as_table(release, measure_id):
                said = row[3] or row[5].removeprefix("banded: ")
                assert shown[row[0]][at] == said


def test_what_is_not_shown_is_no_number_anywhere(months: list[Release], whole: Element) -> None:
    hidden = months[-1].measures.query("status == 'not shown' and level == 'unit'")
    for measure_id, unit in zip(hidden["measure_id"], hidden["unit"], strict=True):
        (row,) = [row for row in whole.one("table", data_measure=measure_id).rows() if row[0] == unit]
        assert row[1:7] == ["", "", "", "", "not shown", ""]
        for panel in whole.one(id=measure_id).all("li"):
            if panel.one("bdi").text == unit:
                assert panel.one(kind="hidden").text == "not shown"
                assert not panel.all(kind="share")


def test_units_stand_by_the_alphabet_everywhere(whole: Element) -> None:
    for block in whole.all("article"):
        panels = [panel.one("bdi").text for panel in block.one("ul", kind="panels").all("li")]
        assert panels == sorted(panels)
        units = [row[0] for row in block.one("table", kind="figures").rows() if row[7] == "unit"]
        assert units == sorted(units)


def test_the_same_releases_give_the_same_page(months: list[Release]) -> None:
    assert rendered(*months) == rendered(*copy.deepcopy(months))


def test_words_of_competition_stand_only_where_it_is_refused(whole: Element) -> None:
    refusal = whole.one(id="limits-of-use")
    assert len(UNWANTED.findall(refusal.text)) >= 4

    attributes = " ".join(
        value
        for element in whole.all()
        for name, value in element.attributes.items()
        if name in ("aria-label", "title", "alt")
    )
    assert UNWANTED.findall(whole.text.replace(refusal.text, "") + attributes) == []


@pytest.mark.parametrize("name", NASTY)
def test_names_are_shown_as_they_are_and_run_nothing(name: str) -> None:
    found = releases(months=2, units=[name, "Harbour"], organisation=name, hidden_share=0)
    for release in found:
        release.catalogue["measures"]["long_runs"]["title"] = name
        release.catalogue["measures"]["long_runs"]["caveat"] = name

    shown = page(found)

    assert len(shown.all("script")) == 3  # the charts' script, their data, and plotly.js, both compressed
    said = re.sub(r"\s+", " ", name).strip()
    assert said in [cell.text for cell in shown.all("bdi")]
    assert shown.one("title").text == f"October 2026: monthly report of {said}"
    assert shown.one("h3", id="long_runs-title").text == said


def test_no_script_runs_but_those_that_the_page_names(whole: Element) -> None:
    policy = next(
        meta.attributes["content"]
        for meta in whole.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (script,) = [each for each in whole.all("script") if "type" not in each.attributes]
    plotly = plotly_script()

    assert f"script-src {csp_hash(str(script.children[0]))} {plotly.csp_hash};" in policy
    assert policy.startswith("default-src 'none';")
    assert csp_hash(unpacked(whole.one("script", id="plotly"))) == plotly.csp_hash


def test_the_page_asks_nothing_of_a_network(whole: Element) -> None:
    addresses = [
        value
        for element in whole.all()
        for name, value in element.attributes.items()
        if name in ("src", "href", "action", "data", "poster", "srcset")
    ]
    assert {address for address in addresses if not address.startswith("#")} == {"data:,"}
    assert "url(" not in "".join(str(style.children[0]) for style in whole.all("style"))


def test_every_chart_has_its_element_and_says_what_it_draws(whole: Element) -> None:
    specs = json.loads(unpacked(whole.one("script", id="chart-data")))["charts"]
    charts = whole.all("div", kind="chart")

    assert [chart.attributes["id"] for chart in charts] == list(specs)
    assert all(chart.attributes["role"] == "img" for chart in charts)
    assert all("October 2026" in chart.attributes["aria-label"] for chart in charts)


def test_the_page_can_be_found_through_without_seeing_it(whole: Element) -> None:
    levels = [int(each.name[1]) for each in whole.all() if re.fullmatch(r"h\d", each.name)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))

    ids = [each.attributes["id"] for each in whole.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    referred = [each.attributes["aria-labelledby"] for each in whole.all() if "aria-labelledby" in each.attributes]
    linked = [each.attributes["href"][1:] for each in whole.all("a")]
    assert set(referred + linked) <= set(ids)

    for table in whole.all("table"):
        assert table.one("caption").text
        assert all(cell.attributes.get("scope") in ("col", "row", "rowgroup") for cell in table.all("th"))
        assert all(any(cell.name == "th" for cell in row.all()) for row in table.all("tr"))
    for region in whole.all("div", kind="scroll"):
        assert (region.attributes["tabindex"], region.attributes["role"]) == ("0", "region")
    assert whole.one("html").attributes["lang"] == "en"
    assert whole.all("a")[0].attributes == {"class": "skip", "href": "#main"}


def test_a_first_month_is_complete_in_words_and_tables() -> None:
    first = page(releases(months=1, units=6, hidden_share=0))

    assert not first.all("div", kind="chart")
    assert len(first.all("script")) == 1
    assert len(first.all("table", kind="figures")) == len(MEASURES)
    assert not first.all("table", kind="earlier")
    assert "before:" not in first.text
    assert "Before" not in first.text


def test_a_month_in_which_all_is_hidden_says_so_calmly_and_first() -> None:
    hidden = page(releases(months=3, units=5, hidden_share=1))

    notice = hidden.one(kind="notice").text
    assert "that is as it should be" in notice
    assert "Larger units show more" in notice
    assert hidden.text.index(notice) < hidden.text.index("Days over the therapist's own threshold")
    assert not hidden.all("div", kind="chart")
    assert "%" not in hidden.one(id="section-workload").text
    assert "in any of the 5 units" in hidden.one(id="long_runs").text


def test_the_notice_stands_only_where_most_is_hidden(whole: Element) -> None:
    assert not whole.all(kind="notice")


def hiding(release: Release, *units: str) -> Release:
    """The release, with all figures of these units not shown."""
    rows = release.measures.copy()
    rows.loc[rows.unit.isin(units), ["part", "base", "value", "lower", "upper"]] = None
    rows.loc[rows.unit.isin(units), "status"] = "not shown"
    return replace(release, measures=rows)


@pytest.fixture(scope="module")
def four_units() -> list[Release]:
    """Two months of Alder, Birch, Brook and Chapel with one figure each, all shown."""
    return releases(months=2, units=4, measures=["caseload_spread"], hidden_share=0)


@pytest.mark.parametrize(
    ("hidden_before", "hidden_now", "says"),
    [
        ([], ["Alder", "Birch"], True),  # half of four
        ([], ["Alder"], False),
        (["Alder", "Birch"], ["Alder", "Birch"], False),  # as it was
        (["Alder", "Birch"], ["Alder", "Birch", "Brook"], True),  # half of the two that were shown
        (["Alder", "Birch", "Brook", "Chapel"], ["Alder", "Birch", "Brook", "Chapel"], False),
    ],
)
def test_far_fewer_figures_than_the_month_before_lead_to_the_sources(
    four_units: list[Release], hidden_before: list[str], hidden_now: list[str], says: bool
) -> None:
    before, now = four_units

    report = page([hiding(before, *hidden_before), hiding(now, *hidden_now)])

    sentences = ("Far fewer figures could be shown than the month before.", "look at the sources first")
    assert [sentence in report.text for sentence in sentences] == [says, says]
    if says:
        assert "as it should be" not in report.text and "Larger units show more" not in report.text


def test_it_says_so_in_german(four_units: list[Release]) -> None:
    before, now = four_units
    now = hiding(replace(now, manifest={**now.manifest, "language": "de"}), "Alder", "Birch")

    notice = page([before, now]).one(kind="notice").text
    assert "viel weniger Zahlen gezeigt werden als im Monat davor" in notice
    assert "zuerst auf die Quellen" in notice and "das ist richtig so" not in notice


def test_units_that_are_gone_and_quarters_are_not_far_fewer_figures(four_units: list[Release]) -> None:
    before, now = four_units
    gone = replace(now, measures=now.measures.loc[~now.measures.unit.isin(["Alder", "Birch"])])
    quarters = [copy.deepcopy(before), copy.deepcopy(hiding(now, "Alder", "Birch", "Brook"))]
    for each in quarters:
        of_grain(each, "caseload_spread", "unit", "quarter")

    assert "Far fewer" not in page([before, gone]).text
    assert "Far fewer" not in page(quarters).text


def test_what_is_not_measured_is_one_line_that_says_what_it_needs() -> None:
    found = page(releases(months=3, units=5, not_measured=["late_cancellations_absorbed"]))

    block = found.one(id="late_cancellations_absorbed")
    assert block.text.endswith(
        "Not measured. It would need the field cancelled_at of sessions, which the sources do not hold."
    )
    assert "1 measure could not be measured" in found.one(id="glance").text
    specs = json.loads(unpacked(found.one("script", id="chart-data")))["charts"]
    assert not [chart_id for chart_id in specs if "late_cancellations" in chart_id]


def test_the_glance_counts_the_units_figures(months: list[Release], whole: Element) -> None:
    statuses = months[-1].measures.query("level == 'unit'")["status"].value_counts()

    assert (
        f"This report holds 90 figures of 10 measures, breakdowns not counted: {statuses['published']} published, "
        f"{statuses['banded']} shown as a band, {statuses['not shown']} not shown. Depending on the measure, that is a figure "
        "for each unit (9 reporting units), one for each service, or one for the whole organisation."
    ) in whole.one(id="glance").text


def test_sections_are_those_that_the_catalogue_has_measures_for(months: list[Release], whole: Element) -> None:
    assert [each.text for each in whole.all("h2")][:4] == [
        "In short",
        "At a glance",
        "Workload",
        "Where load and care meet",
    ]

    entries = copy.deepcopy(months[-1].catalogue)
    entries["measures"]["caseload_spread"]["section"] = "care"
    entries["sections"].append({"id": "care", "title": "Care", "question": "Is care going well?"})
    with_care = read(rendered(replace(months[-1], catalogue=entries)))

    assert [each.text for each in with_care.all("h2")][2:4] == ["Workload", "Care"]


def test_a_catalogues_measure_ids_become_links(whole: Element) -> None:
    (link, source) = whole.one(id="over_threshold_days").one("div", kind="small-print").all("a")
    assert (source.text, source.attributes["href"]) == ("Source.", "#sources")

    assert (link.attributes["href"], link.text) == ("#threshold_coverage", "Days with a declared threshold")


def test_a_plain_word_is_no_measure(months: list[Release]) -> None:
    entries = copy.deepcopy(months[-1].catalogue)
    entries["measures"]["waits"] = entries["measures"].pop("caseload_spread")
    entries["measures"]["long_runs"]["caveat"] = "The four waits are conventions."

    assert "The four waits are conventions." in read(rendered(replace(months[-1], catalogue=entries))).text


def test_a_figure_from_few_units_does_not_stand_for_the_organisation() -> None:
    found = releases(months=3, units=6, measures=["long_runs"], hidden_share=0)
    for release in found:
        organisation = release.measures["level"] == "organisation"
        release.measures.loc[organisation, "coverage"] = "2 of 6"

    block = page(found).one(id="long_runs")

    assert "2 of 6 units, October 2026" in block.text
    assert "Too few units to stand for the organisation." in block.text
    assert not block.all("strong", kind="numeral")
    assert not block.all("div", kind="wide")


def test_a_curve_from_few_units_is_a_table_and_no_drawing() -> None:
    month = releases(months=1, units=6, hidden_share=0)[0]
    curve = {"by": "within_days", "value": "wait_days", "cutoffs": [7, 28], "own": 28}
    rows = [
        {"breakdown": "within_days", "breakdown_value": days, "coverage": coverage, **counts(part, 400)}
        for days, coverage, part in (("7", "1 of 6", 80), ("28", "6 of 6", 300))
    ]

    block = page([with_measure(month, "waits", rows, curve=curve)]).one(id="waits")

    assert "shown for too few units to stand for the organisation" in block.one("p", kind="finding").text
    assert not block.all("div", kind="chart")
    assert [row[0] for row in block.one("table", kind="bins").rows()] == ["within 7 days", "within 28 days"]


def test_an_audit_is_claimed_only_where_there_was_one(months: list[Release], whole: Element) -> None:
    audited = replace(months[-1], manifest={**months[-1].manifest, "audited": True})

    assert "No independent audit of this release has been made" in whole.one(id="method").text
    assert "No independent audit" not in read(rendered(audited)).one(id="method").text


def test_a_manifest_may_leave_out_what_it_does_not_know(months: list[Release]) -> None:
    known = ("organisation", "month", "period_start", "period_end", "closed_on")
    bare = replace(months[-1], manifest={key: months[-1].manifest[key] for key in known})

    assert "Data quality" in read(rendered(bare)).text


def test_the_data_quality_is_given_in_its_classes(whole: Element) -> None:
    quality = whole.one(id="data-quality")

    assert quality.all("table")[1].rows() == [
        ["sessions", "10,000 to 100,000", "95 % or more", "under 1 %", "under 1 %", "1 % to 5 %"]
    ]
    assert "2 checks had something to look at, and 1 passed. Not met:" in quality.text
    assert "Every status of the source is mapped (sessions)" in quality.text


def test_two_years_of_forty_units_stay_small() -> None:
    found = releases(months=25, units=40)

    assert len(rendered(*found).encode()) <= 3_000_000


def of_grain(release: Release, measure_id: str, level: str, period: str) -> None:
    release.catalogue["measures"][measure_id]["grain"] = {"level": level, "period": period}


def without(release: Release, measure_id: str, level: str = "") -> Release:
    """A release that lacks rows of a measure: all of them, or those of one level."""
    rows = release.measures
    is_out = (rows.measure_id == measure_id) & ((rows.level == level) if level else True)
    return replace(release, measures=rows.loc[~is_out])


def test_a_quarter_stays_until_the_next_and_says_its_period() -> None:
    months = [copy.deepcopy(month) for month in releases(months=3, units=9, hidden_share=0)]  # August to October
    for month in months:
        of_grain(month, "long_runs", "unit", "quarter")
    rows = months[1].measures
    rows.loc[rows.measure_id == "long_runs", "period_start"] = "2026-07-01"
    months[0], months[2] = without(months[0], "long_runs"), without(months[2], "long_runs")

    before, after = (page(months[:at]) for at in (1, 3))

    assert "the first is due with the report of December 2026" in without_space(before.one(id="long_runs").text)
    assert "first due with the report of December 2026" in before.one(id="glance").text
    assert "July to September 2026" in after.one(id="long_runs").text
    assert "July to September 2026" in after.one(id="glance").text
    assert len(after.one(id="long_runs").one("table", kind="figures").rows()) > 9


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Response rate of the sessions: July 46 %, August not shown and September 44 %."),
        ("de", "Antwortrate der Sitzungen: Juli 46 %, August nicht gezeigt und September 44 %."),
    ],
)
def test_the_response_rates_of_a_quarter_name_their_months(language: str, said: str) -> None:
    found = releases(months=3, units=["Alder"], measures=["long_runs"], last_month="2026-09")
    rates = (counts(460, 1000), {"status": "not shown"}, counts(440, 1000))
    *past, month = [with_measure(each, "response_rate", [rate]) for each, rate in zip(found, rates, strict=True)]
    quarter = {"period_start": "2026-07-01", "period_end": "2026-09-30", **counts(60, 200)}
    grain = {"level": "organisation", "period": "quarter"}
    month = with_measure(month, "alliance_repaired", [quarter], grain=grain, needs=["feedback.alliance"])
    month = replace(month, manifest={**month.manifest, "language": language})

    assert said in without_space(page([*past, month]).one(id="alliance_repaired").text)


@pytest.mark.parametrize(("language", "said"), [("en", "Not met: "), ("de", "Nicht erfüllt: ")])
def test_a_check_that_did_not_hold_is_a_requirement_that_is_not_met(
    months: list[Release], language: str, said: str
) -> None:
    manifest = copy.deepcopy(dict(months[-1].manifest))
    manifest["language"], manifest["data_quality"]["checks"][1]["title"] = language, "No row came twice"
    title = {"en": "No row came twice (sessions)", "de": "Keine Zeile kam zweimal (Sitzungen)"}[language]

    assert said + title in page([replace(months[-1], manifest=manifest)]).one(id="data-quality").text


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_id_of_a_measure_is_read_anywhere_and_the_letter_is_explained(language: str) -> None:
    """With the texts of the whole dictionary: ids are in addresses only, and a letter that is named as a source is told of."""
    from assets.measures import dictionary

    catalogue = dictionary().catalogue()
    (month,) = releases(months=1, units=["Alder"])
    month = replace(month, catalogue=catalogue, manifest={**month.manifest, "language": language})
    report = page([month])

    ids = [name for name in catalogue["measures"] if "_" in name]
    assert [name for name in ids if re.search(rf"\b{name}\b", report.text)] == []
    known = {"en": "an open letter in which a therapist asked", "de": "einen offenen Brief, in dem eine Therapeutin"}
    assert known[language] in report.one(id="method").text
    assert all("letter" not in each.text and "Brief" not in each.text for each in report.all("figcaption"))


def broken_down(coverage: str, *bins: dict[str, object], language: str = "en") -> str:
    """What is said beside the breakdown by day of a measure whose figure of the organisation, 22 %, is from 10 of 11 units."""
    rows = [
        {"breakdown": "weekday", "breakdown_value": str(at), "coverage": coverage, **row} for at, row in enumerate(bins)
    ]
    (month,) = releases(months=1, units=["Alder"], measures=["long_runs"])
    month = with_measure(month, "long_days", [{"coverage": "10 of 11", **counts(352, 1600)}, *rows])
    month = replace(month, manifest={**month.manifest, "language": language})
    return without_space(page([month]).one(id="long_days-weekday").all("p")[1].text)


def test_a_breakdown_of_fewer_units_than_the_headline_says_so() -> None:
    # 100 and 85 of 400 and 200: 185 of 600 are 30.8 %
    english = broken_down("7 of 11", counts(100, 400), counts(85, 200))
    german = broken_down("7 of 11", counts(100, 400), counts(85, 200), language="de")

    assert english == (
        "These are the 7 units whose own figure is published in full; the organisation's 22 % is from 10 of 11 units, "
        "as it counts bands too. The figure of these units together is about 31 %."
    )
    assert german == (
        "Das sind die 7 Einheiten, deren eigene Zahl ganz veröffentlicht ist; die 22 % der Organisation sind aus "
        "10 von 11 Einheiten, denn sie zählen auch Spannen. Die Zahl dieser Einheiten zusammen ist etwa 31 %."
    )


def test_what_they_have_together_is_told_only_where_every_bin_is_published() -> None:
    band = {"status": "banded", "base": 200, "lower": 0.0, "upper": 4.5}

    said = broken_down("7 of 11", counts(100, 400), band)

    assert said.startswith("These are the 7 units") and "together" not in said


def test_a_breakdown_of_the_same_units_says_nothing_of_them() -> None:
    assert "These are" not in broken_down("10 of 11", counts(100, 400), counts(85, 200))


def test_a_curve_of_fewer_units_says_so_and_adds_nothing_up() -> None:
    curve = {"by": "within_days", "value": "wait_days", "cutoffs": [7, 14], "own": 14}
    rows = [
        {"breakdown": "within_days", "breakdown_value": days, "coverage": "7 of 11", **counts(part, 400)}
        for days, part in (("7", 100), ("14", 200))
    ]
    (month,) = releases(months=1, units=["Alder"], measures=["long_runs"])
    month = with_measure(month, "waits", [{"coverage": "10 of 11", **counts(352, 1600)}, *rows], curve=curve)

    said = without_space(page([month]).one(id="waits-within_days").all("p")[1].text)
    assert said == (
        "This is from the 7 of 11 units whose own curve is shown; the organisation's 22 % is from 10 of 11 units."
    )


def test_a_measure_of_the_organisation_has_no_units_and_no_sum() -> None:
    (month,) = releases(months=1, units=9, hidden_share=0)
    month = copy.deepcopy(month)
    of_grain(month, "long_runs", "organisation", "month")
    for level in ("unit", "service"):
        month = without(month, "long_runs", level)
    rows = month.measures
    is_it = rows.measure_id == "long_runs"
    rows.loc[is_it, "status"], rows.loc[is_it, "coverage"] = "not shown", None

    block = page([month]).one(id="long_runs")

    assert [row[0] for row in block.one("table", kind="figures").rows()] == ["Organisation"]
    assert not block.all("ul", kind="panels")
    assert "add up" not in block.text and "unit" not in block.one("p", kind="figure").text


def test_a_replacement_and_withdrawn_months_are_told(months: list[Release]) -> None:
    replaces = {"manifest": "0" * 64, "withdrawn_at": "2026-11-24T09:00:00+00:00", "reason": "wrong_source"}
    manifest = {**months[-1].manifest, "replaces": replaces, "withdrawn_months": ["2026-07", "2026-08"]}
    text = page([*months[:-1], replace(months[-1], manifest=manifest)]).text
    assert (
        "replaces an earlier one of the same month, which was withdrawn on 24 November 2026: what it was made" in text
    )
    assert "because withdrawn: July 2026 and August 2026." in text
    told = page(months).text
    assert "replaces an earlier" not in told and "because withdrawn" not in told


def test_the_notice_of_a_withdrawn_report(months: list[Release]) -> None:
    about = {
        "organisation": NASTY[0],
        "made_at": "2026-11-24T09:00:00+00:00",
        "withdrawn": {"reason": "software_error"},
    }
    text = render_notice({**months[-1].manifest, **about})
    told = read(text)
    assert "withdrawn on 24 November 2026: a fault in the software made figures wrong" in told.text
    assert not told.all("script") and NASTY[0] in told.text
    assert not UNWANTED.search(told.text)
