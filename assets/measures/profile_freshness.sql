-- row: one therapist who worked in the period
-- part: their profile on its last day names specialties, languages and modalities, and was declared within the last 12
--       months (12 is a convention, not evidence)

WITH fresh_profiles AS (
    SELECT therapist_key
    FROM core.profiles
    WHERE
        valid_from > $period_end::DATE - INTERVAL 12 MONTH
        AND valid_from <= $period_end
        AND valid_until > $period_end
        AND specialties IS NOT NULL
        AND languages IS NOT NULL
        AND modalities IS NOT NULL
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
    bool_or(fresh_profiles.therapist_key IS NOT NULL) AS is_part
FROM pairs
LEFT JOIN fresh_profiles USING (therapist_key)
GROUP BY pairs.therapist_key
