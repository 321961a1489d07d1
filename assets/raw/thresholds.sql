-- row: one row of a thresholds file, typed
-- A threshold is a number of sessions that a person can hold in a day. 0 is leave, not a threshold.

SELECT
    * REPLACE (
        coalesce(fault, CASE
            WHEN daily_sessions NOT BETWEEN 1 AND 24 THEN 'daily_sessions|threshold_out_of_range'
            WHEN day_ends <= day_starts THEN 'day_ends|ends_before_starts'
        END) AS fault
    )
FROM typed
