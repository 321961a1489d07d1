-- row: one item of a figure, as it would have been under one rule: who has it, who had it, whose it is, and whether it counts
-- given: to whom the rule gave each request; one that is given to nobody is not in it, and stays with who had it

WITH outcomes AS (
    SELECT
        coalesce(given.therapist_key, replayed.therapist_key) AS therapist_key,
        replayed.therapist_key AS former_therapist_key,
        replayed.client_key,
        given.request_key IS NOT NULL AS is_given,
        coalesce(given.is_within_threshold, FALSE) AS is_within_threshold,
        given.first_on - replayed.requested_on AS wait_days,
        given.covered AS covered_needs,
        len(replayed.needs) AS stated_needs
    FROM whatif.replayed AS replayed
    LEFT JOIN whatif.given AS given ON replayed.request_key = given.request_key
),

of_requests AS (
    SELECT
        'seen_within_' || cutoffs.days || '_days' AS figure,
        outcomes.therapist_key,
        outcomes.former_therapist_key,
        [outcomes.client_key] AS client_keys,
        coalesce(outcomes.wait_days <= cutoffs.days, FALSE) AS is_part
    FROM outcomes
    CROSS JOIN unnest([7, 14, 28]) AS cutoffs (days)
    UNION ALL
    SELECT
        'begun_within_threshold' AS figure,
        therapist_key,
        former_therapist_key,
        [client_key] AS client_keys,
        is_within_threshold AS is_part
    FROM outcomes
    UNION ALL
    SELECT
        'three_quarters_covered' AS figure,
        therapist_key,
        former_therapist_key,
        [client_key] AS client_keys,
        covered_needs >= 0.75 * stated_needs AS is_part
    FROM outcomes
    WHERE is_given
    UNION ALL
    SELECT
        'needs_covered' AS figure,
        outcomes.therapist_key,
        outcomes.former_therapist_key,
        [outcomes.client_key] AS client_keys,
        needs.number <= outcomes.covered_needs AS is_part
    FROM outcomes
    CROSS JOIN unnest(range(1, outcomes.stated_needs + 1)) AS needs (number)
    WHERE outcomes.is_given
),

places AS (
    -- one that was given before has its own days, one that was free a day a week
    SELECT
        given.therapist_key,
        held.local_date,
        replayed.client_key
    FROM whatif.given AS given
    INNER JOIN whatif.replayed AS replayed ON given.request_key = replayed.request_key
    INNER JOIN whatif.held AS held ON given.place_of = held.request_key
    UNION ALL
    SELECT
        given.therapist_key,
        days.local_date,
        replayed.client_key
    FROM whatif.given AS given
    INNER JOIN whatif.replayed AS replayed ON given.request_key = replayed.request_key
    INNER JOIN whatif.days AS days
        ON
            given.therapist_key = days.therapist_key
            AND given.weekday = days.weekday
            AND given.first_on <= days.local_date
    WHERE given.place_of IS NULL
),

loads AS (
    SELECT
        therapist_key,
        local_date,
        count(*) AS places,
        list(client_key) AS client_keys
    FROM places
    GROUP BY therapist_key, local_date
),

of_days AS (
    SELECT
        'days_over_threshold' AS figure,
        days.therapist_key,
        days.therapist_key AS former_therapist_key,
        list_distinct(days.client_keys_of_others || coalesce(loads.client_keys, [])) AS client_keys,
        days.places_of_others + coalesce(loads.places, 0) > days.daily_sessions AS is_part
    FROM whatif.days AS days
    LEFT JOIN loads ON days.therapist_key = loads.therapist_key AND days.local_date = loads.local_date
    WHERE days.local_date <= $month_end AND days.daily_sessions > 0
)

FROM of_requests
UNION ALL
FROM of_days
