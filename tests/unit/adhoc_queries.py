# ruff: noqa: E501 (a query a line)
"""Queries for the tests of the analysts' gateway: honest ones, as an analyst writes them, and hostile ones, by what they try.

Over releases of three months in the measures of `auditor_releases`. {secret} is a file beside the releases, {releases} their folder.
"""

from __future__ import annotations

from collections.abc import Iterator

_SHOWN = "status = 'published'"
_UNITS = f"level = 'unit' AND {_SHOWN}"
_COLUMNS = ("part", "base", "value", "lower", "upper")
_AGGREGATES = ("sum", "avg", "min", "max", "median", "count", "stddev", "any_value")

_HONEST = f"""
FROM measures
FROM workload
TABLE measures
SELECT * FROM measures LIMIT 5
SELECT * EXCLUDE (coverage) FROM measures
SELECT * REPLACE (value / 100.0 AS value) FROM measures WHERE {_SHOWN}
SELECT DISTINCT unit FROM measures WHERE level = 'unit' ORDER BY unit
SELECT count(*) FROM measures
SELECT status, count(*) FROM measures GROUP BY status ORDER BY ALL
SELECT status, count(*) AS figures FROM measures GROUP BY ALL HAVING figures > 1
SELECT unit, value FROM measures WHERE {_UNITS} AND measure_id = 'over_days' AND period_end = '2026-10-31'
SELECT unit, value FROM measures WHERE {_UNITS} AND measure_id IN ('over_days', 'run_days')
SELECT unit, part, base FROM measures WHERE {_UNITS} AND period_start >= DATE '2026-09-01'
SELECT unit, round(100.0 * part / base, 1) AS percent FROM measures WHERE {_UNITS}
SELECT period_start, sum(part), sum(base), 100 * sum(part) / sum(base) FROM measures WHERE {_UNITS} GROUP BY 1 ORDER BY 1
SELECT unit, avg(value) FROM measures WHERE {_UNITS} GROUP BY unit ORDER BY unit
SELECT service, count(DISTINCT unit) FROM measures WHERE level = 'unit' GROUP BY service
SELECT service, measure_id, value FROM measures WHERE level = 'service'
SELECT measure_id, value FROM measures WHERE level = 'organisation' AND breakdown IS NULL
SELECT coverage, value FROM measures WHERE level = 'organisation'
SELECT date_trunc('quarter', period_start) AS quarter, sum(part) FROM measures WHERE {_UNITS} GROUP BY quarter
SELECT year(period_start), month(period_start), count(*) FROM measures GROUP BY ALL
SELECT extract(month FROM period_end) AS month, max(upper) FROM measures GROUP BY month
SELECT strftime(period_start, '%Y-%m') AS month, count(*) FROM measures GROUP BY month
SELECT monthname(period_start), dayname(period_end) FROM measures LIMIT 1
SELECT period_end + INTERVAL 1 DAY FROM measures LIMIT 1
SELECT date_diff('day', period_start, period_end) + 1 AS days FROM measures GROUP BY ALL
SELECT last_day(period_start) = period_end FROM measures
SELECT unit, value, value - lag(value) OVER (PARTITION BY unit ORDER BY period_start) AS change FROM measures WHERE {_UNITS} AND measure_id = 'over_days'
SELECT unit, value, avg(value) OVER (PARTITION BY unit) FROM measures WHERE {_UNITS} AND measure_id = 'run_days'
SELECT unit, sum(part) OVER (PARTITION BY unit ORDER BY period_start ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM measures
SELECT unit, value FROM measures WHERE {_UNITS} QUALIFY row_number() OVER (PARTITION BY unit ORDER BY period_end DESC) = 1
SELECT unit, first_value(value) OVER w, last_value(value) OVER w FROM measures WINDOW w AS (PARTITION BY unit ORDER BY period_end)
SELECT unit, ntile(4) OVER (ORDER BY base) FROM measures WHERE {_UNITS}
SELECT unit, over_days, run_days FROM workload WHERE level = 'unit' ORDER BY unit
SELECT unit, over_days - run_days FROM workload WHERE over_days_status = 'published' AND run_days_status = 'published'
SELECT corr(over_days, run_days) FROM workload WHERE level = 'unit'
SELECT regr_slope(over_days, run_days), regr_r2(over_days, run_days) FROM workload
SELECT unit, over_days_part, over_days_base FROM workload WHERE over_days_part > 20
SELECT planned_status, count(*) FROM workload GROUP BY planned_status
SELECT sum(over_days_part) * 100.0 / sum(over_days_base) AS percent FROM workload WHERE level = 'unit'
SELECT COLUMNS('over_.*') FROM workload LIMIT 1
SELECT min(COLUMNS('over_days_(part|base)')) FROM workload
SELECT w.unit, m.coverage FROM workload AS w JOIN measures AS m ON w.period_end = m.period_end AND m.level = 'organisation'
SELECT a.unit, a.value, b.value FROM measures AS a JOIN measures AS b USING (unit, period_start) WHERE a.measure_id = 'over_days' AND b.measure_id = 'run_days'
SELECT a.unit FROM measures AS a LEFT JOIN measures AS b ON a.unit = b.unit AND b.measure_id = 'none' WHERE b.unit IS NULL
SELECT a.unit, b.unit FROM measures AS a CROSS JOIN (SELECT DISTINCT unit FROM measures) AS b LIMIT 3
SELECT a.period_end, b.value FROM measures AS a ASOF JOIN measures AS b ON a.unit = b.unit AND a.period_end >= b.period_end LIMIT 3
WITH units AS (SELECT * FROM measures WHERE level = 'unit') SELECT unit, count(*) FROM units GROUP BY unit
WITH a AS (SELECT unit, value FROM measures WHERE measure_id = 'over_days'), b AS (SELECT unit, avg(value) AS usual FROM a GROUP BY unit) SELECT a.*, b.usual FROM a JOIN b USING (unit)
WITH months AS (SELECT DISTINCT period_start FROM measures) SELECT count(*) FROM months
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 12) SELECT n FROM numbers
SELECT unit FROM measures WHERE measure_id = 'over_days' UNION SELECT unit FROM measures WHERE measure_id = 'planned'
SELECT unit FROM measures WHERE status = 'published' EXCEPT SELECT unit FROM measures WHERE status = 'banded'
SELECT unit FROM measures WHERE status = 'published' INTERSECT SELECT unit FROM measures WHERE status = 'banded'
(SELECT unit FROM measures LIMIT 1) UNION ALL (SELECT service FROM measures LIMIT 1)
SELECT * FROM (SELECT unit, value FROM measures WHERE {_UNITS}) WHERE value > 10
SELECT unit FROM measures AS outer_rows WHERE value > (SELECT avg(value) FROM measures WHERE unit = outer_rows.unit)
SELECT unit FROM measures WHERE EXISTS (SELECT 1 FROM workload WHERE workload.unit = measures.unit)
SELECT unit FROM measures WHERE unit NOT IN (SELECT unit FROM measures WHERE status = 'banded' AND unit IS NOT NULL)
SELECT CASE WHEN value >= 50 THEN 'half or more' ELSE 'less' END AS kind, count(*) FROM measures WHERE {_SHOWN} GROUP BY kind
SELECT CASE status WHEN 'published' THEN part END FROM measures
SELECT count(*) FILTER (status = 'published'), count(*) FILTER (WHERE status = 'banded') FROM measures
SELECT coalesce(value, lower) FROM measures
SELECT ifnull(service, '(none)'), nullif(unit, 'Ash') FROM measures
SELECT if(status = 'published', value, NULL) FROM measures
SELECT value IS NULL, value IS NOT DISTINCT FROM part FROM measures
SELECT value BETWEEN 10 AND 20, NOT (value > 5), value <> 3 AND part != 2 FROM measures
SELECT greatest(lower, 0), least(upper, 100) FROM measures
SELECT abs(value - 50), sqrt(base), ln(base), power(value, 2), sign(value - 20) FROM measures WHERE {_SHOWN}
SELECT floor(lower), ceil(upper), trunc(lower), round(upper) FROM measures
SELECT base // 10, base % 10, -base, base ** 2, 2 ^ 3 FROM measures
SELECT value::DOUBLE / 100, CAST(base AS VARCHAR), TRY_CAST(unit AS INTEGER) FROM measures
SELECT upper(unit), lower(service), length(unit), left(unit, 1) FROM measures
SELECT unit || ' / ' || service, concat(unit, '-', service), concat_ws(', ', unit, service) FROM measures
SELECT unit FROM measures WHERE unit LIKE 'A%' OR unit ILIKE '%sh' OR unit NOT LIKE '_irch'
SELECT unit FROM measures WHERE regexp_matches(unit, '^[A-C]') AND starts_with(unit, 'A')
SELECT replace(measure_id, '_', ' '), split_part(measure_id, '_', 1), substring(measure_id, 1, 3) FROM measures
SELECT regexp_replace(unit, 'sh$', ''), regexp_extract(unit, '[A-Z]'), trim(unit), contains(unit, 's') FROM measures
SELECT string_agg(DISTINCT unit, ', ' ORDER BY unit) FROM measures
SELECT list(DISTINCT unit ORDER BY unit), len(list(unit)) FROM measures
SELECT unnest(list_value(1, 2, 3)) AS n
SELECT unit, unnest([lower, upper]) AS bound FROM measures WHERE {_UNITS}
SELECT [unit, service], {{'unit': unit, 'value': value}} FROM measures LIMIT 2
SELECT list_transform([1, 2, 3], lambda x: x * 2)
SELECT arg_max(period_start, period_end), mode(status), quantile_cont(value, 0.5) FROM measures
SELECT quantile_cont(value, [0.25, 0.5, 0.75]) FROM measures WHERE {_UNITS}
SELECT bool_and(part <= base), bool_or(value = 20) FROM measures
SELECT level, unit, sum(base) FROM measures GROUP BY ROLLUP (level, unit)
SELECT level, status, count(*), grouping(level) FROM measures GROUP BY CUBE (level, status)
SELECT level, status, count(*) FROM measures GROUP BY GROUPING SETS ((level), (status), ())
SELECT unit FROM measures ORDER BY unit DESC NULLS LAST LIMIT 3 OFFSET 2
SELECT unit FROM measures ORDER BY ALL
SELECT n FROM range(1, 13) AS months(n)
SELECT day FROM generate_series(DATE '2026-01-01', DATE '2026-01-05', INTERVAL 1 DAY) AS days(day)
SELECT x FROM (VALUES ('Ash', 1), ('Elm', 2)) AS mine(x, y) JOIN measures ON x = unit
SELECT * FROM measures WHERE breakdown = 'weekday' ORDER BY period_start
SELECT breakdown_value, value FROM measures WHERE breakdown IS NOT NULL
SELECT unit AS "Reporting unit", value AS "Share in %" FROM measures WHERE {_UNITS}
SELECT 'an analyst''s note' AS note, unit FROM measures LIMIT 1
SELECT unit /* the declared one */, value -- percent
SELECT 1 AS one, TRUE AS yes, NULL AS nothing, 1.5 AS number, DATE '2026-10-01' AS day
SELECT count(*) FROM measures TABLESAMPLE 50 PERCENT
FROM measures SELECT unit, value WHERE {_UNITS} ORDER BY unit
SELECT unit, value FROM measures WHERE {_UNITS};
"""


