-- row: one figure about clients alone that is shown: whether it is what is inside, and whether it hangs on one or two therapists
-- inside: the counts of such figures, and on how many therapists they hang: those whose days decide an answer, alone or with at
-- most three others (0: on nobody);
-- shown: the figures that are published or banded
SELECT
    shown.figure,
    inside.base IS NOT NULL
    AND abs(inside.base - shown.base) <= shown.half
    AND coalesce(abs(inside.part - shown.part) <= shown.half, TRUE) AS is_as_published,
    coalesce(inside.therapists_behind BETWEEN 1 AND $least - 1, TRUE) AS hangs_on_few
FROM shown
LEFT JOIN inside
    ON
        shown.period_start::DATE = inside.period_start::DATE
        AND shown.period_end::DATE = inside.period_end::DATE
        AND shown.level = inside.level
        AND shown.measure_id = inside.measure_id
        AND shown.breakdown = coalesce(inside.breakdown::VARCHAR, '')
        AND shown.breakdown_value = coalesce(inside.breakdown_value::VARCHAR, '')
        AND inside.therapist IS NULL
