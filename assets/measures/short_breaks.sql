-- row: one worked day of a therapist with two or more sessions
-- part: two neighbouring sessions of the day had a gap shorter than the therapist's own minimum break
--       (10 minutes where none is declared: a convention, not evidence)

WITH breaks AS (
    SELECT
        therapist_key,
        local_date,
        min(gap_minutes) AS shortest_gap_minutes
    FROM core.sessions
    WHERE is_load
    GROUP BY therapist_key, local_date
)

SELECT
    days.therapist_key,
    days.client_keys,
    breaks.shortest_gap_minutes < coalesce(days.min_break_minutes, 10) AS is_part,
    days.local_date
FROM core.therapist_days AS days
INNER JOIN breaks USING (therapist_key, local_date)
WHERE days.attended_sessions >= 2
