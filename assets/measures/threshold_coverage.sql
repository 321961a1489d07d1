-- row: one therapist who worked in the month
-- part: a threshold was in force on at least one of the days worked

WITH days_worked AS (
    SELECT
        therapist_key,
        count(daily_sessions) AS days_with_threshold
    FROM core.therapist_days
    GROUP BY therapist_key
),

pairs AS (
    -- half as dear as lists of days put together
    SELECT DISTINCT
        therapist_key,
        unnest(client_keys) AS client_key
    FROM core.therapist_days
)

SELECT
    pairs.therapist_key,
    list(pairs.client_key) AS client_keys,
    bool_or(days_worked.days_with_threshold > 0) AS is_part
FROM pairs
INNER JOIN days_worked USING (therapist_key)
GROUP BY pairs.therapist_key
