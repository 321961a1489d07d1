-- row: one therapist who takes part in a replay: on the roster of a unit whose own figures are published
-- Rosters are those of the first of the quarter, as in the figures themselves.

SELECT rosters.therapist_key
FROM core.rosters AS rosters
INNER JOIN settings.replayed_units AS units ON rosters.reporting_unit = units.unit
