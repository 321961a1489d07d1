"""Takes the picture of a report that the README shows: `make pictures`.

    python -m docs.picture REPORT.html

The first screen of the report, 1280 pixels wide, as Chromium draws it, in docs/pictures/report.png.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).resolve().parent / "pictures" / "report.png"
WIDTH, HEIGHT = 1280, 960
LARGEST_BYTES = 400_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
TIME_TO_DRAW = "--virtual-time-budget=20000"  # milliseconds of the page's own clock: its charts are unpacked first


def take(report: Path) -> None:
    """Draws the report's first screen into PICTURE. Ends the program where it cannot."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("No Chromium here. On Debian: apt-get install chromium")
    if not report.is_file():
        sys.exit(f"{report}: there is no report. Make one: make demo")
    PICTURE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rapport-") as profile:
        subprocess.run(
            [browser, *QUIET, TIME_TO_DRAW, f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}",
             f"--screenshot={PICTURE}", report.resolve().as_uri()],
            check=True, timeout=180, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    size = PICTURE.stat().st_size
    if size > LARGEST_BYTES:
        sys.exit(f"{PICTURE.name} has {size:,} bytes, more than {LARGEST_BYTES:,}: make HEIGHT smaller")
    print(f"{PICTURE.name}: {size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    take(Path(sys.argv[1]))
