-- row: one request of the local month that is replayed, in order of asking
-- months: core.sessions 0..+1
-- Replayed is a pairing whose fit is known, with a therapist who takes part. The day on which it was decided stays as it was:
-- a rule says to whom a request is given, not when. What came of it never enters here.

WITH paired AS (
    SELECT
        pairings.request_key,
        pairings.client_key,
        pairings.therapist_key,
        requests.requested_at,
        pairings.requested_on,
        greatest(pairings.paired_on, pairings.requested_on) AS decided_on,
        least(pairings.tolerated_wait_days, 28) AS patience_days,
        pairings.team_id,
        pairings.language,
        pairings.modality,
        pairings.needs,
        pairings.covered_needs
    FROM core.pairings AS pairings
    INNER JOIN core.requests AS requests USING (request_key)
    SEMI JOIN whatif.members AS members ON pairings.therapist_key = members.therapist_key
    WHERE pairings.outcome = 'paired' AND pairings.covered_needs IS NOT NULL
),

first_places AS (
    -- the first place that was held for the client with this therapist
    SELECT
        paired.request_key,
        min(sessions.local_date) AS first_on
    FROM paired
    INNER JOIN core.sessions AS sessions
        ON
            paired.therapist_key = sessions.therapist_key
            AND paired.client_key = sessions.client_key
            AND paired.requested_on <= sessions.local_date
    WHERE NOT starts_with(sessions.status, 'cancelled') OR coalesce(sessions.cancellation_notice_hours < 24, TRUE)
    GROUP BY paired.request_key
)

SELECT
    paired.*,
    first_places.first_on
FROM paired
LEFT JOIN first_places USING (request_key)
ORDER BY paired.requested_at, paired.request_key
