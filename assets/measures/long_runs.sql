-- row: one worked day of a therapist
-- part: the day held four or more sessions in a row with no gap of 30 minutes between them
--       (four and 30 are a convention, not evidence)

SELECT
    therapist_key,
    client_keys,
    longest_run >= 4 AS is_part
FROM core.therapist_days
