-- row: one request of the period that states needs
-- part: somebody who covers three quarters of them had room within 14 days (three quarters are a convention, not evidence)

SELECT
    few.therapist_keys,
    [pairings.client_key] AS client_keys,
    coalesce(pairings.three_quarters_in_days <= 14, FALSE) AS is_part,
    pairings.three_quarters_in_days AS wait_days
FROM core.pairings AS pairings
LEFT JOIN core.few_in_reach AS few ON pairings.request_key = few.request_key AND few.need IS NULL
WHERE pairings.needs IS NOT NULL
