"""Nothing that came in as an id, a name, an address or free text is left anywhere by a run; and nothing phones home.

One home, one process: looked at, run, refused, asked for its state. What it leaves and says is searched for markers.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.unit import marked_platform as platform

# Three commands that work; a file that cannot be read, one without its header, one of names: each is told, not shown.
DRIVER = """
import shutil, sys
from pathlib import Path
from pipelines.cli import main

home = Path(sys.argv[1])

def rapport(*arguments):
    try:
        main(["--config", str(home / "rapport.toml"), *arguments], standalone_mode=False)
        ended = 0
    except SystemExit as error:
        ended = error.code
    print("ended", ended, *arguments, flush=True)

rapport("key")
rapport("check")
rapport("check", "--json")
rapport("run", "--month", "2026-10")
rapport("status")
rapport("status", "--json")
for folder in ("lake", "releases"):
    shutil.copytree(home / folder, home.parent / "before" / folder, symlinks=True)
rapport("key", "--rotate", "--yes")
rapport("run", "--month", "2026-10")
for wrong in sorted((home / "wrong").glob("*.csv")):
    shutil.copy(wrong, home / "source")
    rapport("check")
    if "run" in wrong.name:
        rapport("run", "--month", "2026-10")
    (home / "source" / wrong.name).unlink()
"""
CONNECT = re.compile(r"connect\(\d+, \{sa_family=AF_INET6?, .*?(?:inet_addr\(\"|inet_pton\(AF_INET6, \")([^\"]+)")
LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.")


@dataclass(frozen=True)
class Left:
    """What a run has left: its home, all other folders it could write to, what it said, and what it connected to."""

    home: Path
    elsewhere: Path
    said: str
    trace: Path | None


def traced(
    command: list[str], trace: Path, timeout: float, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command, under strace where it works here; `trace` is then there."""
    tracer = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect", "-o", str(trace)]
    can_trace = shutil.which("strace") and subprocess.run([*tracer, "true"], capture_output=True).returncode == 0
    trace.unlink(missing_ok=True)
    return subprocess.run(
        [*(tracer if can_trace else []), *command], cwd=Path(__file__).parents[2], env=environment, timeout=timeout,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def addresses(trace: Path) -> set[str]:
    """The addresses beyond this machine that a traced process has connected to."""
    found = CONNECT.findall(trace.read_text("utf-8", errors="replace"))
    return {address for address in found if not LOOPBACK.match(address)}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    base = tmp_path_factory.mktemp("leaks")
    home, elsewhere, trace = base / "home", base / "elsewhere", base / "trace"
    platform.write(home)
    wrong = home / "wrong"
    wrong.mkdir()
    rows = [row | {"session_id": f"{platform.MARK}w-{i}"} for i, row in enumerate(platform.sessions()[:50])]
    platform.write_rows(wrong / "sessions-run-headless.csv", rows, has_header=False)
    platform.write_rows(wrong / "sessions-names.csv", [
        row | {"client_id": f"{platform.MARK.title()}{'a' * (i % 9)} {platform.MARK.title()}mann"}
        for i, row in enumerate(rows)
    ])  # fmt: skip
    platform.write_rows(wrong / "sessions-statuses.csv", [row | {"status": platform.NOTE} for row in rows])
    platform.write_rows(
        wrong / "sessions-without.csv", [{"session_id": row["session_id"], platform.NOTE: ""} for row in rows]
    )
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "RAPPORT_KEY")}
    environment |= {
        "TMPDIR": str(elsewhere),
        "HOME": str(elsewhere),
        "XDG_CACHE_HOME": str(elsewhere),
        "PYTHONWARNINGS": "ignore",
    }
    ran = traced([sys.executable, "-c", DRIVER, str(home)], trace, 500, environment)
    (home / "source").rename(base / "source")
    shutil.rmtree(wrong)
    return Left(home, elsewhere, ran.stdout, trace if trace.exists() else None)


