"""DuckDB on the Parquet that rasteret 0.4.1 writes.

https://duckdb.org/docs/stable/data/parquet/overview: filters and columns are pushed down to the files, and
partitions of their folders are known. https://duckdb.org/docs/stable/guides/python/export_arrow: results as Arrow.
"""

import shutil

import duckdb
from peer import BANDS, RECORD, RECORDS_BOX, RECORDS_CLOUD_COVER, Context, exported, headers, serve


def connect(context: Context):
    connection = duckdb.connect()
    # Footers are read once.
    connection.sql("SET parquet_metadata_cache = true")
    files = f"{context.records}/rasteret/**/*.parquet"
    connection.sql(f"CREATE VIEW records AS SELECT * FROM read_parquet('{files}', hive_partitioning = true)")
    return connection


def find_plan(context: Context):
    west, south, east, north = RECORDS_BOX
    columns = ", ".join(f"{band}_metadata" for band in BANDS)
    query = f"""SELECT id, {columns} FROM records
        WHERE bbox.xmax >= {west} AND bbox.xmin <= {east} AND bbox.ymax >= {south} AND bbox.ymin <= {north}"""
    connection = connect(context)
    return lambda: connection.sql(query).to_arrow_table(), headers


def one_header(context: Context):
    connection = connect(context)
    query = f"SELECT {BANDS[1]}_metadata FROM records WHERE id = '{RECORD}'"
    return lambda: connection.sql(query).to_arrow_table(), headers


def count(context: Context):
    connection = connect(context)
    query = f'SELECT count(*) FROM records WHERE "eo:cloud_cover" < {RECORDS_CLOUD_COVER}'
    return lambda: connection.execute(query).fetchone()[0], lambda n: {"count": n}


def export(context: Context):
    """Its own partitioned writer; it sorts nothing, and writes no metadata of ours."""
    folder = context.work / "duckdb-exported"
    files = f"{context.records}/rasteret-million/**/*.parquet"
    query = f"""COPY (SELECT * FROM read_parquet('{files}', hive_partitioning = true)) TO '{folder}'
        (FORMAT parquet, PARTITION_BY (year, month), COMPRESSION zstd)"""

    def work():
        shutil.rmtree(folder, ignore_errors=True)
        duckdb.connect().execute(query)
        return folder

    return work, exported


if __name__ == "__main__":
    serve({row.__name__: row for row in [find_plan, one_header, count, export]})
