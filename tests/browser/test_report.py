"""The report in a real browser: it renders, keeps to itself, and shows what was released."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reports.monthly.figures import measure_histories
from reports.monthly.page import render
from reports.monthly.release import Release
from reports.monthly.units import unit_pages
from reports.printing import found_browser, print_page
from tests.unit.report_fixtures import counts, releases, with_measure
from tests.unit.report_reading import as_table

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("chrome", "msedge", "microsoft-edge", "microsoft-edge-stable"),
)
# A browser that speaks to nobody: what is counted as a request is then the page's own.
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
MEASURES = ("over_threshold_days", "threshold_coverage", "repeated_over_threshold_days")
DRAWN = "html[data-charts=drawn]"
WAIT = 60_000  # milliseconds; a busy machine draws slowly


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=found, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def months() -> list[Release]:
    *past, last = releases(months=10, units=6, measures=MEASURES, hidden_share=0.1)
    bins = [
        {"breakdown": "weekday", "breakdown_value": day, "coverage": "6 of 6", **counts(part, 400)}
        for day, part in (
            ("Monday", 90),
            ("Tuesday", 120),
            ("Wednesday to Sunday, in the evening hours and at night", 60),
        )
    ]
    cutoffs = [
        {"breakdown": "within_days", "breakdown_value": str(days), "coverage": "6 of 6", **counts(part, 400)}
        for days, part in ((7, 90), (14, 200), (28, 360))
    ]
    curve = {"by": "within_days", "value": "wait_days", "cutoffs": [7, 14, 28], "own": 14}
    last = with_measure(with_measure(last, "needs_by_day", bins), "waits", cutoffs, curve=curve)
    return [*past, last]


@pytest.fixture(scope="module")
def address(months: list[Release], tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(months, tmp_path_factory.mktemp("report"))


def written(found: list[Release], folder: Path) -> str:
    """The address of the report of the last of these releases."""
    path = folder / "report.html"
    path.write_text(render(found[-1], measure_histories(found[-1], found[:-1])), encoding="utf-8")
    return path.as_uri()


def opened(browser: Any, address: str, **context: Any) -> tuple[Any, list[str]]:
    """The page with all charts drawn, and what it said, asked for and broke meanwhile."""
    page = browser.new_context(**context).new_page()
    events: list[str] = []
    page.on("console", lambda message: events.append(f"said {message.text}"))
    page.on("pageerror", lambda error: events.append(f"broke {error}"))
    page.on("dialog", lambda dialog: (events.append(f"asked {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: events.append(f"requested {request.url}"))
    page.goto(address)
    if context.get("java_script_enabled", True):
        page.wait_for_selector(DRAWN, state="attached", timeout=WAIT)
    return page, [event for event in events if event not in (f"requested {address}", "requested data:,")]


@pytest.fixture(scope="module")
def report(browser: Any, address: str) -> tuple[Any, list[str]]:
    """The report as it opens on a desk, for tests that only look."""
    return opened(browser, address)


def table_rows(page: Any, measure_id: str) -> list[list[str]]:
    rows = page.evaluate(
        """(id) => [...document.querySelectorAll(`table[data-measure="${id}"] tbody tr`)]
            .map((row) => [...row.cells].map((cell) => cell.textContent.trim()))""",
        measure_id,
    )
    return [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in rows]


def test_it_draws_every_chart_and_keeps_to_itself(report: tuple[Any, list[str]]) -> None:
    page, events = report

    assert events == []
    kinds = [page.locator(f".chart.{kind}").count() for kind in ("time", "bars", "curve")]
    assert kinds[0] >= 2 and kinds[1:] == [1, 1]
    assert page.locator(".chart:not(:has(svg.main-svg))").count() == 0


def test_its_tables_are_the_release(report: tuple[Any, list[str]], months: list[Release]) -> None:
    page, _ = report

    for measure_id in MEASURES:
        assert table_rows(page, measure_id) == as_table(months[-1], measure_id)


def test_its_charts_draw_the_releases(report: tuple[Any, list[str]], months: list[Release]) -> None:
    page, _ = report

    drawn = page.evaluate(
        """() => [...document.querySelectorAll(".chart.time")].map((chart) => [
            chart.closest("article").id, chart.data[0].y.map((value) => value ?? null)])"""
    )

    assert len(drawn) >= 2
    rows = [row for release in months for row in release.measures.to_dict("records")]
    for measure_id, values in drawn:
        of_it = [row for row in rows if row["measure_id"] == measure_id and row["level"] == "organisation"]
        assert values == [
            round(100 * row["part"] / row["base"], 1) if row["status"] == "published" else None for row in of_it
        ]


@pytest.mark.parametrize(
    "width", [360, 640, pytest.param(768, marks=pytest.mark.long), 1280]
)  # 640: 1280 at a zoom of 200 %
def test_it_fits_the_screen(browser: Any, address: str, width: int) -> None:
    page, _ = opened(browser, address, viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    too_wide = page.evaluate(
        """() => [...document.querySelectorAll(".chart")].filter((chart) =>
            chart.querySelector("svg").getBoundingClientRect().width > chart.clientWidth + 1).length"""
    )
    assert too_wide == 0
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".glance th, .glance td")].filter((cell) => cell.checkVisibility()
            && cell.getBoundingClientRect().right > document.documentElement.clientWidth).map((cell) => cell.textContent)"""
    )
    assert cut == []


