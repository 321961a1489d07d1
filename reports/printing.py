"""A report on paper: printed to PDF by whichever Chromium, Chrome or Edge is there.

Only the browser belongs here: where it is, how it is started, what it leaves. How a page looks on paper is in its style.
"""

from __future__ import annotations

import difflib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

PAPERS = ("A4", "letter")
NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
MACOS = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
QUIET = (
    *("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--no-default-browser-check"),
    *("--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update"),
    *("--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND"),  # no name leads anywhere: the page needs no network
)
TIME_TO_DRAW = "--virtual-time-budget=20000"  # milliseconds of the page's own clock, which waits while charts are drawn
MOST_SECONDS = 180


class PrintingError(Exception):
    """What keeps a report from being printed: what, where, and what mends it."""

    def __init__(self, what: str, where: object = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, str(where), mend
        super().__init__(what)


def print_report(
    release: Path,
    out: Path | None = None,
    paper: str = PAPERS[0],
    browser: str | None = None,
    unit: str | None = None,
) -> Path:
    """Prints the report of a release folder, or a unit's own page; by default into the current folder.

    Returns the PDF. Raises PrintingError.
    """
    page, manifest = release / "report.html", release / "manifest.json"
    for part in (page, manifest):
        if not part.is_file():
            raise PrintingError(
                f"this is not a release: {part.name} is missing", release, "Name a folder as releases/2026-10."
            )
    page = _page_of(release, unit) if unit else page
    out = (out or Path(f"{page.stem}-{json.loads(manifest.read_text('utf-8'))['month']}.pdf")).resolve()
    if not out.parent.is_dir():
        raise PrintingError("there is no such folder", out.parent, "Make it first, or name another with --out.")
    if any((folder / manifest.name).is_file() for folder in out.parents):
        raise PrintingError("a release is never added to", out, "Name a place outside of it with --out.")
    print_page(page, out, paper, found_browser(browser))
    return out


def _page_of(release: Path, unit: str) -> Path:
    """The page that says that it is this unit's: by its heading, for what its file is called is no way back to its name."""
    pages = {}
    for path in sorted(release.glob("units/*.html")):
        if heading := re.search(r"<h1><bdi>(.*?)</bdi></h1>", path.read_text("utf-8"), re.DOTALL):
            pages[html.unescape(heading.group(1))] = path
    if unit in pages:
        return pages[unit]
    near = difflib.get_close_matches(unit, pages, n=1)
    raise PrintingError(
        f'there is no page of a unit "{unit}"',
        release / "units",
        f'Did you mean "{near[0]}"?' if near else "Units are named as in measures.csv.",
    )


def found_browser(named: str | None = None) -> str:
    """The program to print with: the one that was named, or the first that is there. Raises PrintingError."""
    if named:
        if found := shutil.which(named):
            return found
        raise PrintingError(
            "this is no program", named, "Name a Chromium, Chrome or Edge with --browser or RAPPORT_BROWSER."
        )
    candidates = (*NAMES, *_usual_places())
    if found := next((path for name in candidates if (path := shutil.which(name))), None):
        return found
    raise PrintingError(
        "there is no Chromium, Chrome or Edge here to print with",
        mend="Install one, or name it with --browser or RAPPORT_BROWSER. Any browser also prints report.html by itself.",
    )


def _usual_places() -> Iterator[str]:
    """Where macOS and Windows keep browsers that are on no path."""
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        yield from (str(folder / f"{name}.app/Contents/MacOS/{name}") for name in MACOS)
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := os.environ.get(variable):
            yield from (str(Path(folder, place)) for place in WINDOWS)


def print_page(page: Path, out: Path, paper: str, browser: str, most_seconds: float = MOST_SECONDS) -> None:
    """Prints a page that needs nothing else. What `out` holds is a whole PDF, or what it held before.

    The browser works in a folder beside `out`, which is taken away again: one that is confined may not see another.
    """
    with tempfile.TemporaryDirectory(prefix="rapport-", dir=out.parent, ignore_cleanup_errors=True) as folder:
        sized, printed = Path(folder, "page.html"), Path(folder, "page.pdf")
        style = f"<style>@page {{ size: {paper} }}</style></head>"
        sized.write_text(page.read_text("utf-8").replace("</head>", style, 1), "utf-8")
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [browser, *QUIET, *as_root, TIME_TO_DRAW, f"--user-data-dir={folder}/profile"]
        ended = _run([*command, "--no-pdf-header-footer", f"--print-to-pdf={printed}", sized.as_uri()], most_seconds)
        if not _is_whole(printed):
            raise PrintingError(
                f"the browser ended with {ended} and printed nothing", browser, "Name another with --browser."
            )
        printed.replace(out)


def _run(command: Sequence[str], most_seconds: float) -> int:
    """Runs a browser to its end, with all that it starts. Returns its exit code."""
    silent = subprocess.DEVNULL
    try:
        started = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True)
    except OSError as error:
        raise PrintingError(
            f"this cannot be started: {error.strerror}", command[0], "Name another with --browser."
        ) from error
    try:
        return started.wait(most_seconds)
    except subprocess.TimeoutExpired as error:
        what = f"the browser did not finish within {most_seconds:g} seconds"
        raise PrintingError(what, command[0], "Try again when the machine is less busy, or name another.") from error
    finally:
        if started.returncode is None:
            os.killpg(started.pid, signal.SIGKILL) if hasattr(os, "killpg") else started.kill()
            started.wait()


def _is_whole(pdf: Path) -> bool:
    content = pdf.read_bytes() if pdf.is_file() else b""
    return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
