-- row: one profile that a therapist declared, in normal form, from a day until the day before their next one
-- partition: none
-- A word's normal form is in small letters, with one blank for blanks, hyphens and underscores; a declared synonym gives
-- way to its one spelling. A list that declares nothing is null: unknown, not none.

WITH spellings AS (
    SELECT map(list(word), list(spelling)) AS spelling_of
    FROM settings.synonyms
),

words AS (
    SELECT
        therapist_key,
        valid_from,
        visible_to_clients,
        list_transform(specialties, LAMBDA word: trim(regexp_replace(lower(word), '[\s_-]+', ' ', 'g'))) AS specialties,
        list_transform(languages, LAMBDA word: trim(regexp_replace(lower(word), '[\s_-]+', ' ', 'g'))) AS languages,
        list_transform(modalities, LAMBDA word: trim(regexp_replace(lower(word), '[\s_-]+', ' ', 'g'))) AS modalities
    FROM raw.profiles
),

spelled AS (
    SELECT
        words.* EXCLUDE (specialties, languages, modalities),
        list_transform(specialties, LAMBDA word: coalesce(spelling_of[word], word)) AS specialties,
        list_transform(languages, LAMBDA word: coalesce(spelling_of[word], word)) AS languages,
        list_transform(modalities, LAMBDA word: coalesce(spelling_of[word], word)) AS modalities
    FROM words
    CROSS JOIN spellings
)

SELECT
    therapist_key,
    nullif(list_sort(list_distinct(specialties)), []) AS specialties,
    nullif(list_sort(list_distinct(languages)), []) AS languages,
    nullif(list_sort(list_distinct(modalities)), []) AS modalities,
    visible_to_clients,
    coalesce(valid_from, DATE '1900-01-01') AS valid_from,
    coalesce(
        lead(valid_from) OVER (PARTITION BY therapist_key ORDER BY valid_from NULLS FIRST), DATE '2200-01-01'
    ) AS valid_until
FROM spelled