def test_a_small_screen_names_each_figure_and_shows_that_a_table_goes_on(browser: Any, address: str) -> None:
    page, _ = opened(browser, address, viewport={"width": 390, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    names = page.evaluate(
        """() => [...document.querySelector(".glance tbody tr:nth-child(2)").querySelectorAll("td[data-head]")]
            .map((cell) => getComputedStyle(cell, "::before").content.replaceAll('"', "").trim())"""
    )
    assert names == ["October 2026:", "Before:", "Natural limits:", "From:"]
    shades = page.evaluate(
        """() => [...document.querySelectorAll(".scroll")].filter((each) => each.scrollWidth > each.clientWidth)
            .map((each) => getComputedStyle(each).backgroundAttachment)"""
    )
    assert shades and set(shades) == {"local, local, scroll, scroll"}


def test_it_follows_the_reader_into_the_dark(browser: Any, address: str) -> None:
    colours = [
        opened(browser, address, color_scheme=scheme)[0].evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]

    assert [sum(map(int, colour[4:-1].split(","))) > 3 * 128 for colour in colours] == [True, False]


def test_without_scripts_the_words_and_the_tables_remain(browser: Any, address: str) -> None:
    page, events = opened(browser, address, java_script_enabled=False)

    assert events == []
    assert page.locator(".chart:visible").count() == 0
    assert page.locator(".panels li:visible svg:visible").count() > len(MEASURES)
    assert page.locator(".findings li:visible").count() >= 2
    table = page.locator("table.figures").first
    assert not table.is_visible()
    page.locator("summary").first.click()
    assert table.is_visible()


def test_it_can_be_used_with_the_keyboard(browser: Any, address: str) -> None:
    page, _ = opened(browser, address)

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("table.figures").first.is_visible()


def test_the_keyboard_leads_through_the_page_in_its_order(report: tuple[Any, list[str]]) -> None:
    page, _ = report
    page.evaluate("document.activeElement.blur(), window.getSelection().removeAllRanges()")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll("a[href], summary, [tabindex='0']")]
            .filter((each) => each.checkVisibility()).length"""
    )
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getBoundingClientRect().top + window.scrollY"))
    assert page.evaluate("document.activeElement.tagName") != "BODY"
    in_text = reached[1:]  # the first leads over all that stands before the report
    assert all(after >= before - 60 for before, after in pairwise(in_text))


def test_the_arrow_keys_lead_from_point_to_point(browser: Any, address: str, months: list[Release]) -> None:
    page, events = opened(browser, address)

    chart = page.locator(f"#chart-{MEASURES[0]}")
    chart.focus()
    page.keyboard.press("ArrowLeft")

    told = chart.locator("xpath=following-sibling::p[1]").text_content().replace("\N{NO-BREAK SPACE}", " ")
    (row,) = [
        row for row in months[-1].measures.to_dict("records")
        if row["measure_id"] == MEASURES[0] and row["level"] == "organisation"
    ]  # fmt: skip
    assert told.startswith(f"October 2026: {row['value']} %: {row['part']:,} of {row['base']:,}")
    page.keyboard.press("ArrowLeft")
    assert chart.locator("xpath=following-sibling::p[1]").text_content().startswith("September 2026: ")
    assert events == []


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_axe_finds_nothing(browser: Any, address: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page, _ = opened(browser, address, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    found = axe.Axe().run(page).response["violations"]

    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found] == []


def test_a_units_page_is_fit_for_everybody(browser: Any, months: list[Release], tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    _, html = next(unit_pages(months[-1], measure_histories(months[-1], months[:-1])))
    path = tmp_path / "unit.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=True).new_page()
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert [(each["id"], each["impact"]) for each in axe.Axe().run(page).response["violations"]] == []


@pytest.mark.long
def test_two_years_of_forty_units_open_at_once(browser: Any, tmp_path: Path) -> None:
    address = written(releases(months=24, units=40), tmp_path)
    page = browser.new_context().new_page()
    took = []
    for _ in range(3):  # the machine may be at other things
        page.goto(address)
        took.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))

    assert min(took) < 1500


def test_names_run_nothing(browser: Any, tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "Ü \u202eleft\u202c", "Long " * 24]
    found = releases(
        months=3, units=names, measures=MEASURES, hidden_share=0, organisation="</title><script>alert(3)</script>"
    )

    page, events = opened(browser, written(found, tmp_path), viewport={"width": 360, "height": 800})

    assert events == []
    assert set(page.locator(".panels bdi").all_text_contents()) == set(names)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    ("paper", "width"), [("A4", 680), pytest.param("Letter", 703, marks=pytest.mark.long)]
)  # a sheet without its margins
def test_it_prints_with_all_its_charts_and_none_cut(browser: Any, address: str, paper: str, width: int) -> None:
    page, _ = opened(browser, address, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="light")
    page.set_viewport_size({"width": width, "height": 1000})

    cut = page.evaluate(
        """() => [...document.querySelectorAll(".chart")].filter((chart) => {
            const [outer, inner] = [chart, chart.querySelector("svg")].map((e) => e.getBoundingClientRect());
            return !inner.height || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1; }).length"""
    )

    assert cut == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf(format=paper)) > 50_000


def test_rapport_prints_it_as_the_browser_does_with_its_charts(browser: Any, address: str, tmp_path: Path) -> None:
    page, _ = opened(browser, address, viewport={"width": 800, "height": 600})
    of_page, of_rapport = tmp_path / "page.pdf", tmp_path / "rapport.pdf"
    page.add_style_tag(content="@page { size: A4 }")
    page.pdf(path=of_page, prefer_css_page_size=True)
    print_page(Path(address.removeprefix("file://")), of_rapport, "A4", found_browser())

    sheets = re.findall(rb"/Type /Page\n.*?/MediaBox \[0 0 (\d+)\S* (\d+)", of_rapport.read_bytes(), re.DOTALL)
    assert len(sheets) > 3 and set(sheets) == {(b"594", b"841")}
    if shutil.which("pdftotext"):  # the words of a page on paper, with what stands on the axes of every chart
        texts = [subprocess.run(["pdftotext", path, "-"], capture_output=True).stdout for path in (of_page, of_rapport)]
        assert texts[0] == texts[1] and b"Jan 2026" in texts[0]
