"""Tables as pyarrow reads them: what an adapter's records are compared to.

Reads JSON from standard input: {"tables": [path, ...]}. Answers, for each, a list of its rows.
"""

import json
import sys

import pyarrow.dataset as ds


def micros(column):
    return [None if it is None else it for it in column.cast("timestamp[us]").cast("int64").to_pylist()]


def rows(path):
    table = ds.dataset(path, format="parquet", partitioning="hive").to_table()
    names = table.column_names
    times = micros(table.column("datetime"))
    columns = {
        name: table.column(name).to_pylist() if name in names else [None] * len(table)
        for name in ("id", "geometry", "bbox", "assets", "proj:epsg", "crs", "collection", "eo:cloud_cover")
    }
    found = []
    for row, time in enumerate(times):
        values = {name: column[row] for name, column in columns.items()}
        assets = {
            key: {name: asset.get(name) for name in ("href", "type", "band_index")}
            for key, asset in values["assets"].items()
            if asset and asset.get("href")
        }
        bbox = values["bbox"]
        found.append(
            {
                "id": values["id"],
                "datetime": time,
                "geometry": None if values["geometry"] is None else values["geometry"].hex(),
                "bbox": None if bbox is None else [bbox[side] for side in ("xmin", "ymin", "xmax", "ymax")],
                "assets": assets,
                "epsg": values["proj:epsg"],
                "collection": values["collection"],
                "cloud_cover": values["eo:cloud_cover"],
            }
        )
    return found


if __name__ == "__main__":
    request = json.load(sys.stdin)
    json.dump([rows(path) for path in request["tables"]], sys.stdout)
