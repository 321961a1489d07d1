-- row: one row of a teams file, typed

SELECT
    * REPLACE (
        coalesce(fault, CASE
            WHEN timezone NOT IN (SELECT name FROM pg_timezone_names()) THEN 'timezone|unknown_value'
        END) AS fault
    )
FROM typed