def test_the_commands_end_as_they_should(left: Left) -> None:
    """Else there would be little to search."""
    ends = re.findall(r"^ended (\d+) (\w+)", left.said, re.MULTILINE)
    assert ends[:6] == [("0", "key"), ("0", "check"), ("0", "check"), ("0", "run"), ("0", "status"), ("0", "status")], (
        left.said
    )
    assert ends[6:8] == [("0", "key"), ("0", "run")], left.said
    assert [end for end in ends[8:] if end[1] == "run"] == [("2", "run")], left.said
    assert (left.home / "releases" / "2026-10" / "measures.csv").exists()
    start = left.said.index("\n{\n", left.said.index("ended 0 status"))
    status = json.loads(left.said[start : left.said.index("\n}\n", start) + 2])
    quarantined = {(place["table"], place["field"]) for place in status["quarantine"]}
    planted = {
        (table, field)
        for table, rows in platform.tables().items()
        for field in rows[0]
        if field not in platform.PUBLISHED and (table, field) != ("sessions", "duration_minutes")
    }
    assert planted - quarantined == set()


def test_a_new_key_makes_new_pseudonyms_of_the_same_rows_and_changes_no_release(left: Left) -> None:
    def keys(folder: Path, table: str) -> list[tuple[int, set[str]]]:
        rows = f"read_parquet('{folder}/{table}/**/*.parquet', union_by_name = true, hive_partitioning = false)"
        return [
            (found[0], set(found[1]))
            for key in ("session_key", "therapist_key", "client_key")
            for found in duckdb.execute(
                f"SELECT count(*), list({key}::VARCHAR) FROM {rows} WHERE {key} IS NOT NULL"
            ).fetchall()
        ]

    before = left.home.parent / "before"
    for table in ("core/sessions", "raw/sessions/month=2026-10"):
        old, new = keys(before / "lake", table), keys(left.home / "lake", table)
        assert [rows for rows, _ in old] == [rows for rows, _ in new]
        assert [len(persons) for _, persons in old] == [len(persons) for _, persons in new]
        assert all(not one & other for (_, one), (_, other) in zip(old, new, strict=True))
    release = before / "releases" / "2026-10"
    for path in (path for path in release.rglob("*") if path.is_file()):
        after = left.home / "releases" / "2026-10" / path.relative_to(release)
        assert after.read_bytes() == path.read_bytes()


def test_no_marker_is_left_in_the_home_or_anywhere_else(left: Left) -> None:
    assert platform.places_of_markers(left.home, left.elsewhere) == []


def test_no_marker_is_said(left: Left) -> None:
    assert [line for line in left.said.splitlines() if platform.holds_marker(line.encode())] == []


def test_what_is_published_holds_no_exact_count(left: Left) -> None:
    """Figures are rounded, and of rows read, late or quarantined only classes are said."""
    release = left.home / "releases" / "2026-10"
    with (release / "measures.csv").open(encoding="utf-8") as file:
        counts = [
            int(row[name])
            for row in csv.DictReader(file)
            if row["level"] == "unit"
            for name in ("part", "base")
            if row[name]
        ]
    assert counts and all(count % 5 == 0 for count in counts)
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    # the certificate counts what is published, and says how wide what anybody can work out of it is
    assert [*numbers({key: value for key, value in manifest.items() if key not in ("policy", "audited")})] == []
    catalogue = json.loads((release / "catalogue.json").read_text("utf-8"))
    assert [*numbers(catalogue["units"])] == []


def numbers(content: Any) -> Iterator[float]:
    """All numbers anywhere within."""
    if isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from numbers(part)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield content


ENTRY = """fragment entry on MetadataEntry { __typename label description
    ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr } ... on JsonMetadataEntry { jsonString }
    ... on IntMetadataEntry { intValue } ... on PathMetadataEntry { path }
    ... on TableMetadataEntry { table { records schema { columns { name description } } } }
    ... on TableSchemaMetadataEntry { schema { columns { name description } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status runConfigYaml tags { key value } stepStats { stepKey } } } } }"
ASSETS = """{ assetsOrError { ... on AssetConnection { nodes { key { path }
    definition { description groupName metadataEntries { ...entry }
        assetChecksOrError { ... on AssetChecks { checks { name description } } } }
    assetMaterializations { message partition tags { key value } metadataEntries { ...entry } } } } } }"""
LOG = """query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { hasMore events { __typename
    ... on MessageEvent { message stepKey level }
    ... on MaterializationEvent { metadataEntries { ...entry } }
    ... on AssetCheckEvaluationEvent { evaluation { description metadataEntries { ...entry } } }
    ... on ExecutionStepFailureEvent { error { message stack cause { message } } } } } } }"""


@pytest.mark.long  # starts Dagster's web server
def test_no_marker_is_answered_by_the_ui(left: Left, tmp_path: Path) -> None:
    """Dagster's own server on what the runs have left, asked for runs, logs, assets, metadata and checks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DAGSTER_HOME": str(left.home / "dagster"),
        "RAPPORT_CONFIG": str(left.home / "rapport.toml"),
    }
    command = [
        sys.executable,
        "-m",
        "dagster_webserver",
        "-m",
        "pipelines.definitions",
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
    ]
    with (
        (tmp_path / "said").open("w") as said,
        subprocess.Popen(
            command, cwd=Path(__file__).parents[2], env=environment, stdout=said, stderr=said, start_new_session=True
        ) as server,
    ):
        try:
            answers = {"runs": asked(port, RUNS), "assets": asked(port, ASSETS + ENTRY)}
            runs = [run["runId"] for run in answers["runs"]["runsOrError"]["results"]]
            answers |= {run: asked(port, LOG + ENTRY, run=run) for run in runs}
        finally:
            os.killpg(server.pid, signal.SIGTERM)
    texts = {name: json.dumps(answer) for name, answer in answers.items()}
    assert len(runs) >= 3 and all(len(texts[run]) > 10_000 for run in runs)
    assert any("did not hold" in texts[run] for run in runs) and "dagster/row_count" in texts["assets"]
    assert [name for name, text in texts.items() if platform.holds_marker(text.encode())] == []
    assert not platform.holds_marker((tmp_path / "said").read_bytes())


