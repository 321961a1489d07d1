-- row: one profile that a therapist declared, in normal form, from a day until the day before their next one
-- partition: none
-- A word's normal form is in small letters, with one blank for blanks, hyphens and underscores; a declared synonym gives
-- way to its one spelling. A list that declares nothing is null: unknown, not none.

WITH declared AS (
    SELECT
        *,
        coalesce(valid_from, DATE '1900-01-01') AS first_day,
        coalesce(
            lead(valid_from) OVER (PARTITION BY therapist_key ORDER BY valid_from NULLS FIRST), DATE '2200-01-01'
        ) AS day_after
    FROM raw.profiles
),

words AS (
    SELECT
        therapist_key,
        first_day,
        'specialty' AS kind,
        unnest(specialties) AS word
    FROM declared
    UNION ALL
    SELECT
        therapist_key,
        first_day,
        'language' AS kind,
        unnest(languages) AS word
    FROM declared
    UNION ALL
    SELECT
        therapist_key,
        first_day,
        'modality' AS kind,
        unnest(modalities) AS word
    FROM declared
),

normal AS (
    SELECT
        * EXCLUDE (word),
        trim(regexp_replace(lower(word), '[\s_-]+', ' ', 'g')) AS word
    FROM words
),

lists AS (
    SELECT
        normal.therapist_key,
        normal.first_day,
        list_sort(list(DISTINCT coalesce(synonyms.spelling, normal.word)) FILTER (normal.kind = 'specialty')) AS specialties,
        list_sort(list(DISTINCT coalesce(synonyms.spelling, normal.word)) FILTER (normal.kind = 'language')) AS languages,
        list_sort(list(DISTINCT coalesce(synonyms.spelling, normal.word)) FILTER (normal.kind = 'modality')) AS modalities
    FROM normal
    LEFT JOIN settings.synonyms AS synonyms USING (word)
    GROUP BY normal.therapist_key, normal.first_day
)

SELECT
    declared.therapist_key,
    lists.specialties,
    lists.languages,
    lists.modalities,
    declared.visible_to_clients,
    declared.first_day AS valid_from,
    declared.day_after AS valid_until
FROM declared
LEFT JOIN lists USING (therapist_key, first_day)
