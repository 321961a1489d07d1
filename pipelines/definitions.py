"""What Dagster loads: assets, jobs, the schedule and the lake, for the home that RAPPORT_CONFIG names."""

import datetime as dt
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from assets.raw.register import Register
from assets.transforms import transforms
from pipelines.factory import answer_job, core_asset, measure_assets, raw_assets, release_asset
from pipelines.lake import Lake
from pipelines.months import last_closed_month, shift
from pipelines.settings import Calendar, Settings, load_settings

MONTHLY_JOB = "monthly_report"
READ_JOB = "read_sources"
REQUEST_JOB = "answer_request"
RUN_LOGGER_KEY, RUN_LOGGER = "console", "rapport.run"
MONTHS_WITHOUT_DATA = 24  # so many partitions are shown before the first file is read


def config_path() -> Path:
    """The configuration of the home in use: RAPPORT_CONFIG, else rapport.toml in the current folder."""
    return Path(os.environ.get("RAPPORT_CONFIG", "rapport.toml"))


def _this_month() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m}"


def first_month(settings: Settings | None) -> str:
    """The first partition: as configured, else the first month that was read, else some months back."""
    if settings is None:
        return shift(_this_month(), -MONTHS_WITHOUT_DATA)
    read = Register.load(settings.home / "lake" / "raw").months("sessions")
    return settings.calendar.first_month or (read[0] if read else shift(_this_month(), -MONTHS_WITHOUT_DATA))


@dg.resource
def lake_resource(context: dg.InitResourceContext) -> Iterator[Lake]:
    lake = Lake(load_settings(config_path()))
    try:
        yield lake
    finally:
        lake.close()


@dg.logger
def run_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Hands what a run logs to whoever listens: the command line, or nobody."""
    logger = logging.getLogger(RUN_LOGGER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    return logger


def build_defs(
    settings: Settings | None = None,
    resource_overrides: Mapping[str, Any] | None = None,
    asked_from: str | None = None,
) -> dg.Definitions:
    """The definitions of a home. `asked_from` is the first month of a run, where that may lie before the first that was
    read; `resource_overrides` is the seam for tests."""
    first = min(first_month(settings), asked_from or _this_month())
    partitions = dg.MonthlyPartitionsDefinition(start_date=first, fmt="%Y-%m", end_offset=1)
    assets = [
        raw_assets(),
        *(core_asset(transform, partitions) for transform in transforms("core")),
        measure_assets(partitions),
        release_asset(partitions),
    ]
    everything = dg.define_asset_job(
        MONTHLY_JOB, selection=dg.AssetSelection.all(), partitions_def=partitions,
        description="Reads what is new, builds the month, and publishes it once it is closed.",
    )  # fmt: skip
    read_only = dg.define_asset_job(
        READ_JOB, selection=dg.AssetSelection.groups("raw"), description="Reads what is new in all sources."
    )

    day = min((settings.calendar.closing_lag_days if settings else Calendar().closing_lag_days) + 1, 28)

    @dg.schedule(
        job=everything, cron_schedule=f"0 5 {day} * *", default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Once a month, on the day it closes: reads what is new, builds the month and publishes it.",
    )  # fmt: skip
    def publish_closed_month(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        home = settings or load_settings(config_path())
        month = last_closed_month(context.scheduled_execution_time.date(), home.calendar.closing_lag_days)
        if (home.home / "releases" / month).exists():
            return dg.SkipReason(f"{month} is published")
        return dg.RunRequest(run_key=month, partition_key=month)

    return dg.Definitions(
        assets=assets, jobs=[everything, read_only, answer_job(REQUEST_JOB)], schedules=[publish_closed_month],
        executor=dg.in_process_executor,
        loggers={RUN_LOGGER_KEY: run_logger},
        resources={"lake": lake_resource, **(resource_overrides or {})},
    )  # fmt: skip


@dg.definitions
def defs() -> dg.Definitions:
    """What the UI and `dg` load."""
    path = config_path()
    return build_defs(load_settings(path) if path.is_file() else None)
