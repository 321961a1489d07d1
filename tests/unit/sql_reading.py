"""The repository's own SQL, and texts of measures and tables that a contributor might write, for tests of lineage."""

from __future__ import annotations

from assets.measures import atoms_query, dictionary, items_sql
from assets.transforms import transforms

CORE = {transform.name: transform.sql for transform in transforms("core")}

# Tables of core as care measures need them: what a client said or did stands in one row with whose it is.
CARE = {
    "core.feedback": """
        SELECT
            feedback.session_key, sessions.therapist_key, sessions.client_key, days.is_over_threshold,
            feedback.closer_to_understanding, feedback.alliance
        FROM raw.feedback AS feedback
        INNER JOIN core.sessions AS sessions USING (session_key)
        LEFT JOIN core.therapist_days AS days USING (therapist_key, local_date)""",
    "core.endings": "SELECT * EXCLUDE (file_number, line) FROM raw.endings",
    "core.client_episodes": """
        WITH visits AS (
            SELECT
                sessions.therapist_key, sessions.client_key, sessions.starts_at,
                lead(sessions.starts_at) OVER (PARTITION BY sessions.client_key ORDER BY sessions.starts_at) AS next_at,
                feedback.alliance
            FROM core.sessions AS sessions
            LEFT JOIN raw.feedback AS feedback USING (session_key)
            WHERE sessions.status = 'attended'
        )
        SELECT
            visits.therapist_key, visits.client_key, min(visits.starts_at) AS first_at, max(visits.next_at) AS next_at,
            arg_min(visits.alliance, visits.starts_at) AS first_alliance,
            arg_max(visits.alliance, visits.starts_at) AS last_alliance, any_value(endings.ending) AS ending
        FROM visits LEFT JOIN raw.endings AS endings USING (client_key, therapist_key)
        GROUP BY visits.therapist_key, visits.client_key""",
    "core.pairings": """
        SELECT
            requests.request_key, requests.client_key, requests.therapist_key, requests.needs, requests.paired_by,
            profiles.specialties, profiles.visible_to_clients, requests.requested_at, episodes.first_at
        FROM raw.requests AS requests
        LEFT JOIN raw.profiles AS profiles USING (therapist_key)
        LEFT JOIN (SELECT client_key, min(starts_at) AS first_at FROM core.sessions GROUP BY client_key) AS episodes
            USING (client_key)""",
}


def measure(items: str) -> str:
    """The text of a measure whose items are these: the shared text of atoms around them."""
    known = dictionary().measures["long_runs"]
    return atoms_query(known).replace(items_sql(known), f"{items}\n")