def honest() -> list[str]:
    """Queries that must all work."""
    written = [line for line in _HONEST.strip().splitlines() if line]
    written[written.index("SELECT unit /* the declared one */, value -- percent")] += "\nFROM measures"
    summed = [f"SELECT measure_id, {aggregate}({column}) FROM measures GROUP BY measure_id ORDER BY measure_id"
              for column in _COLUMNS for aggregate in _AGGREGATES]  # fmt: skip
    return [*written, *summed]


_FILES = """
SELECT * FROM read_text('{secret}')
SELECT * FROM read_blob('{secret}')
SELECT * FROM read_csv('{secret}')
SELECT * FROM read_csv_auto('{secret}')
SELECT * FROM read_json('{secret}')
SELECT * FROM read_ndjson('{secret}')
SELECT * FROM read_parquet('{releases}/2026-10/measures.parquet')
SELECT * FROM parquet_scan('{releases}/2026-10/measures.parquet')
SELECT * FROM parquet_metadata('{releases}/2026-10/measures.parquet')
SELECT * FROM parquet_kv_metadata('{releases}/2026-10/measures.parquet')
SELECT * FROM sniff_csv('{secret}')
SELECT * FROM glob('{releases}/../**')
SELECT * FROM glob('/etc/*')
SELECT * FROM '{secret}'
SELECT * FROM "{secret}"
SELECT * FROM "/proc/self/environ"
SELECT * FROM '/proc/self/maps'
SELECT * FROM 'http://127.0.0.1/x.csv'
SELECT * FROM 's3://bucket/x.parquet'
SELECT (SELECT content FROM read_text('{secret}')) AS unit FROM measures
SELECT unit FROM measures WHERE unit IN (SELECT content FROM read_text('{secret}'))
WITH x AS (SELECT * FROM read_text('{secret}')) SELECT * FROM x
WITH x AS MATERIALIZED (FROM '{secret}') FROM x
SELECT * FROM measures, LATERAL (SELECT * FROM read_text('{secret}'))
SELECT * FROM measures JOIN read_csv('{secret}') ON TRUE
SELECT * FROM measures POSITIONAL JOIN '{secret}'
SELECT unit FROM measures UNION ALL SELECT content FROM read_text('{secret}')
SELECT unit FROM measures ORDER BY (SELECT content FROM read_text('{secret}'))
SELECT unit FROM measures LIMIT (SELECT length(content) FROM read_text('{secret}'))
SELECT which_secret('{secret}', 'http')
SELECT * FROM sqlite_scan('{secret}', 'x')
SELECT * FROM iceberg_scan('{secret}')
SELECT * FROM read_xlsx('{secret}')
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM pandas_scan(1)
SELECT * FROM seq_scan('measures')
"""
_SYSTEM = """
SELECT getenv('RAPPORT_KEY')
SELECT current_setting('memory_limit')
SELECT getvariable('x')
SELECT current_user
SELECT current_database()
SELECT current_schemas(TRUE)
SELECT version()
SELECT current_query()
SELECT txid_current()
SELECT pg_typeof(unit) FROM measures
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_columns()
SELECT * FROM duckdb_extensions()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_databases()
SELECT * FROM duckdb_memory()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM duckdb_variables()
SELECT * FROM duckdb_logs()
SELECT * FROM pragma_storage_info('measures')
SELECT * FROM pragma_table_info('measures')
SELECT * FROM pragma_database_size()
SELECT * FROM pragma_version()
SELECT * FROM pragma_show('measures')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('measures')
SELECT * FROM query_table(['measures', 'workload'])
SELECT * FROM sql_auto_complete('SEL')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
SELECT json_serialize_sql('SELECT 1')
SELECT json_deserialize_sql('')
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.columns
SELECT * FROM pg_catalog.pg_tables
SELECT * FROM main.measures
SELECT * FROM memory.main.measures
SELECT * FROM system.information_schema.tables
SELECT * FROM sqlite_master
SELECT * FROM duckdb_tables
SELECT * FROM temp.measures
SELECT * FROM test_all_types()
SELECT * FROM repeat_row(1, num_rows = 3)
SELECT * FROM checkpoint()
SELECT * FROM force_checkpoint()
SELECT * FROM summary((SELECT * FROM measures))
SELECT * FROM which('x')
SELECT write_log('x')
SELECT error('x')
SELECT nextval('x')
SELECT in_search_path('a', 'b')
SELECT stats(unit) FROM measures
SELECT vector_type(unit) FROM measures
SELECT hash(unit) FROM measures
SELECT md5(unit) FROM measures
SELECT rowid, setseed(0.5) FROM measures
SELECT random()
SELECT gen_random_uuid()
SELECT sleep_ms(10000)
"""
_CHANGES = """
DELETE FROM measures
INSERT INTO measures SELECT * FROM measures
UPDATE measures SET value = 0
TRUNCATE measures
MERGE INTO measures USING workload ON FALSE WHEN NOT MATCHED THEN INSERT DEFAULT VALUES
CREATE TABLE mine AS SELECT * FROM measures
CREATE TEMP TABLE mine (x INTEGER)
CREATE OR REPLACE VIEW measures AS SELECT 1
CREATE MACRO mine(x) AS x
CREATE MACRO mine() AS TABLE SELECT * FROM read_text('{secret}')
CREATE FUNCTION mine(x) AS x
CREATE SCHEMA mine
CREATE SEQUENCE mine
CREATE TYPE mine AS ENUM ('a')
CREATE INDEX mine ON measures (unit)
CREATE SECRET mine (TYPE s3)
DROP TABLE measures
DROP VIEW IF EXISTS workload
ALTER TABLE measures ADD COLUMN x INTEGER
ALTER TABLE measures RENAME TO mine
COMMENT ON TABLE measures IS 'x'
WITH x AS (DELETE FROM measures RETURNING *) SELECT * FROM x
WITH x AS (INSERT INTO measures SELECT * FROM measures RETURNING *) SELECT * FROM x
WITH x AS (UPDATE measures SET value = 0 RETURNING *) SELECT * FROM x
WITH x AS (SELECT 1) DELETE FROM measures
WITH x AS (SELECT 1) INSERT INTO measures SELECT * FROM measures
SELECT * INTO mine FROM measures
SELECT * FROM (DELETE FROM measures RETURNING *)
COPY measures TO '{releases}/mine.csv'
COPY (SELECT * FROM measures) TO '{releases}/mine.parquet' (FORMAT parquet)
COPY measures FROM '{secret}'
EXPORT DATABASE '{releases}/mine'
IMPORT DATABASE '{releases}/mine'
ATTACH '{releases}/2026-10/mart.duckdb' AS mine
ATTACH ':memory:' AS mine
DETACH memory
USE memory
SET memory_limit = '100GB'
SET enable_external_access = true
SET lock_configuration = false
SET VARIABLE x = 1
RESET threads
PRAGMA database_list
PRAGMA enable_profiling
PRAGMA threads = 8
INSTALL httpfs
INSTALL spatial FROM community
LOAD httpfs
LOAD '{secret}'
UPDATE EXTENSIONS
CALL pragma_version()
CALL query('SELECT 1')
EXECUTE mine
PREPARE mine AS SELECT 1
DEALLOCATE mine
BEGIN
COMMIT
ROLLBACK
CHECKPOINT
VACUUM
ANALYZE
EXPLAIN SELECT * FROM measures
EXPLAIN ANALYZE SELECT * FROM measures
DESCRIBE measures
DESCRIBE SELECT * FROM measures
SHOW TABLES
SHOW ALL TABLES
SUMMARIZE measures
SUMMARIZE SELECT * FROM measures
SELECT * FROM (DESCRIBE measures)
SELECT * FROM (SUMMARIZE measures)
SELECT * FROM (SHOW TABLES)
PIVOT measures ON level USING count(*)
UNPIVOT measures ON part, base INTO NAME a VALUE b
SELECT 1; SELECT 2
SELECT 1; DROP TABLE measures
SELECT 1; ATTACH '{secret}'
; DELETE FROM measures
SELECT $1
SELECT ?
SELECT $name
"""
_PERSONS = """
SELECT therapist_id, value FROM measures
SELECT therapist_key FROM measures
SELECT client_id FROM measures
SELECT client_keys FROM workload
SELECT contributors FROM measures
SELECT unit, therapist, return_rate FROM measures
SELECT * FROM therapists
SELECT * FROM clients
SELECT * FROM sessions
SELECT * FROM core.sessions
SELECT * FROM raw.sessions
SELECT * FROM lake.core.therapist_days
SELECT * FROM returns
SELECT * FROM retention_by_therapist
SELECT base_largest_therapist FROM measures
SELECT roster FROM measures
SELECT base_clients FROM measures
SELECT base_therapists, part_clients FROM measures
SELECT therapist, rank() OVER (ORDER BY value) FROM measures
SELECT count(DISTINCT therapist_id) FROM measures
SELECT unit FROM measures GROUP BY unit, therapist_id
SELECT unit FROM measures ORDER BY client_key
SELECT unit FROM measures WHERE therapist = 'Anna Huber'
SELECT m.therapist_id FROM measures AS m
SELECT threshold FROM measures
SELECT daily_sessions FROM workload
SELECT exact_part, exact_base FROM measures
SELECT middle_part FROM measures
SELECT reason FROM measures
"""
_TRICKS = """
SELECT * FROM "read_text"('{secret}')
SELECT * FROM READ_TEXT('{secret}')
SELECT * FROM read_text/**/('{secret}')
SELECT * FROM read_text --
('{secret}')
SELECT * FROM main.read_text('{secret}')
SELECT * FROM system.main.read_text('{secret}')
SELECT main.getenv('HOME')
SELECT "getenv"('HOME')
SELECT g\u0435tenv('HOME')
SELECT * FROM re\u200bad_text('{secret}')
SELECT * FROM \uff4deasures
SELECT * FROM "measures"".""x"
SELECT * FROM measure\u0455
SELECT * FROM "read_text('{secret}')"
SELECT * FROM E'{secret}'
SELECT * FROM $${secret}$$
SELECT * FROM U&"measures"
SELECT 'HOME'.getenv()
SELECT ('HOME').getenv()
SELECT 'SELECT 1'.query()
SELECT COLUMNS(c -> getenv(c) IS NULL) FROM measures
SELECT list_transform(['{secret}'], lambda x: getenv(x))
SELECT list_aggregate([1], 'approx_top_k')
SELECT list_apply([1], lambda x: (SELECT content FROM read_text('{secret}')))
SELECT /* */ getenv /* */ ('HOME')
SELECT unit FROM measures WHERE getenv('HOME') LIKE '/%'
SELECT CASE WHEN getenv('HOME') > 'a' THEN 1 / 0 END
SELECT unit FROM measures HAVING getenv('HOME') IS NOT NULL
SELECT sum(value) FILTER (getenv('HOME') > 'a') FROM measures
SELECT sum(value) OVER (ORDER BY getenv('HOME')) FROM measures
SELECT unit FROM measures QUALIFY getenv('HOME') > 'a'
SELECT unit FROM measures ORDER BY getenv('HOME')
SELECT unit FROM measures LIMIT length(getenv('HOME'))
SELECT unit FROM measures GROUP BY getenv('HOME')
SELECT DISTINCT ON (getenv('HOME')) unit FROM measures
SELECT * FROM measures AS m(a, b) JOIN glob('*') ON TRUE
SELECT * FROM range(length(getenv('HOME')))
SELECT * FROM unnest([getenv('HOME')])
SELECT {{'a': getenv('HOME')}}
SELECT [getenv('HOME')]
SELECT MAP {{'a': getenv('HOME')}}
SELECT getenv('HOME')::VARCHAR
SELECT CAST(getenv('HOME') AS INTEGER)
SELECT TRY(getenv('HOME'))
SELECT INTERVAL (length(getenv('HOME'))) DAY
VALUES (getenv('HOME'))
FROM (VALUES (getenv('HOME')))
SELECT EXISTS (FROM glob('*'))
SELECT (FROM glob('*') LIMIT 1)
SELECT ARRAY(FROM glob('*'))
WITH measures AS (FROM read_text('{secret}')) FROM measures
WITH "read_text" AS (SELECT 1) SELECT * FROM read_text('{secret}')
WITH RECURSIVE x AS (SELECT getenv('HOME') UNION ALL SELECT * FROM x) FROM x LIMIT 1
WITH x AS (WITH y AS (FROM glob('*')) FROM y) FROM x
SELECT * FROM measures WHERE unit = (SELECT current_setting('temp_directory'))
SELECT repeat('x', 2000000000)
SELECT rpad('x', 2000000000, 'y')
SELECT lpad('x', 2000000000, 'y')
SELECT bar(1, 0, 1, 2000000000)
SELECT array_resize([1], 2000000000)
SELECT format('{{:>2000000000}}', 1)
SELECT printf('%2000000000d', 1)
SELECT list_resize([1], 2000000000)
SELECT range(1)[getenv('HOME')]
SELECT to_base64(unit::BLOB) FROM measures
SELECT encode(unit) FROM measures
"""
# each is stopped by a limit: they take their time, so that only a few are tried each time
BOMBS = """
SELECT count(*) FROM range(100000000000) AS a, range(1000000) AS b
SELECT list(range) FROM range(1000000000)
SELECT string_agg(unit, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') FROM measures, range(10000000)
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT max(n) FROM numbers
WITH RECURSIVE words(w) AS (SELECT 'x' UNION ALL SELECT w || w FROM words) SELECT max(len(w)) FROM words
SELECT count(*) FROM measures a, measures b, measures c, measures d, measures e, measures f, measures g
SELECT sum(a.value * b.value * c.value) OVER (ORDER BY a.unit) FROM measures a, measures b, measures c, measures d, measures e
SELECT regexp_matches(string_agg(unit, ''), '(.*)*(.*)*(.*)*$') FROM measures, range(1000000)
SELECT histogram(a.range || b.range) FROM range(100000) a, range(100000) b
SELECT DISTINCT a.range * b.range FROM range(1000000) a, range(1000000) b
SELECT unnest(range(10000000000))
SELECT [x for x in range(1000000000)]
""".strip().splitlines()


def hostile() -> Iterator[tuple[str, str]]:
    """Queries that must all be refused, each with what it tries; some again in other clothes."""
    groups = {"files": _FILES, "system": _SYSTEM, "changes": _CHANGES, "persons": _PERSONS}
    for name, text in groups.items():
        yield from ((name, line) for line in text.strip().splitlines())
    yield from (
        ("tricks", one.replace("--\n(", "--\n (")) for one in _TRICKS.strip().replace("--\n(", "--\r(").splitlines()
    )
    for name in ("files", "system"):
        for line in groups[name].strip().splitlines():
            yield name, f"WITH mine AS ({line}) SELECT count(*) FROM mine"
            yield name, f"SELECT unit FROM measures WHERE EXISTS ({line})"
