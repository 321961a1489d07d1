"""`rapport ui` starts only where its page can be seen, and so that it can be ended."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from tests.unit.test_errors import CONFIGURATION


@pytest.fixture(name="started")
def fixture_started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been started."""
    started: list[list[str]] = []
    monkeypatch.setattr("pipelines.cli.os.execv", lambda program, words: started.append(words))
    monkeypatch.setattr("pipelines.cli.os.chdir", lambda folder: None)
    return started


def ui(home: Path, *arguments: str) -> Result:
    (home / "rapport.toml").write_text(CONFIGURATION, "utf-8")
    return CliRunner().invoke(main, ["--config", str(home / "rapport.toml"), "ui", *arguments])


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path, started: list[list[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = ui(tmp_path, "--port", str(port))
        assert ran.exit_code == 2 and started == []
        assert (
            f"127.0.0.1, port {port}: cannot be listened on: Address already in use\n  Another program may be there"
            in ran.stderr
        )
    assert ui(tmp_path, "--port", str(port)).exit_code == 0
    assert started[0][-2:] == ["-p", str(port)]


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def inherited() -> Iterator[os.stat_result]:
    """What a program that this process becomes would have open."""
    for handle in range(3, 1024):
        with suppress(OSError):
            if os.get_inheritable(handle):
                yield os.fstat(handle)


def test_a_home_is_open_once(tmp_path: Path, started: list[list[str]]) -> None:
    """On another port too: two schedulers would start each run twice. The first holds on until its process has ended."""
    assert ui(tmp_path, "--port", free_port()).exit_code == 0
    lock = (tmp_path / "dagster" / "ui.lock").stat()
    assert any(os.path.samestat(lock, one) for one in inherited()), "what it becomes has the lock"
    ran = ui(tmp_path, "--port", free_port())
    assert ran.exit_code == 2 and len(started) == 1
    assert f"{tmp_path}: rapport ui is open on this home already" in ran.stderr


@pytest.mark.parametrize("arguments", [("--port", "99999999"), ("--port", "0"), ("--host", "no.such.host.invalid")])
def test_where_nobody_can_listen_is_a_mistake(
    tmp_path: Path, started: list[list[str]], arguments: tuple[str, ...]
) -> None:
    ran = ui(tmp_path, *arguments)
    assert ran.exit_code == 2 and started == [] and "Traceback" not in ran.output


def test_what_is_started_can_be_ended_though_a_shell_put_it_in_the_background(
    tmp_path: Path, started: list[list[str]]
) -> None:
    """A shell's & makes SIGINT ignored, which is inherited; Dagster takes SIGTERM for it, and so would never end."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert ui(tmp_path, "--port", free_port()).exit_code == 0
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)
