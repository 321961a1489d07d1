-- row: one worked day of a therapist with two or more sessions
-- part: four or more sessions came in a row with no gap of 30 minutes between them
--       (four and 30 are conventions, not evidence)

SELECT
    therapist_key,
    client_keys,
    longest_run >= 4 AS is_part,
    local_date
FROM core.therapist_days
WHERE attended_sessions >= 2
