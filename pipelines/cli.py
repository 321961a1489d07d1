"""The command line. It imports what a command needs only when the command runs: `rapport --help` answers at once.

Exit codes: 0 done; 1 checks did not let something in, or the command found something to mend; 2 a person's mistake,
or what the system refuses, told with its place and its mend; 70 a fault of Rapport's own.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assets.release.ledger import REASONS, REPLACED, WITHDRAWN
from reports.adhoc.showing import FORMATS, TwoOfOneNameError
from reports.printing import PAPERS

if TYPE_CHECKING:
    from pipelines.runs import Ended
    from pipelines.settings import Settings

REFUSED, MISTAKE, BROKEN = 1, 2, 70
MOST_WARNINGS = 8


def _explains_mistakes(command: Callable[..., None]) -> Callable[..., None]:
    """Turns a mistake, and what the system refuses, into its words and an exit code, without a traceback."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        from assets.errors import InputError, refused_by_system

        try:
            command(*args, **kwargs)
        except InputError as error:
            told = error
        except Exception as error:  # of Python, DuckDB or SQLite: by its words, as those are not imported here
            home = kwargs.get("home") or click.get_current_context().find_root().params["config"].parent
            if (told := refused_by_system(str(error), home.absolute())) is None:
                raise
        else:
            return
        click.echo(str(told), err=True)
        sys.exit(MISTAKE)

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rapport", prog_name="rapport")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("rapport.toml"),
    show_default=True,
    help="The home's configuration.",
)
@click.pass_context
def main(context: click.Context, config: Path) -> None:
    """Workload and care-quality reports for mental-health platforms, anonymised to team level."""
    context.obj = config


def _settings(config: Path) -> Settings:
    from pipelines.settings import load_settings

    return load_settings(config)


def _check_key(settings: Settings) -> None:
    from pipelines.keys import check_key

    check_key(settings)


def _month(context: click.Context, parameter: click.Parameter | None, value: str | None) -> str | None:
    import re

    if value is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value):
        raise click.BadParameter("give a month as 2026-10")
    return value


def _finish(settings: Settings, ended: Ended, warned: Sequence[str] = ()) -> None:
    warnings = [*warned, *ended.warnings]
    if warnings:
        click.echo(f"To look at ({len(warnings)} of the checks; all of them: rapport status, with counts: rapport ui):")
        for text in warnings[:MOST_WARNINGS]:
            click.echo(f"  {text}")
        if len(warnings) > MOST_WARNINGS:
            click.echo(f"  … and {len(warnings) - MOST_WARNINGS} more")
    for text in [*ended.mend, *ended.refused]:
        click.echo(text, err=True)
    if ended.broken:
        click.echo(f"Something in Rapport broke ({', '.join(ended.broken)}). Nothing was published half.", err=True)
        click.echo(f"The run's log: rapport ui, run {ended.run_id[:8]}", err=True)
    if not ended.is_done:
        sys.exit(BROKEN if ended.broken else MISTAKE if ended.mend else REFUSED)
    from pipelines.status import as_span, not_published

    latest = settings.home / "releases" / "latest" / "report.html"
    if latest.exists():
        click.echo(f"The newest report: {latest.resolve()}")
    elif waiting := not_published(settings):
        click.echo(f"Nothing is published yet, though {as_span(waiting)} can be: rapport backfill")
    else:
        click.echo("No month that has sessions is closed yet, so nothing is published: rapport status")


@main.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to make the platform in.",
)
@click.option(
    "--sessions",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="About so many sessions in all; 11,000 a month are the least.",
)
@click.option(
    "--months", type=click.IntRange(1, 120), default=6, show_default=True, help="So many months, up to the last."
)
@click.option("--last-month", default="2026-10", show_default=True, callback=_month)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same files.")
@_explains_mistakes
def demo(home: Path, sessions: int, months: int, last_month: str, seed: int) -> None:
    """Make a synthetic platform, run every month, and say where the report is."""
    import shutil

    from assets.errors import InputError

    examples = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(examples))
    try:
        from examples.platform import simulate
        from examples.platform.teams import expected_sessions
    except ImportError as error:
        raise InputError(
            "the synthetic platform is not part of an installed package",
            mend="Run it from a copy of the repository: make demo",
        ) from error
    if (home / "rapport.toml").exists() and not (home / "source" / "truth.json").exists():
        raise InputError(
            "this folder is the home of something else than a demo", where=str(home), mend="Name an empty folder."
        )
    about = round(expected_sessions(sessions, months), -3)
    click.echo(f"Making a platform of about {about:,} sessions over {months} month{'s' if months > 1 else ''} …")
    for part in ("source", "lake", "releases", "dagster"):
        shutil.rmtree(home / part, ignore_errors=True)
    simulate(home, sessions=sessions, months=months, seed=seed, last_month=last_month)
    settings = _settings(home / "rapport.toml")
    if not (settings.home / settings.pseudonyms.key_file).exists() and "RAPPORT_KEY" not in os.environ:
        settings.make_key()
    _backfill(settings, None, None)


