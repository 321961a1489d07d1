-- row: one client whom one therapist saw in the period, other than in a group
-- part: within six weeks of the last time in it the client was seen again, by anybody, or their work had a planned ending (six
--       weeks are a convention, not evidence)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    has_returned OR has_planned_ending AS is_part
FROM core.clients_seen
