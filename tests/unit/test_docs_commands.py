"""Every command line that a document shows can be given, and every command is documented."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from docs.generate import ROOT, documents
from pipelines import cli

TEXTS = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in [*documents(), ROOT / "CHANGELOG.md"]}


def shown(program: str) -> Iterator[tuple[str, str]]:
    """Each command line of a program in a document: in a block of shell lines, or between backticks."""
    for name, text in TEXTS.items():
        blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
        inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for line in [*blocks.splitlines(), *inline]:
            if line.startswith(f"{program} "):
                yield name, line


@pytest.mark.parametrize(("document", "line"), sorted(set(shown("rapport"))))
def test_command_lines_can_be_given(monkeypatch: pytest.MonkeyPatch, document: str, line: str) -> None:
    for command in cli.main.commands.values():
        monkeypatch.setattr(command, "callback", lambda **given: None)
    words = shlex.split(line, comments=True)[1:]
    if len(words) == 1:  # no more than a mention: `rapport demo`
        words.append("--help")
    given = CliRunner().invoke(cli.main, words)
    assert given.exit_code == 0, f"{document}: {line}\n{given.output}"


@pytest.mark.parametrize(("document", "line"), sorted(set(shown("make"))))
def test_make_targets_exist(document: str, line: str) -> None:
    targets = re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert line.split()[1] in targets, f"{document}: {line}"


def test_commands_are_shown_at_all() -> None:
    assert len(list(shown("rapport"))) > 20
    assert len(list(shown("make"))) > 4


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_every_command_is_documented(command: str) -> None:
    assert f"\n## rapport {command}\n" in TEXTS["docs/command-line.md"]
    assert cli.main.commands[command].help, "a command says what it does"


def test_exit_codes_are_those_of_the_code() -> None:
    told = re.findall(r"^\| (\d+) \|", TEXTS["docs/command-line.md"], re.MULTILINE)
    assert [int(code) for code in told] == [0, cli.REFUSED, cli.MISTAKE, cli.BROKEN]


def test_documents_name_no_host() -> None:
    for name, text in {**TEXTS, "LICENSE": (ROOT / "LICENSE").read_text("utf-8")}.items():
        assert not re.search(r"https?://", text), name


def test_the_readme_can_be_read_in_five_minutes() -> None:
    prose = re.sub(r"```.*?```", "", TEXTS["README.md"], flags=re.DOTALL)
    assert len(prose.split()) <= 5 * 230


def test_documents_lead_only_to_what_is_there() -> None:
    for name, text in TEXTS.items():
        for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text):
            path = (ROOT / name).parent / target if target else ROOT / name
            assert path.exists(), f"{name} leads to {target}"
            if anchor:
                assert anchor in anchors(path), f"{name} leads to {target}#{anchor}"


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


FOLDERS = ("pipelines/", "assets/", "expectations/", "reports/", "examples/", "tests/", "docs/")


def test_files_that_documents_name_are_there() -> None:
    for name, text in TEXTS.items():
        for path in re.findall(r"`([\w./*-]+)`", text):
            if path.startswith(FOLDERS) and "its_name" not in path:
                assert list(ROOT.glob(path.rstrip("/"))), f"{name} names {path}"
