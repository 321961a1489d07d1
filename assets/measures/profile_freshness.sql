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
)

SELECT
    days.therapist_key,
    list_distinct(flatten(list(days.client_keys))) AS client_keys,
    bool_or(fresh_profiles.therapist_key IS NOT NULL) AS is_part
FROM core.therapist_days AS days
LEFT JOIN fresh_profiles USING (therapist_key)
GROUP BY days.therapist_key
