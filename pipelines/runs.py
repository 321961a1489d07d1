"""Runs through Dagster, in this process: the same jobs as from its UI. What to say about them is the command line's."""

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData

from assets.errors import InputError, refused_by_system
from assets.raw.register import Register
from pipelines.definitions import MONTHLY_JOB, READ_JOB, RUN_LOGGER, RUN_LOGGER_KEY, build_defs
from pipelines.factory import OURS
from pipelines.releasing import policy_in_force
from pipelines.settings import Settings

INSTANCE_SETTINGS = """\
# Dagster's own storage for this home. Nothing is sent anywhere, and what a step prints is not kept.
telemetry:
  enabled: false
nux:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  pools:
    default_limit: 1
event_log_storage:
  module: pipelines.event_log
  class: EventLog
  config:
    base_dir:
      env: DAGSTER_HOME
"""
EVENTS_AT_ONCE = "1000"


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    `warnings` are what a person should look at, `refused` is what checks did not let in, `mend` what a person must mend,
    `broken` a fault of ours.
    """

    run_id: str
    warnings: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    mend: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return not (self.refused or self.mend or self.broken)


def prepare(settings: Settings) -> Path:
    """Sets up Dagster's storage in the home, and the environment that its processes read. Returns the folder."""
    folder = settings.home / "dagster"
    folder.mkdir(mode=0o700, exist_ok=True)
    configuration = folder / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(INSTANCE_SETTINGS, "utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["RAPPORT_CONFIG"] = str(settings.path)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", EVENTS_AT_ONCE)  # of a range of months, known before it runs
    return folder


def read_sources(settings: Settings, say: Callable[[str], None]) -> Ended:
    """Reads what is new in all sources."""
    return _run(settings, READ_JOB, {}, say)


def run_months(settings: Settings, first: str, last: str, say: Callable[[str], None], is_read: bool = False) -> Ended:
    """Runs the months from the first to the last as one range: reads what is new, builds them, publishes what is closed.

    `is_read` says that the sources were read just now. Raises InputError for a month that cannot be run.
    """
    this_month, configured = f"{dt.datetime.now(dt.UTC):%Y-%m}", settings.calendar.first_month
    if last > this_month:
        raise InputError(f"{last} has not begun", mend=f"Give a month up to {this_month}.")
    if configured and first < configured:
        mend = f"Give a month from {configured} on, or set first_month under [calendar] to an earlier one."
        raise InputError(
            f"{first} lies before the first month", where="rapport.toml, key calendar.first_month", mend=mend
        )
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    selection = dg.AssetSelection.all() - dg.AssetSelection.groups("raw") if is_read else None
    return _run(settings, MONTHLY_JOB, {"dagster/partition": first} if first == last else tags, say, selection, first)


def build_month(settings: Settings, month: str, say: Callable[[str], None]) -> Ended:
    """Reads what is new and builds a month, and publishes nothing."""
    selection = dg.AssetSelection.all() - dg.AssetSelection.groups("release")
    return _run(settings, MONTHLY_JOB, {"dagster/partition": month}, say, selection)


def months_read(settings: Settings) -> list[str]:
    """The UTC months for which sessions were read."""
    return Register.load(settings.home / "lake" / "raw").months("sessions")


def _run(
    settings: Settings,
    job: str,
    tags: dict[str, str],
    say: Callable[[str], None],
    selection: dg.AssetSelection | None = None,
    asked_from: str | None = None,
) -> Ended:
    policy_in_force(settings)  # one that cannot be used is refused before anything is read
    prepare(settings)
    definitions = build_defs(settings, asked_from=asked_from)
    selected = list(selection.resolve(definitions.resolve_asset_graph())) if selection else None
    with dg.DagsterInstance.get() as instance, _telling(say) as warnings:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance, tags=tags, raise_on_error=False, asset_selection=selected,
            run_config={"loggers": {RUN_LOGGER_KEY: {}}},
        )  # fmt: skip
    ended = Ended(result.run_id, warnings)
    for event in result.all_events:
        if event.is_step_failure:
            _explain(event.step_failure_data, ended, settings.home)
        elif event.is_failure and not ended.broken and not ended.mend and not ended.refused:
            ended.broken.append(event.message or "the run failed")
    return ended


class _Teller(logging.Handler):
    """Says each step and each line of the log as it comes, without Dagster's decoration; keeps the warnings."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self.say, self.warnings = say, []

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None and getattr(record, OURS, False):  # Dagster has lines of its own
            text = meta.get("orig_message", "")
            if record.levelno >= logging.WARNING:
                self.warnings.append(text)
            elif record.levelno >= logging.INFO:
                self.say(f"  {text}")
        elif event is not None and event.is_step_success and event.step_key:
            self.say(event.step_key.replace("__", "."))


@contextmanager
def _telling(say: Callable[[str], None]) -> Iterator[list[str]]:
    teller, logger = _Teller(say), logging.getLogger(RUN_LOGGER)
    logger.addHandler(teller)
    try:
        yield teller.warnings
    finally:
        logger.removeHandler(teller)


def _explain(failure: StepFailureData, ended: Ended, home: Path) -> None:
    """Sorts a step's failure by whose it is; only a refusal and a mendable fault are told in words."""
    if failure.user_failure_data and failure.user_failure_data.description:
        ended.refused.append(failure.user_failure_data.description)
        return
    error = failure.error
    while error and error.cls_name != "InputError" and error.cause:
        error = error.cause
    if error and error.cls_name == "InputError":
        ended.mend.append(error.message.split("InputError: ", 1)[-1].strip())
    elif error and error.cls_name == "DagsterAssetCheckFailedError":
        return
    elif error and (refused := refused_by_system(error.message, home)):
        ended.mend.append(str(refused))
    else:
        ended.broken.append(error.cls_name or "error" if error else "error")
