"""Every number on the page is one that was released, or follows from such: what is hidden is nowhere, in no form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from math import ceil, floor
from statistics import fmean

import pytest

from reports.monthly.figures import measure_histories
from reports.monthly.page import render
from reports.monthly.release import Release
from reports.monthly.units import unit_pages
from tests.unit.report_fixtures import counts, releases, with_measure
from tests.unit.report_reading import Element, read, unpacked

NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")


@pytest.fixture(scope="module")
def months() -> list[Release]:
    """Ten months; of what is hidden the rows hold numbers that no page may show."""
    found = releases(months=10, units=6, hidden_share=0.25)
    rows = [
        {"breakdown": "weekday", "breakdown_value": day, "coverage": "5 of 6", **counts(part, 415)}
        for day, part in (("Monday", 95), ("Tuesday", 120))
    ]
    found[-1] = with_measure(found[-1], "closer_to_understanding", rows, needs=["feedback"])
    for release in found:
        frame = release.measures
        hidden = frame["status"] == "not shown"
        for column, marked in {"part": 77_717, "base": 88_818, "value": 91, "lower": 66.6, "upper": 99.9}.items():
            frame.loc[hidden, column] = marked
        frame.loc[frame["status"] == "banded", "part"] = 77_717
    return found


def numbers(text: str) -> set[float]:
    return {float(each.replace(",", "").rstrip(".")) for each in NUMBER.findall(text)}


def released(found: Iterable[Release]) -> set[float]:
    """The numbers of all rows that are shown, and their roundings; of series their natural limits, worked out here anew."""
    allowed: set[float] = set()
    series: dict[tuple[str, str, str, str], list[float | None]] = {}
    for release in found:
        for row in release.measures.to_dict("records"):
            key = (row["measure_id"], row["level"], row["unit"], row["service"])
            series.setdefault(key, []).append(100 * row["part"] / row["base"] if row["status"] == "published" else None)
            allowed |= numbers(row["coverage"])
            if row["status"] in ("published", "banded"):
                allowed |= {float(row["base"]), float(row["lower"]), float(row["upper"])}
                allowed |= {float(floor(row["lower"])), float(ceil(row["upper"]))}
            if row["status"] == "published":
                allowed |= {float(row["part"]), float(row["value"])}
    for rates in series.values():
        points = [rate for rate in rates if rate is not None]
        steps = [abs(b - a) for a, b in pairwise(rates) if a is not None and b is not None]
        if len(steps) >= 7:
            reach = 2.66 * fmean(steps)
            allowed |= {float(floor(max(0, fmean(points) - reach))), float(ceil(min(100, fmean(points) + reach)))}
    return allowed


def said_of_itself(release: Release, page: Element) -> set[float]:
    """Numbers of the texts that are the same for all data, of definitions, the policy, dates, and counts of what is there."""
    everything = json.dumps([release.catalogue, release.manifest])
    fixed = " ".join(page.one(id=name).text for name in ("data-quality", "reading", "limits-of-use", "method"))
    return numbers(everything) | numbers(fixed) | {float(number) for number in range(13)} | {2026, 95, 0.5, 99.5, 10}


def counted(release: Release) -> set[float]:
    own = release.measures.loc[(release.measures.level == "unit") & (release.measures.breakdown == "")]
    limited = {float(number) for number in range(len(own) + 20)} if len(own) < 70 else set()
    return {float(number) for number in own["status"].value_counts()} | {float(len(own))} | limited


def test_every_number_on_the_page_was_released(months: list[Release]) -> None:
    page = read(render(months[-1], measure_histories(months[-1], months[:-1])))
    labels = " ".join(each.attributes.get("aria-label", "") for each in page.all())
    articles = " ".join([*(each.text for each in page.all("article")), labels])

    allowed = released(months) | said_of_itself(months[-1], page)

    assert len(numbers(articles)) > 100
    assert numbers(articles) <= allowed
    assert numbers(page.text) <= allowed | counted(months[-1])


def test_nothing_hidden_is_anywhere_in_a_file(months: list[Release]) -> None:
    histories = measure_histories(months[-1], months[:-1])
    html = render(months[-1], histories)
    data = unpacked(read(html).one("script", id="chart-data"))
    files = [
        re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL),
        data,
        *dict(unit_pages(months[-1], histories)).values(),
    ]

    for text in (re.sub(r' d="[^"]+"', "", file) for file in files):  # where something is drawn is no number
        for marked in ("77717", "77,717", "88818", "88,818", "66.6", "99.9"):
            assert marked not in text


def test_what_plotly_draws_was_released(months: list[Release]) -> None:
    page = read(render(months[-1], measure_histories(months[-1], months[:-1])))
    charts = json.loads(unpacked(page.one("script", id="chart-data")))["charts"]

    rates = {
        round(100 * row["part"] / row["base"], 1)
        for release in months
        for row in release.measures.to_dict("records")
        if row["status"] == "published"
    }
    middles = {
        round((row["lower"] + row["upper"]) / 2, 2)
        for release in months
        for row in release.measures.to_dict("records")
        if row["status"] == "banded"
    }
    for chart_id, spec in charts.items():
        published, *others = spec["data"]
        values = published["x"] if published.get("type") == "bar" else published["y"]
        assert {round(value, 1) for value in values if value is not None} <= rates, chart_id
        for banded in others[:1]:
            assert set(banded["y"]) <= middles
