-- row: one ending of work in which the client answered on the alliance at least twice, at first with 6 or less of 10
-- part: the last answer is higher than the first (6 is a convention, not evidence)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    last_alliance > first_alliance AS is_part
FROM core.endings
WHERE attended_sessions > 0 AND alliance_answers >= 2 AND first_alliance <= 6