@main.command()
@click.option(
    "--rotate", is_flag=True, help="Replace the key, and drop the lake: its pseudonyms were made with the old one."
)
@click.option("--forget-missing", is_flag=True, help="With --rotate: give up the rows of files that are gone.")
@click.option("--yes", is_flag=True, help="With --rotate: do not ask.")
@click.pass_obj
@_explains_mistakes
def key(config: Path, rotate: bool, forget_missing: bool, yes: bool) -> None:
    """Make the key of the pseudonyms, once for a home."""
    from pipelines.keys import make_first_key

    settings = _settings(config)
    if rotate:
        from pipelines.rotation import rotate_key

        def agree(months: Sequence[str]) -> None:
            if months:
                click.echo(
                    f"Published, and afterwards never to be replaced or asked for new cuts: {', '.join(months)}. "
                    "What they were published from goes with the lake. If one of them is wrong, first: rapport withdraw "
                    "and rapport replace"
                )
            if months and not yes:
                click.confirm("Put a new key in the place of the old one, and empty the lake?", abort=True)

        path = rotate_key(settings, forget_missing, agree)
        click.echo(f"{path} is new, and the lake is empty. Destroy all copies of the old key. Next: rapport backfill")
        return
    path = make_first_key(settings)
    click.echo(f"Made {path}. Keep a copy where the lake is not: without it, new files cannot be joined to old ones.")


@main.command()
@click.option(
    "--month", callback=_month, help="The month to build and publish, as 2026-10; by default the last closed one."
)
@click.pass_obj
@_explains_mistakes
def run(config: Path, month: str | None) -> None:
    """Read what is new, build a month, and publish it once it is closed."""
    settings = _settings(config)
    _check_key(settings)
    asked = month or _last_closed(settings)
    _run(settings, asked, asked, is_named=month is not None)


@main.command()
@click.option("--from", "first", callback=_month, help="The first month; by default the first that has sessions.")
@click.option("--to", "last", callback=_month, help="The last month; by default the last that has sessions.")
@click.pass_obj
@_explains_mistakes
def backfill(config: Path, first: str | None, last: str | None) -> None:
    """Build a range of months in one run, and publish those that are closed."""
    _backfill(_settings(config), first, last)


def _last_closed(settings: Settings) -> str:
    import datetime as dt

    from pipelines.months import last_closed_month

    return last_closed_month(dt.datetime.now(dt.UTC).date(), settings.calendar.closing_lag_days)


def _say(line: str) -> None:
    click.echo(f"  {line}")


def _backfill(settings: Settings, first: str | None, last: str | None) -> None:
    import datetime as dt

    _check_key(settings)
    click.echo("Starting Dagster …")
    from pipelines.runs import months_read, read_sources

    warned: list[str] | None = None
    is_named = bool(first and last)
    if not (first and last):
        ended = read_sources(settings, _say)
        months = [month for month in months_read(settings) if month <= f"{dt.datetime.now(dt.UTC):%Y-%m}"]
        if not ended.is_done or not months:
            _finish(settings, ended)
            return
        first, last, warned = first or months[0], last or months[-1], ended.warnings
    _run(settings, first, last, warned, is_named)


def _run(settings: Settings, first: str, last: str, warned: list[str] | None = None, is_named: bool = False) -> None:
    """Runs months; `warned` is what reading the sources has shown, if that is done already. Of months that are asked for by
    name it is a mistake to have no session."""
    from assets.errors import InputError
    from pipelines.runs import months_read, run_months

    if first > last:
        raise InputError(f"{first} is after {last}", mend="Give the earlier month as --from.")
    asked = first + (f" to {last}" if last != first else "")
    click.echo(f"Running {asked} …")
    ended = run_months(settings, first, last, _say, is_read=warned is not None)
    read = months_read(settings)
    if ended.is_done and read and (last < read[0] or first > read[-1]):
        if is_named:
            mend = f"Sessions were read from {read[0]} to {read[-1]}: give one of these months, or add its files."
            raise InputError("there is no session, so nothing is published", where=asked, mend=mend)
        click.echo(f"There is no session in {asked}, the last month that is closed.")
    _finish(settings, ended, warned or ())


