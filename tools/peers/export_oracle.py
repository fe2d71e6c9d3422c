"""What PyArrow says of exported files, for `tests/export`.

Request: {"files": [path], "dataset": folder or null, "bbox": [w, s, e, n]}. Answer: for each file its metadata, and of
the dataset its rows, its columns, and the ids that the box leaves, as found by row group and page statistics.
"""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq


def describe(path):
    file = pq.ParquetFile(path)
    metadata = file.metadata
    columns = [
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    ]
    return {
        "rows": metadata.num_rows,
        "created_by": metadata.created_by,
        "groups": [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)],
        "keys": {key.decode(): value.decode() for key, value in file.schema_arrow.metadata.items()},
        "geometry": str(file.schema.column(file.schema_arrow.names.index("geometry")).physical_type),
        "has_statistics": all(column.is_stats_set for column in columns),
        "has_page_index": all(column.has_offset_index and column.has_column_index for column in columns if column.path_in_schema.startswith("bbox.")),
        "compression": sorted({column.compression for column in columns}),
        "ids": file.read(columns=["id"])["id"].to_pylist(),
    }


def dataset(folder, box):
    west, south, east, north = box
    table = ds.dataset(folder, format="parquet", partitioning="hive")
    box = (
        (ds.field("bbox", "xmin") <= east)
        & (ds.field("bbox", "xmax") >= west)
        & (ds.field("bbox", "ymin") <= north)
        & (ds.field("bbox", "ymax") >= south)
    )
    whole = table.to_table()
    offsets = pc.struct_field(whole["B04_metadata"], "tile_offsets")
    return {
        "rows": whole.num_rows,
        "columns": {field.name: str(field.type) for field in table.schema if pa.types.is_primitive(field.type)},
        "ids": sorted(table.to_table(columns=["id"], filter=box)["id"].to_pylist()),
        "tiles": pc.sum(pc.list_value_length(offsets)).as_py(),
        "bytes": str(sum(x for row in pc.struct_field(whole["B04_metadata"], "tile_byte_counts").to_pylist() for x in row or [])),
    }


request = json.load(sys.stdin)
json.dump(
    {
        "files": [describe(path) for path in request["files"]],
        "dataset": dataset(request["dataset"], request["bbox"]),
    },
    sys.stdout,
)
