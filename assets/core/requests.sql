-- row: one client's request of the local month, in normal form, with the pairing it led to
-- months: raw.requests -1..+1
-- Its day is a day in the time zone of the team that was asked, else the organisation's. Words are made normal as those of
-- core.profiles are.

WITH teams AS (
    SELECT DISTINCT
        team_id,
        timezone
    FROM core.team_memberships
),

placed AS (
    SELECT
        requests.*,
        timezone(coalesce(teams.timezone, organisation.timezone), requests.requested_at)::DATE AS requested_on,
        timezone(coalesce(teams.timezone, organisation.timezone), requests.paired_at)::DATE AS paired_on
    FROM raw.requests AS requests
    LEFT JOIN teams USING (team_id)
    CROSS JOIN settings.organisation AS organisation
),

local_month AS (
    SELECT *
    FROM placed
    WHERE requested_on BETWEEN $month_start AND $month_end
),

words AS (
    SELECT
        request_key,
        'need' AS kind,
        unnest(needs) AS word
    FROM local_month
    UNION ALL
    SELECT
        request_key,
        'language' AS kind,
        language AS word
    FROM local_month
    UNION ALL
    SELECT
        request_key,
        'modality' AS kind,
        modality AS word
    FROM local_month
),

normal AS (
    SELECT
        * EXCLUDE (word),
        trim(regexp_replace(lower(word), '[\s_-]+', ' ', 'g')) AS word
    FROM words
    WHERE word IS NOT NULL
),

stated AS (
    SELECT
        normal.request_key,
        list_sort(list(DISTINCT coalesce(synonyms.spelling, normal.word)) FILTER (normal.kind = 'need')) AS needs,
        any_value(coalesce(synonyms.spelling, normal.word)) FILTER (normal.kind = 'language') AS language,
        any_value(coalesce(synonyms.spelling, normal.word)) FILTER (normal.kind = 'modality') AS modality
    FROM normal
    LEFT JOIN settings.synonyms AS synonyms USING (word)
    GROUP BY normal.request_key
)

SELECT
    local_month.request_key,
    local_month.client_key,
    local_month.team_id,
    local_month.requested_at,
    local_month.requested_on,
    stated.needs,
    stated.language,
    stated.modality,
    -- by convention two weeks where none is stated: the shorter the wait, the less is said to have been possible
    coalesce(local_month.tolerated_wait_days, 14) AS tolerated_wait_days,
    local_month.tolerated_wait_days IS NOT NULL AS is_wait_stated,
    local_month.therapist_key,
    coalesce(local_month.paired_on, if(local_month.therapist_key IS NULL, NULL, local_month.requested_on)) AS paired_on,
    local_month.paired_by,
    local_month.pairing_basis,
    -- what was entered after the fact has no wait that could be measured
    if(local_month.paired_at >= local_month.requested_at, local_month.paired_on - local_month.requested_on, NULL)
        AS days_to_pairing
FROM local_month
LEFT JOIN stated USING (request_key)
