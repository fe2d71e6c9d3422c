"""What DuckDB finds in tables that were written, for `tools/rasteret-db/tests`.

Reads one JSON document from stdin: `tables`, a list of Parquet and CSV files. Writes one JSON document to stdout:
`tables`, each with its number of `rows`, its columns' `types`, and its `columns`, in the order of the file.
"""

import json
import sys

import duckdb


def table(path):
    relation = duckdb.sql(f"SELECT * FROM '{path}'")
    # Times are told in UTC, whatever the clock of this machine says.
    names = [f"epoch_us({name}) AS {name}" if name == "datetime" else f'"{name}"' for name in relation.columns]
    values = duckdb.sql(f"SELECT {', '.join(names)} FROM '{path}'").fetchall()
    return {
        "rows": len(values),
        "types": dict(zip(relation.columns, map(str, relation.types))),
        "columns": {name: [row[index] for row in values] for index, name in enumerate(relation.columns)},
    }


json.dump({"tables": [table(path) for path in json.load(sys.stdin)["tables"]]}, sys.stdout)
