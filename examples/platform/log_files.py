"""A month's feedback, requests and endings as files, with some rows twice and some scores that cannot be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from examples.platform import matching, people
from examples.platform.caseload import ENDINGS
from examples.platform.days import Calendar
from examples.platform.files import Files
from examples.platform.frames import where
from examples.platform.layouts import THERAPIST, UTC
from examples.platform.sessions import ATTENDED
from examples.platform.simulation import Month
from examples.platform.teams import LANGUAGES, Team

DUPLICATES = 0.002
SCORES_OUT_OF_RANGE = 0.0005
UNKNOWN_SESSIONS = 0.0003
UNKNOWN_BEYOND = 6_000_000_000
IMPOSSIBLE_SCORE = 9
OUTCOMES = {"duplicate_row": "duplicate", "score_out_of_range": "quarantined", "unknown_session": "accepted"}


class LogFiles:
    """Writes feedback, requests and endings, month after month."""

    def __init__(self, files: Files, calendar: Calendar, teams: Sequence[Team], rng: np.random.Generator):
        self.files, self.calendar, self.teams, self.rng = files, calendar, teams, rng

    def write(self, month: Month) -> None:
        self._feedback(month)
        self._requests(month)
        self._endings(month)

    def _feedback(self, month: Month) -> None:
        answers = month.feedback.drop(columns=["team", "is_over"])
        is_silent = (month.sessions.status == ATTENDED) & ~month.sessions.session_id.isin(answers.session_id)
        silent = where(month.sessions, is_silent)
        wrong = silent.iloc[: max(2, round(SCORES_OUT_OF_RANGE * len(answers)))]
        unknown = silent.iloc[-max(2, round(UNKNOWN_SESSIONS * len(answers))) :]
        added = pd.concat([
            wrong[["session_id", "day"]].assign(closer=IMPOSSIBLE_SCORE),
            unknown[["session_id", "day"]].assign(closer=3, session_id=unknown.session_id + UNKNOWN_BEYOND),
        ]).assign(submitted=1200, alliance=-1)  # fmt: skip
        rows = pd.concat([answers, added], ignore_index=True)
        rows["submitted_at"] = self.calendar.moment(rows.day.to_numpy(), rows.submitted.to_numpy())
        self._write("feedback", month, rows, len(answers), f"""
            session_id AS appointment, {UTC.format("submitted_at")} AS submitted,
            nullif(closer, -1) AS understanding, nullif(alliance, -1) AS alliance""")  # fmt: skip
        counts = {"score_out_of_range": len(wrong), "unknown_session": len(unknown)}
        self.files.note_dirt(f"feedback-{month.name}.csv", counts)

    def _requests(self, month: Month) -> None:
        rows = month.requests.copy()
        requested, paired = (
            self.calendar.moment(np.zeros(len(rows), int), rows[column].to_numpy())
            for column in ("requested_at", "paired_at")
        )
        is_paired = rows.therapist.to_numpy() >= 0
        rows["requested"] = requested
        rows["paired"] = np.where(is_paired, paired, np.datetime64("NaT", "s"))
        teams = [team.team_id for team in self.teams]
        paired_by = [who.capitalize() for who in matching.PAIRED_BY]
        self._write("requests", month, rows, len(rows), f"""
            'R' || request_id AS request, client, {UTC.format("requested")} AS requested,
            {_named("team", teams)} AS team, {_listed("needs", people.NEEDS)} AS needs, {_named("language", LANGUAGES)} AS language,
            {_named("modality", people.MODALITIES)} AS channel, nullif(patience, -1) AS can_wait_days,
            CASE WHEN therapist >= 0 THEN {THERAPIST} END AS clinician, {UTC.format("paired")} AS paired,
            CASE WHEN therapist >= 0 THEN {_named("paired_by", paired_by)} END AS paired_by,
            CASE WHEN therapist >= 0 THEN {_named("basis", matching.BASES)} END AS basis""")  # fmt: skip

    def _endings(self, month: Month) -> None:
        rows = month.endings.copy()
        rows["ended_on"] = self.calendar.moment(rows.day.to_numpy(), np.zeros(len(rows), int))
        yes_no = ("no", "yes")
        self._write("endings", month, rows, len(rows), f"""
            client, {THERAPIST} AS clinician, ended_on::DATE AS ended, {_named("ending", ENDINGS)} AS ending,
            {_named("before_client", yes_no)} AS before_client_wished,
            {_named("before_therapist", yes_no)} AS before_therapist_planned""")  # fmt: skip

    def _write(self, table: str, month: Month, rows: pd.DataFrame, clean_rows: int, columns: str) -> None:
        """Write a log, with some of its first `clean_rows` rows again at its end."""
        again = np.sort(self.rng.choice(clean_rows, round(DUPLICATES * clean_rows), replace=False))
        self.files.connection.register("log", pd.concat([rows, rows.iloc[again]], ignore_index=True))
        file = f"{table}-{month.name}.csv"
        self.files.write(file, f"SELECT {columns} FROM log", len(rows) + len(again))
        self.files.note_dirt(file, {"duplicate_row": len(again)})


def _named(column: str, names: Sequence[str]) -> str:
    """A code's name; nothing for -1."""
    cases = " ".join(f"WHEN {code} THEN '{name}'" for code, name in enumerate(names))
    return f"CASE {column} {cases} END"


def _listed(column: str, names: Sequence[str]) -> str:
    """The names of a mask's bits, separated by semicolons."""
    bits = [f"CASE WHEN {column} & {1 << bit} > 0 THEN '{name}' END" for bit, name in enumerate(names)]
    return f"concat_ws(';', {', '.join(bits)})"