@main.command()
@click.argument("month", callback=_month)
@click.option("--reason", type=click.Choice(REASONS), required=True, help="What was wrong; the notice says it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
@_explains_mistakes
def withdraw(config: Path, month: str, reason: str, yes: bool) -> None:
    """Take back a published month: a notice without figures takes its place. This cannot be undone."""
    import datetime as dt

    from pipelines import releasing

    settings = _settings(config)
    with releasing.opened(settings) as (lake, releases):
        releases.check(WITHDRAWN, month)
        can_be_replaced = releasing.can_be_replaced(releases.ledger, lake, month)
    if not yes:
        undone = "this cannot be undone" + ("" if can_be_replaced else ", nor the month published anew")
        click.confirm(f"Withdraw {month}? A notice takes its place, and {undone}", abort=True)
    with releasing.opened(settings) as (_, releases):
        notice = releasing.withdraw(releases, month, reason, dt.datetime.now(dt.UTC))
    click.echo(f"{month} is withdrawn. Its notice: {notice / 'report.html'}")
    click.echo(f"What was published is kept beside the releases: {notice.parent / 'withdrawn'}")
    if can_be_replaced:
        click.echo(f"Once what was wrong is mended, the month can be published anew, once: rapport replace {month}")
    else:
        click.echo(
            "It cannot be published anew: it was replaced once, or what it was published from is not kept any more."
        )


@main.command()
@click.argument("month", callback=_month)
@click.pass_obj
@_explains_mistakes
def replace(config: Path, month: str) -> None:
    """Build a withdrawn month anew and publish it, once, as far as what has changed tells nothing of anybody."""
    import datetime as dt

    from pipelines.auditing import StoppedError
    from pipelines.drawing import drawing
    from pipelines.releasing import Publisher, opened, policy_in_force

    settings = _settings(config)
    _check_key(settings)
    policy = policy_in_force(settings)
    with opened(settings) as (lake, releases):
        releases.check(REPLACED, month)
        lake.kept_measures(month)
    click.echo(f"Building {month} anew …")
    from pipelines.needed import measure_transforms
    from pipelines.runs import build_month

    ended = build_month(settings, month, _say)
    if not ended.is_done:
        _finish(settings, ended)
    with opened(settings) as (lake, releases), drawing() as pool:
        now = dt.datetime.now(dt.UTC)
        try:
            replaced = Publisher(lake, releases, measure_transforms(), policy, now, pool).replace(month)
        except StoppedError as stopped:
            click.echo(str(stopped), err=True)
            sys.exit(REFUSED)
    if replaced is None:
        click.echo(
            f"{month} is not replaced: for no figure has so much changed, by so many people, that both may be known, "
            "or nothing at all. The notice stays.",
            err=True,
        )
        sys.exit(REFUSED)
    click.echo(f"{month} is replaced: {replaced / 'report.html'}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_obj
@_explains_mistakes
def status(config: Path, as_json: bool) -> None:
    """What was read, file by file, which checks did not hold, and where each month stands. Exact counts: for the operator only."""
    from pipelines.status import spans, status_of

    found = status_of(_settings(config))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f"{found['organisation']} — {found['home']}\n")
    if found["files"]:
        _say_files(found)
    else:
        click.echo("Nothing was read yet. Next: rapport check, then rapport backfill")
    if found["checks"]:
        click.echo(f"\nChecks that did not hold when they were last made ({len(found['checks'])}; counts: rapport ui):")
    for check in found["checks"]:
        click.echo(f"  {check['table']}: {check['title']}{' (must hold)' if check['severity'] == 'error' else ''}")
    click.echo()
    for span, state in spans(found["months"]):
        click.echo(f"{span:20}{state}")
    if any(month["state"].startswith("closed") for month in found["months"]):
        click.echo("\nTo publish what is closed: rapport backfill, with --from and --to for some of it")
    ledger = found["ledger"]
    if not ledger["is_whole"]:
        click.echo(ledger["state"], err=True)
        sys.exit(REFUSED)
    click.echo(
        f"\nThe ledger is whole: {ledger['lines']:,} lines, {ledger['events']} events, head {ledger['head'][:16]}"
    )


def _say_files(found: dict[str, Any]) -> None:
    outcomes = ("read", "accepted", "superseded", "duplicate", "quarantined", "late")
    click.echo(f"{'file':40}{'table':12}{'read on':12}" + "".join(f"{name:>13}" for name in outcomes))
    for file in found["files"]:
        click.echo(
            f"{file['name'][:39]:40}{file['table']:12}{file['read_at'][:10]:12}"
            + "".join(f"{file[name]:>13,}" for name in outcomes)
        )
    for place in found["quarantine"]:
        click.echo(
            f"  quarantined: {place['file']}, lines {place['lines']}: {place['field']} {place['reason']} ({place['rows']:,})"
        )


@main.command()
@click.option("--rows", type=click.IntRange(min=1), default=20_000, show_default=True,
              help="So many rows are looked at in up to 6 files of a log: the oldest, the newest, some between. "
              "Of the others, the columns.")  # fmt: skip
@click.option("--units", "is_about_units", is_flag=True, help="Propose units to declare, as lines for rapport.toml.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_obj
@_explains_mistakes
def check(config: Path, rows: int, is_about_units: bool, as_json: bool) -> None:
    """Look at sources and configuration without writing: what maps to what, what would be quarantined, what is not measured."""
    from pipelines.check import as_text, check_sources, units_as_text

    found = check_sources(_settings(config), rows)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(units_as_text(found) if is_about_units and not found["mend"] else as_text(found))
    if found["mend"]:
        sys.exit(REFUSED)


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--measure", help="The measure, as over_threshold_days.")
@click.option("--by", help="The dimension, as weekday: its declared bins are what the figures are given for.")
@click.option("--month", callback=_month, help="The month of the release, as 2026-10; by default the newest.")
@click.option("--list", "is_listing", is_flag=True, help="Say what can be asked for of the month, and ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_obj
@_explains_mistakes
def request(
    config: Path,
    file: Path | None,
    measure: str | None,
    by: str | None,
    month: str | None,
    is_listing: bool,
    as_json: bool,
) -> None:
    """Ask for a new cut: a measure by a dimension, for a published month. It is answered once, to everybody, or refused.

    FILE is a TOML file with measure, by and month, instead of the options.
    """
    import datetime as dt

    from assets.errors import InputError
    from assets.measures.cuts import Cut
    from pipelines.auditing import StoppedError
    from pipelines.releasing import opened, policy_in_force
    from pipelines.requesting import Answerer, can_be_asked, read_request, refusal
    from reports.adhoc.asked import keep

    settings = _settings(config)
    policy = policy_in_force(settings)
    given = {"measure": measure, "by": by, "month": month}
    if file is not None:
        given = {name: value or read_request(file).get(name) for name, value in given.items()}
    with opened(settings) as (lake, releases):
        newest = releases.ledger.standing[-1:]
        month = _month(click.get_current_context(), None, given["month"] or (newest[0] if newest else None))
        if month is None:
            raise InputError("nothing is published yet", mend="Publish a month first: rapport backfill")
        if is_listing:
            releases.check_answer(month, "cut")
            cuts = [
                {"measure": cut.measure, "by": cut.by, "month": month} for cut in can_be_asked(lake, releases, month)
            ]
            told = [f"{cut['measure']} by {cut['by']}" for cut in cuts] or [
                "Nothing more can be asked for of this month."
            ]
            click.echo(json.dumps(cuts, indent=2) if as_json else "\n".join(told))
            return
        if not (given["measure"] and given["by"]):
            raise InputError(
                "a request needs a measure and a dimension", mend="See what there is: rapport request --list"
            )
        cut = Cut(given["measure"], given["by"], month)
        try:
            asked = Answerer(lake, releases, policy, dt.datetime.now(dt.UTC)).answer(cut)
        except StoppedError as stopped:
            click.echo(str(stopped), err=True)
            sys.exit(REFUSED)
        instead = [] if asked.folder else can_be_asked(lake, releases, month)
    keep(settings.home, f"request {cut.measure} by {cut.by} for {month}", "answered" if asked.folder else "refused")
    if as_json:
        click.echo(
            json.dumps({"subject": cut.subject, "answered": bool(asked.folder), "folder": str(asked.folder or "")})
        )
    elif asked.folder:
        click.echo(
            f"{'Answered' if asked.is_new else 'Answered before'}, for everybody: {asked.folder / 'measures.csv'}"
        )
    else:
        click.echo(refusal(cut, instead), err=True)
    if not asked.folder:
        sys.exit(REFUSED)


def _catalogue(releases: Path) -> dict[str, Any]:
    """The catalogue of the newest release."""
    from reports.adhoc.asking import NotPublishedError

    found = sorted(releases.glob("[0-9]*-[0-9]*/catalogue.json"))
    if not found:
        raise NotPublishedError(f"{releases}: there is no release here, as {releases}/2026-10")
    return json.loads(found[-1].read_text("utf-8"))


def _form_of(output: Path | None) -> str:
    """The format that a file's ending says; a table where none is to be written."""
    from assets.errors import InputError

    ending = output.suffix.lower().removeprefix(".") if output else FORMATS[0]
    if ending not in FORMATS:
        mend = "Name it .csv, .json or .parquet, or say what it is to be: --format csv"
        raise InputError("the ending says no format", where=str(output), mend=mend)
    return ending


@main.command()
@click.argument("sql", required=False)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="A file with the query.")
@click.option(
    "--releases",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of releases; by default the home's.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="By default what the ending of --output says, else a table.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there, as .csv, .json or .parquet; Parquet needs it.",
)
@click.option("--rows", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="So many at most.")
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=10, show_default=True, help="So long at most.")
@click.pass_obj
@_explains_mistakes
def query(
    config: Path,
    sql: str | None,
    file: Path | None,
    releases: Path | None,
    form: str | None,
    output: Path | None,
    rows: int,
    seconds: float,
) -> None:
    """Ask what is published, in SQL: as an argument, a file or from standard input. Without a query, a shell opens."""
    from assets.errors import InputError
    from reports.adhoc import asked, showing
    from reports.adhoc.asking import Answer, Asking, NotPublishedError

    folder = (releases or config.parent / "releases").absolute()
    form = form or _form_of(output)
    if form == "parquet" and output is None:
        raise InputError("Parquet is no text", mend="Say where to write it: --output figures.parquet")
    if output is not None and not output.absolute().parent.is_dir():
        mend = "Make it first, or name another with --output."
        raise InputError("there is no such folder", where=str(output.absolute().parent), mend=mend)
    if file is not None and sql is not None:
        raise InputError("a query is given twice", where=str(file), mend="Leave out --file, or the query beside it.")
    if file is not None:
        try:
            sql = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("cannot be read", where=str(file), mend="Name a text file with one query.") from error
    elif sql is None and not sys.stdin.isatty():
        sql = sys.stdin.read()

    def keep(answer: Answer) -> None:
        asked.keep(folder.parent, answer.seen, "answered" if answer.rule is None else f"refused: {answer.rule}")

    try:
        with Asking(folder, seconds, rows) as asking:
            if sql is None:
                from reports.adhoc import shell

                shell.run(asking, _catalogue(folder), click.echo, keep)
                return
            answer = asking.ask(sql)
    except NotPublishedError as error:
        raise InputError(str(error), mend="Name the folder of releases: rapport query --releases DIR …") from error
    keep(answer)
    if answer.rule is not None:
        click.echo(answer.words, err=True)
        sys.exit(REFUSED if answer.rule == "limit" else MISTAKE)
    if form == "parquet" and output is not None:
        try:
            showing.write_parquet(answer, output)
        except TwoOfOneNameError as error:
            raise InputError(str(error), mend="Give each a name of its own, with AS.") from error
    elif output is not None:
        output.write_text(showing.as_text(answer, form) + "\n", "utf-8")
    else:
        click.echo(showing.as_text(answer, form))
    if answer.is_cut and form != "table":
        click.echo(f"There are more than {rows:,} rows: --rows", err=True)


@main.command()
@click.argument("measure", required=False)
@_explains_mistakes
def explain(measure: str | None) -> None:
    """What a measure means: its definition, SQL, test and document, from its id alone. Without one, all of them."""
    from assets.errors import InputError
    from assets.measures import dictionary
    from reports.adhoc.explaining import explained, listed, near

    catalogue = dictionary().catalogue()
    if measure is None:
        click.echo(listed(catalogue))
    elif told := explained(measure, catalogue):
        click.echo(told)
    else:
        raise InputError(f'there is no measure "{measure}"', mend=near(measure, catalogue))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_obj
@_explains_mistakes
def log(config: Path, as_json: bool) -> None:
    """Who asked what, when, and what was decided; without values."""
    from reports.adhoc.asked import kept

    found = list(kept(config.absolute().parent))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one['at'][:19]}  {one['who']:12}  {one['decided']:22}  {one['asked']}")
    if not found:
        click.echo("Nothing was asked yet.")