def asked(port: int, query: str, **variables: str) -> dict[str, Any]:
    """What the server answers, once it is there. Anything that it does not understand is an error."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"})
    for attempt in range(120):
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = json.loads(response.read())
                assert "errors" not in answer, answer["errors"]
                return answer["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        except OSError:
            assert attempt < 119, "the server did not start"
            time.sleep(0.5)
    raise AssertionError


def test_nothing_is_connected_to(left: Left) -> None:
    if left.trace is None:
        pytest.skip("strace is not here, or may not trace")
    assert addresses(left.trace) == set()


def test_the_tracer_sees_a_connection_where_one_is_made(tmp_path: Path) -> None:
    """To an address that no network has (RFC 5737), without waiting for an answer; and to this machine itself."""
    connect = "import socket; s = socket.socket(); s.setblocking(False); s.connect_ex(('192.0.2.1', 9)); "
    connect += "t = socket.socket(); t.connect_ex(('127.0.0.1', 9))"
    ran = traced([sys.executable, "-c", connect], tmp_path / "trace", 60)
    if not (tmp_path / "trace").exists():
        pytest.skip("strace is not here, or may not trace")
    assert ran.returncode == 0
    assert addresses(tmp_path / "trace") == {"192.0.2.1"}


def test_the_search_finds_markers_wherever_they_are_planted(tmp_path: Path) -> None:
    """In plain text, in Parquet, in a UUID, in Dagster's packed snapshots, in the report's packed charts, in a workbook, in a name."""
    mark = platform.therapist(7)
    digest = platform.hashlib.sha256(f"therapist:{mark}".encode()).hexdigest()
    (tmp_path / "log.txt").write_text(f"bad value {mark.upper()}", "utf-8")
    (tmp_path / "hash.json").write_text(json.dumps({"x": digest}), "utf-8")
    (tmp_path / f"{mark}.txt").touch()
    duckdb.execute(f"COPY (SELECT 1 AS a, '{digest[:32]}'::UUID AS b) TO '{tmp_path}/uuid.parquet'")
    duckdb.execute(f"COPY (SELECT '{mark}' AS b FROM range(9000)) TO '{tmp_path}/rows.parquet' (COMPRESSION zstd)")
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.execute("CREATE TABLE snapshots (body BLOB)")
        connection.execute("INSERT INTO snapshots VALUES (?)", [zlib.compress(f"snapshot of {mark}".encode() * 9)])
    packed = b64encode(gzip.compress(os.urandom(600) + mark.encode())).decode()
    (tmp_path / "report.html").write_text(f"<script>{packed}</script>", "utf-8")
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", f"<si><t>{mark}</t></si>")
    (tmp_path / "clean.txt").write_text(
        f"{platform.hashlib.sha256(b'something else').hexdigest()} {socket.AF_INET}", "utf-8"
    )
    found = {Path(place).name for place in platform.places_of_markers(tmp_path)}
    planted = {
        "log.txt",
        "hash.json",
        f"{mark}.txt",
        "uuid.parquet",
        "rows.parquet",
        "runs.db",
        "report.html",
        "book.xlsx",
    }
    assert found == planted
