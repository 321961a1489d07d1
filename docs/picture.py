"""Takes the pictures of a release that the documents show: `make pictures`.

    python -m docs.picture RELEASE

Each is docs/pictures/NAME.png, of what Chromium draws of the report and of what `rapport pdf` prints.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from reports.printing import PrintingError, found_browser, print_report

FOLDER = Path(__file__).resolve().parent / "pictures"
NAMES = ("report", "measure", "unit", "paper")
UNIT = "units/Harbour-and-Quay.html"  # of the demo
WIDTH, HEIGHT = 1280, 960
LARGEST_BYTES = 200_000
DRAWN = "html[data-charts=drawn]"
SHEET, DOTS_PER_INCH = 5, 72  # the sheet that is shown of the paper: the first with charts


def picture(name: str) -> Path:
    return FOLDER / f"{name}.png"


def take(release: Path) -> None:
    """Takes all pictures. Raises PrintingError where there is no browser, or no release."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    browser = found_browser()
    with tempfile.TemporaryDirectory() as folder:
        printed = print_report(release, Path(folder, "report.pdf"), browser=browser)
        of_sheet = ["-f", str(SHEET), "-singlefile", "-r", str(DOTS_PER_INCH), "-png"]
        subprocess.run(["pdftoppm", *of_sheet, printed, picture("paper").with_suffix("")], check=True)
    with (
        sync_playwright() as started,
        started.chromium.launch(executable_path=browser, args=["--no-sandbox"]) as window,
    ):
        page = window.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto((release / "report.html").resolve().as_uri())
        page.wait_for_selector(DRAWN, state="attached")
        page.screenshot(path=picture("report"))
        measure = page.locator(".whole.with-chart").first
        measure.screenshot(path=picture("measure"), style=".whole { padding: 1rem }")
        page.goto((release / UNIT).resolve().as_uri())
        page.screenshot(path=picture("unit"))
    for path in map(picture, NAMES):
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes" + (", which is too many" if size > LARGEST_BYTES else ""))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        take(Path(sys.argv[1]))
    except (PrintingError, FileNotFoundError) as error:
        sys.exit(f"{error}\nNeeded are Chromium, pdftoppm (poppler-utils) and a release, as of: make demo")