@main.command()
@click.argument("release", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@_explains_mistakes
def audit(release: Path, as_json: bool) -> None:
    """Look at a release folder, and those beside it, for anything that could be worked out about a person."""
    from assets.errors import InputError
    from expectations.auditor import NotAReleaseError, audit_release
    from expectations.auditor.words import as_text

    try:
        found = audit_release(release)
    except NotAReleaseError as error:
        raise InputError(str(error), mend="Name a release folder, as releases/2026-10, with all its files.") from error
    click.echo(json.dumps(found.as_json(), indent=2) if as_json else as_text(found))
    if not found.passed:
        sys.exit(REFUSED)


@main.command()
@click.argument("release", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The PDF; by default report-MONTH.pdf, here."
)
@click.option("--unit", help="Print this unit's own page instead.")
@click.option("--paper", type=click.Choice(PAPERS, case_sensitive=False), default=PAPERS[0], show_default=True)
@click.option(
    "--browser",
    envvar="RAPPORT_BROWSER",
    show_envvar=True,
    help="A Chromium, Chrome or Edge; by default the first found.",
)
@_explains_mistakes
def pdf(release: Path, out: Path | None, unit: str | None, paper: str, browser: str | None) -> None:
    """Print the report of a release folder to PDF, with a browser that is here. Nothing is added to the release."""
    from assets.errors import InputError
    from reports.printing import PrintingError, print_report

    try:
        printed = print_report(release, out, paper, browser, unit)
    except PrintingError as error:
        raise InputError(error.what, where=error.where, mend=error.mend) from error
    click.echo(f"Printed: {printed}")


@main.command()
@click.option(
    "--quarter", callback=_month, help="The quarter, by its last month, as 2026-09; by default the last published."
)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_obj
@_explains_mistakes
def whatif(config: Path, quarter: str | None, as_json: bool) -> None:
    """Replay a published quarter under other pairing rules: wait, fit and overload side by side, for the organisation."""
    import datetime as dt

    from pipelines.auditing import StoppedError
    from pipelines.whatif import answer

    def say(line: str) -> None:
        click.echo(f"  {line}", err=True)

    try:
        found = answer(_settings(config), quarter, say, dt.datetime.now(dt.UTC))
    except StoppedError as stopped:
        click.echo(str(stopped), err=True)
        sys.exit(REFUSED)
    if found is None:
        click.echo("Nothing of it may be shown, and it is not decided again. See docs/whatif.md", err=True)
        sys.exit(REFUSED)
    if as_json:
        click.echo(json.dumps({"manifest": found.manifest, **found.catalogue, "rows": found.rows}, indent=2))
        return
    from reports.whatif.page import as_text

    click.echo(as_text(found.rows, found.catalogue, found.manifest))
    click.echo(f"\nThe page: {found.folder / 'report.html'}")


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.pass_obj
@_explains_mistakes
def ui(config: Path, host: str, port: int) -> None:
    """Open Dagster on this home: assets, checks, runs, schedule."""
    import signal

    settings = _settings(config)
    _check_port(host, port)
    from pipelines.runs import prepare

    _hold_open(prepare(settings))
    root = Path(__file__).resolve().parent.parent
    workspace = root / "workspace.yaml"
    location = ["-w", str(workspace)] if workspace.exists() else ["-m", "pipelines.definitions"]
    click.echo(f"Dagster on http://{host}:{port} (stop it with Ctrl-C)")
    os.chdir(root if workspace.exists() else settings.home)
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Dagster does at SIGTERM what it does at this, which a shell's & ignores
    os.execv(sys.executable, [sys.executable, "-m", "dagster", "dev", *location, "-h", host, "-p", str(port)])


def _hold_open(folder: Path) -> None:
    """Takes the lock of the one who is open on a home, until the process that this becomes ends."""
    import fcntl

    from assets.errors import InputError

    handle = os.open(folder / "ui.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        mend = "Use that one, or end it first: two would start each scheduled run twice."
        raise InputError("rapport ui is open on this home already", where=str(folder.parent), mend=mend) from None
    os.set_inheritable(handle, True)


def _check_port(host: str, port: int) -> None:
    """Raises InputError where nobody can listen: Dagster would go on without its page."""
    import socket

    from assets.errors import InputError

    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was just left is free
            listening.bind(address)
    except OSError as error:
        raise InputError(
            f"cannot be listened on: {error.strerror}", where=f"{host}, port {port}",
            mend=f"Another program may be there: give another port or host, as rapport ui --port {port % 65535 + 1}",
        ) from None  # fmt: skip


if __name__ == "__main__":
    main()
