"""What DuckDB keeps of a table, for `tests/filters`.

Reads one JSON document from stdin: `table`, the path of a Parquet file with a column `id`, and `conditions` in SQL.
Writes one JSON document to stdout: `ids`, for each condition the sorted ids of the rows for which it is true.
"""

import json
import sys

import duckdb

request = json.load(sys.stdin)
# Times are told in UTC, whatever the clock of this machine says.
duckdb.sql("SET TimeZone = 'UTC'")
# What is divided by zero is null, as in older versions.
if duckdb.sql("SELECT 1 FROM duckdb_settings() WHERE name = 'error_on_division_by_zero'").fetchall():
    duckdb.sql("SET error_on_division_by_zero = false")
path = request["table"].replace("'", "''")
duckdb.sql(f"CREATE TABLE records AS SELECT * FROM '{path}'")


def ids(condition):
    try:
        rows = duckdb.sql(f"SELECT id FROM records WHERE {condition} ORDER BY id").fetchall()
    except duckdb.Error as error:
        raise SystemExit(f"{condition}: {error}")
    return [id for (id,) in rows]


json.dump({"ids": [ids(condition) for condition in request["conditions"]]}, sys.stdout)
