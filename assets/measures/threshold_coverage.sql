-- row: one therapist who worked in the month
-- part: a threshold was in force on at least one of the days worked

SELECT
    therapist_key,
    list_distinct(flatten(list(client_keys))) AS client_keys,
    count(daily_sessions) > 0 AS is_part
FROM core.therapist_days
GROUP BY therapist_key
