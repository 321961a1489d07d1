-- row: one row of a sessions file, typed
-- Adds to the reading of single fields what only the whole row shows: when it ended, and whether that can be.

WITH timed AS (
    SELECT
        * REPLACE (
            coalesce(ends_at, CASE
                WHEN fault IS NULL AND abs(duration_minutes) < 1000000
                    THEN make_timestamptz(epoch_us(starts_at) + (duration_minutes * 60000000)::BIGINT)
            END) AS ends_at
        )
    FROM typed
)

SELECT
    * REPLACE (
        coalesce(fault, CASE
            WHEN ends_at IS NULL AND duration_minutes IS NOT NULL THEN 'duration_minutes|out_of_range'
            WHEN ends_at IS NULL THEN 'ends_at|missing_time'
            WHEN ends_at < starts_at THEN 'ends_at|ends_before_starts'
            WHEN ends_at = starts_at AND status = 'attended' THEN 'ends_at|no_duration'
            WHEN epoch(ends_at) - epoch(starts_at) > 24 * 3600 THEN 'ends_at|lasts_over_a_day'
            WHEN status = 'attended' AND starts_at > getvariable('read_at') THEN 'starts_at|attended_in_the_future'
        END) AS fault
    )
FROM timed
