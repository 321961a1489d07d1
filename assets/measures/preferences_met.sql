-- row: one language or modality that a client stated, of a request that was paired to a therapist who declares any
-- part: the therapist declares it

WITH stated_preferences AS (
    SELECT
        therapist_key,
        client_key,
        unnest([is_language_met, is_modality_met]) AS is_met
    FROM core.pairings
    WHERE outcome = 'paired'
)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    is_met AS is_part
FROM stated_preferences
WHERE is_met IS NOT NULL
