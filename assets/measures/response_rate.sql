-- row: one attended session that is not a group session
-- part: its client answered whether it brought them closer to understanding themselves

SELECT
    therapist_key,
    [client_key] AS client_keys,
    closer_to_understanding IS NOT NULL AS is_part,
    local_date
FROM core.feedback
WHERE is_individual
