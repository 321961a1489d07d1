-- row: one client's request of the local month, in normal form, with the pairing it led to
-- months: raw.requests -1..+1
-- Its day is a day in the time zone of the team that was asked, else the organisation's. Words are made normal as those of
-- core.profiles are.

WITH spellings AS (
    SELECT map(list(word), list(spelling)) AS spelling_of
    FROM settings.synonyms
),

teams AS (
    SELECT DISTINCT
        team_id,
        timezone
    FROM core.team_memberships
),

placed AS (
    SELECT
        requests.* EXCLUDE (needs, language, modality),
        list_transform(requests.needs, LAMBDA word: trim(regexp_replace(lower(word), '[\s_-]+', ' ', 'g'))) AS needs,
        trim(regexp_replace(lower(requests.language), '[\s_-]+', ' ', 'g')) AS language,
        trim(regexp_replace(lower(requests.modality), '[\s_-]+', ' ', 'g')) AS modality,
        timezone(coalesce(teams.timezone, organisation.timezone), requests.requested_at)::DATE AS requested_on,
        timezone(coalesce(teams.timezone, organisation.timezone), requests.paired_at)::DATE AS paired_on
    FROM raw.requests AS requests
    LEFT JOIN teams USING (team_id)
    CROSS JOIN settings.organisation AS organisation
)

SELECT
    request_key,
    client_key,
    team_id,
    requested_at,
    requested_on,
    nullif(
        list_sort(list_distinct(list_transform(needs, LAMBDA word: coalesce(spelling_of[word], word)))), []
    ) AS needs,
    coalesce(spelling_of[language], language) AS language,
    coalesce(spelling_of[modality], modality) AS modality,
    -- by convention two weeks where none is stated: the shorter the wait, the less is said to have been possible
    coalesce(tolerated_wait_days, 14) AS tolerated_wait_days,
    tolerated_wait_days IS NOT NULL AS is_wait_stated,
    therapist_key,
    coalesce(paired_on, if(therapist_key IS NULL, NULL, requested_on)) AS paired_on,
    paired_by,
    pairing_basis,
    -- what was entered after the fact has no wait that could be measured
    if(paired_at >= requested_at, paired_on - requested_on, NULL) AS days_to_pairing
FROM placed
CROSS JOIN spellings
WHERE requested_on BETWEEN $month_start AND $month_end
