-- row: one row of a therapists file, typed
-- A therapist is in one team at a time. An open row ends where the next one begins; two that say they hold on the
-- same day contradict each other, and neither is believed.

WITH ordered AS (
    SELECT
        *,
        coalesce(valid_from, DATE '0001-01-01') AS from_day,
        coalesce(valid_to, DATE '9999-12-31') AS to_day
    FROM typed
),

contradicted AS (
    SELECT DISTINCT one.line
    FROM ordered AS one
    INNER JOIN ordered AS other ON one.therapist_id = other.therapist_id AND one.team_id <> other.team_id
    WHERE
        one.fault IS NULL
        AND other.fault IS NULL
        AND (
            one.from_day = other.from_day
            OR (one.from_day < other.from_day AND one.valid_to >= other.from_day)
            OR (other.from_day < one.from_day AND other.valid_to >= one.from_day)
        )
)

SELECT
    ordered.* EXCLUDE (from_day, to_day) REPLACE (
        coalesce(fault, CASE
            WHEN team_id IS NULL THEN 'team_id|missing_team'
            WHEN valid_to < valid_from THEN 'valid_to|ends_before_starts'
            WHEN contradicted.line IS NOT NULL THEN 'team_id|two_teams_at_once'
        END) AS fault
    )
FROM ordered
LEFT JOIN contradicted USING (line)
