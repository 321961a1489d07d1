"""Printing, with programs in the place of a browser: what it is told, what it may leave, and what is said when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from reports import printing
from reports.printing import PrintingError, found_browser, print_page

# Writes what it was told, and of the page what a browser would print, to where it should.
PRINTS = """
told = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
page = Path(sys.argv[-1].removeprefix("file://")).read_text("utf-8")
Path(told["--print-to-pdf"]).write_text(f"%PDF-1.4 {page} {sys.argv[1:]} %%EOF")
"""
BREAKS_OFF = PRINTS.replace(" %%EOF", "")
HANGS = BREAKS_OFF + "import subprocess; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "releases" / "2026-10"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<html><head><title>Ü</title></head><body></head></body>", "utf-8")
    (folder / "manifest.json").write_text(json.dumps({"month": "2026-10"}), "utf-8")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "board").mkdir()
    return tmp_path / "board" / "report.pdf"


def program(path: Path, text: str = PRINTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env python3\nimport sys\nfrom pathlib import Path\n{text}", "utf-8")
    path.chmod(0o755)
    return path


def rapport(*arguments: object, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(main, ["pdf", *map(str, arguments)])


def test_it_prints_to_where_it_is_told_and_leaves_nothing_else(release: Path, out: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in release.iterdir()}
    ran = rapport(release, "--out", out, "--paper", "letter", RAPPORT_BROWSER=str(program(tmp_path / "browser")))
    assert (ran.exit_code, ran.output) == (0, f"Printed: {out}\n")
    printed = out.read_text("utf-8")
    assert "<title>Ü</title><style>@page { size: letter }</style></head><body></head></body>" in printed
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in printed and "--headless" in printed
    assert list(out.parent.iterdir()) == [out]
    assert {path.name: path.read_bytes() for path in release.iterdir()} == before


def test_it_prints_a4_here_if_it_is_told_nothing(
    release: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    assert rapport(release, "--browser", program(tmp_path / "browser")).exit_code == 0
    assert [path.name for path in out.parent.iterdir()] == ["report-2026-10.pdf"]
    assert "size: A4 " in Path("report-2026-10.pdf").read_text("utf-8")


def test_it_prints_the_page_of_a_unit_by_the_name_of_the_unit(
    release: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (release / "units").mkdir()
    for name, heading in {"Harbour": "Harbour", "Q-A--1f": "Q &amp; A&#39;s &lt;b&gt;"}.items():
        page = f"<html><head></head><h1><bdi>{heading}</bdi></h1></html>"
        (release / "units" / f"{name}.html").write_text(page, "utf-8")
    monkeypatch.chdir(out.parent)
    browser = program(tmp_path / "browser")
    ran = rapport(release, "--unit", "Q & A's <b>", "--browser", browser)
    assert (ran.exit_code, [path.name for path in out.parent.iterdir()]) == (0, ["Q-A--1f-2026-10.pdf"])
    ran = rapport(release, "--unit", "Harbor", "--browser", browser)
    assert ran.exit_code == 2
    assert 'there is no page of a unit "Harbor"' in ran.output and 'Did you mean "Harbour"?' in ran.output


@pytest.mark.parametrize("text", [BREAKS_OFF, "sys.exit(3)"])
def test_what_was_printed_before_is_kept_when_a_browser_breaks_off(
    release: Path, out: Path, tmp_path: Path, text: str
) -> None:
    out.write_bytes(b"before")
    ran = rapport(release, "--out", out, "--browser", program(tmp_path / "browser", text))
    assert ran.exit_code == 2
    assert "printed nothing" in ran.output and "--browser" in ran.output
    assert [(path.name, path.read_bytes()) for path in out.parent.iterdir()] == [(out.name, b"before")]


def test_a_browser_that_hangs_is_ended_with_all_it_started(release: Path, out: Path, tmp_path: Path) -> None:
    browser = str(program(tmp_path / "browser", HANGS))
    with pytest.raises(PrintingError, match="did not finish within 1 seconds"):
        print_page(release / "report.html", out, "A4", browser, most_seconds=1)
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("place", ["releases/2026-10/a.pdf", "releases/2026-10/units/a.pdf", "releases/latest/a.pdf"])
def test_nothing_is_added_to_a_release(release: Path, tmp_path: Path, place: str) -> None:
    (release / "units").mkdir()
    (release.parent / "latest").symlink_to(release)
    ran = rapport(release, "--out", tmp_path / place, "--browser", program(tmp_path / "browser"))
    assert ran.exit_code == 2 and "a release is never added to" in ran.output
    assert not list(release.parent.rglob("*.pdf"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{home}"], "this is not a release: report.html is missing"),
        (["{release}", "--out", "{home}/nowhere/report.pdf"], "there is no such folder"),
        (["{release}", "--out", "{home}/report.pdf", "--browser", "{home}/nothing"], "this is no program"),
        (["{release}", "--out", "{home}/report.pdf", "--browser", "{home}/broken"], "this cannot be started"),
        (["{release}", "--out", "{home}/report.pdf"], "there is no Chromium, Chrome or Edge here to print with"),
    ],
)
def test_mistakes_are_told_with_their_mend(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    for names in ("NAMES", "MACOS", "WINDOWS"):
        monkeypatch.setattr(printing, names, ())
    broken = program(tmp_path / "broken")
    broken.write_text("#!/nowhere/at/all\n", "utf-8")
    ran = rapport(*(word.format(home=tmp_path, release=release) for word in arguments))
    assert ran.exit_code == 2
    assert said in ran.output and len(ran.output.splitlines()) == 2


@pytest.mark.parametrize(
    "place",
    [
        "bin/google-chrome-stable",
        "Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "Program Files/Google/Chrome/Application/chrome.exe",
        "Local/Microsoft/Edge/Application/msedge.exe",
    ],
)
def test_a_browser_is_found_where_each_system_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable, folder in {"PATH": "bin", "PROGRAMFILES": "Program Files", "LOCALAPPDATA": "Local"}.items():
        monkeypatch.setenv(variable, str(tmp_path / folder))
    browser = program(tmp_path / place)
    assert found_browser() == str(browser)
