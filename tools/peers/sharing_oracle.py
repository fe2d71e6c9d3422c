"""Collections that are shared, as others read and write them, for `tests/sharing`.

Reads one JSON document a line from stdin: `do`, the name of a function below, and its arguments. Answers each with a
line on stdout: `{"answer": …}`, or `{"error": …}` if it raised. Arrays are written to files, whose paths, shapes and
types are told. Paths are absolute; hrefs are relative to `folder`.
"""

import asyncio
import contextlib
import itertools
import json
import os
import sys
import warnings
from io import BytesIO
from pathlib import Path

import duckdb
import geopandas
import geoparquet_validator
import numpy as np
import polars
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs  # noqa: F401  stac_geoparquet expects it to be imported
import pyarrow.parquet as pq
import pyproj
import pystac
import shapely
import stac_geoparquet.arrow
from jsonschema import Draft7Validator
from pystac.validation.local_validator import get_local_schema_cache
from referencing import Registry, Resource

import area_oracle
import sharing_material

try:
    import rasteret
except ImportError:
    rasteret = None
try:
    import rustac
except ImportError:
    rustac = None

warnings.simplefilter("ignore")
numbers = itertools.count()


def main():
    answers = os.fdopen(os.dup(1), "w")
    # What libraries print is none of the answers.
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"answer": FUNCTIONS[request.pop("do")](**request)}
        except Exception as error:  # noqa: BLE001
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=plain), file=answers, flush=True)


def plain(value):
    """What JSON has no type for."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, tuple)):
        return list(value)
    return str(value)


def has_rasteret():
    """Whether there is rasteret for this Python."""
    return rasteret is not None


def array(values, out) -> dict:
    values = np.ascontiguousarray(values)
    path = Path(out) / f"array-{next(numbers)}"
    path.write_bytes(values.tobytes())
    return {"out": str(path), "shape": values.shape, "dtype": str(values.dtype)}


def make(folder):
    """Writes rasters and the table of their records."""
    return sharing_material.write(Path(folder))


def build(folder, exports):
    """Builds a collection of the material with rasteret, and exports it: path → columns that partition it."""
    with contextlib.chdir(folder):
        built = rasteret.build_from_table(
            Path(folder) / "records.parquet",
            name="material",
            workspace_dir=Path(folder) / "workspace",
            enrich_cog=True,
            band_codes=sharing_material.BANDS,
        )
        # As a user does who has changed the table in between.
        again = rasteret.as_collection(built.to_table(), name="material")
        for path, partition_by in exports.items():
            again.export(path, partition_by=partition_by)
        return len(built)


def read(path, folder, out, reads):
    """What rasteret reads of a collection: for each of `reads`, by `method` the pixels or points in `area`."""
    answers = []
    with contextlib.chdir(folder):
        collection = rasteret.load(path)
        for case in reads:
            view = collection.where(ds.field("id") == case["id"])
            try:
                answers.append(METHODS[case["method"]](view, case, out))
            except Exception as error:  # noqa: BLE001
                answers.append({"error": f"{type(error).__name__}: {error}"})
    return answers


def read_numpy(view, case, out):
    return array(view.get_numpy(tuple(case["area"]), case["bands"]), out)


def read_xarray(view, case, out):
    dataset = view.get_xarray(tuple(case["area"]), case["bands"])
    return {
        "bands": {band: array(dataset[band].values, out) for band in case["bands"]},
        "dims": dataset[case["bands"][0]].dims,
        "x": array(dataset.x.values, out),
        "y": array(dataset.y.values, out),
        "times": [str(time) for time in dataset.time.values.astype("datetime64[us]")],
        "epsg": pyproj.CRS(dataset.spatial_ref.attrs["crs_wkt"]).to_epsg(),
    }


def read_gdf(view, case, out):
    rows = view.get_gdf(tuple(case["area"]), case["bands"])
    return [
        {
            "record_id": row.record_id,
            "band": row.band,
            "collection": row.collection,
            "cloud_cover": None if np.isnan(row.cloud_cover) else row.cloud_cover,
            "data": array(np.asarray(row.data), out),
            "transform": list(row.transform)[:6],
        }
        for row in rows.itertuples()
    ]


def read_points(view, case, _):
    points = [shapely.Point(point) for point in case["points"]]
    return view.sample_points(points, case["bands"]).to_pylist()


METHODS = {"numpy": read_numpy, "xarray": read_xarray, "gdf": read_gdf, "points": read_points}


def facts(path, folder, bbox, dates):
    """What rasteret says of a collection, and which records its filters find."""
    with contextlib.chdir(folder):
        collection = rasteret.load(path)
        ids = lambda view: sorted(view.to_table(columns=["id"])["id"].to_pylist())  # noqa: E731
        return {
            "name": collection.name,
            "data_source": collection.data_source,
            "bands": collection.bands,
            "bounds": collection.bounds,
            "epsg": collection.epsg,
            "crs": collection.crs,
            "records": len(collection),
            "head": collection.head(2).num_rows,
            "columns": collection.head(1).schema.names,
            "bbox": ids(collection.subset(bbox=tuple(bbox))),
            "dates": ids(collection.subset(date_range=tuple(dates))),
            "cloud_cover": ids(collection.subset(cloud_cover_lt=40)),
            "split": ids(collection.subset(split="train")),
            "geometries": ids(collection.subset(geometries=[shapely.box(*bbox)])),
            "where": ids(collection.where((ds.field("count") >= 1) & ds.field("label").is_valid())),
        }


def rasterio(areas, out):
    """What rasterio reads of files, as `area_oracle` has it."""
    return [area_oracle.area(area, Path(out) / f"array-{next(numbers)}") for area in areas]


def files_of(path):
    path = Path(path)
    return sorted(path.rglob("*.parquet")) if path.is_dir() else [path]


def validate(path):
    """What the GeoParquet project's validator, and the JSON schema of GeoParquet 1.1, hold against each file."""
    peers, proj = Path(__file__).parent, Path(pyproj.datadir.get_data_dir())
    schema, projjson = (
        json.loads(path.read_text()) for path in (peers / "geoparquet-1.1.0.schema.json", proj / "projjson.schema.json")
    )
    registry = Registry().with_resource(
        "https://proj.org/schemas/v0.5/projjson.schema.json", Resource.from_contents(projjson)
    )
    validator = Draft7Validator(schema, registry=registry)
    answers = []
    for file in files_of(path):
        report = geoparquet_validator.check(str(file))
        geo = json.loads(pq.read_metadata(file).metadata[b"geo"])
        answers.append(
            {
                "file": file.name,
                "version": geo["version"],
                "covering": geo["columns"]["geometry"].get("covering"),
                "failed": [outcome for outcome in report["outcomes"] if outcome["status"] == "fail"],
                "passed": sum(outcome["status"] == "pass" for outcome in report["outcomes"]),
                "schema": [error.message for error in validator.iter_errors(geo)],
            }
        )
    return answers


def rows(table: pa.Table, columns):
    return table.select(columns).sort_by("id").to_pylist()


def pyarrow_reads(path, columns):
    """The types and rows that PyArrow reads."""
    table = ds.dataset(path, partitioning="hive", exclude_invalid_files=True).to_table()
    geometry = table.schema.field("geometry")
    return {
        "types": {field.name: str(field.type) for field in table.schema},
        "rows": rows(table, columns),
        # A type of its own if one is registered for the name.
        "geometry": (geometry.metadata or {}).get(b"ARROW:extension:name", b"").decode()
        or getattr(geometry.type, "extension_name", None),
    }


def polars_reads(path, columns):
    """The types and rows that Polars reads, lazily."""
    pattern = f"{path}/**/*.parquet" if Path(path).is_dir() else path
    frame = polars.scan_parquet(pattern, hive_partitioning=True, glob=True)
    found = frame.filter(polars.col("count") >= 1).select("id").collect().to_series().sort().to_list()
    types = {name: str(kind) for name, kind in frame.collect_schema().items()}
    return {"types": types, "rows": frame.select(columns).sort("id").collect().to_dicts(), "count": found}


def geopandas_reads(path, bbox):
    """What GeoPandas reads of all files, and of those in a box by the covering."""
    # Not by their paths, of which PyArrow makes columns; it cannot tell the type of one that is null.
    contents = [file.read_bytes() for file in files_of(path)]
    frames = [geopandas.read_parquet(BytesIO(content)) for content in contents]
    boxed = [geopandas.read_parquet(BytesIO(content), bbox=tuple(bbox)) for content in contents]
    geometries = {row.id: row.geometry for frame in frames for row in frame.itertuples()}
    return {
        "crs": sorted({str(frame.crs.to_authority() or frame.crs.name) for frame in frames}),
        "geometries": {id: shapely.to_wkb(geometry) for id, geometry in geometries.items()},
        "bbox": sorted(id for frame in boxed for id in frame["id"]),
    }


def duckdb_reads(path, bbox, columns):
    """What DuckDB's core reads: types, rows, the records in a box, and how many rows it scans to find them."""
    pattern = f"{path}/**/*.parquet" if Path(path).is_dir() else path
    west, south, east, north = bbox
    # Without the spatial extension geometries are bytes.
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    table = f"read_parquet('{pattern}', hive_partitioning=true)"
    within = f"bbox.xmax >= {west} AND bbox.xmin <= {east} AND bbox.ymax >= {south} AND bbox.ymin <= {north}"
    names = ", ".join(f'"{name}"' for name in columns)
    return {
        "types": dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {table})").fetchall()),
        "rows": connection.execute(f"SELECT {names} FROM {table} ORDER BY id").to_arrow_table().to_pylist(),
        "bbox": [row[0] for row in connection.execute(f"SELECT id FROM {table} WHERE {within} ORDER BY id").fetchall()],
    }


def row_groups(path, bbox):
    """Of how many row groups the statistics say that they may have records in a box, and of how many there are."""
    west, south, east, north = bbox
    kept = total = 0
    for file in files_of(path):
        dataset = ds.dataset(file)
        box = (ds.field("bbox", "xmax") >= west) & (ds.field("bbox", "xmin") <= east)
        box &= (ds.field("bbox", "ymax") >= south) & (ds.field("bbox", "ymin") <= north)
        for fragment in dataset.get_fragments():
            total += fragment.num_row_groups
            kept += fragment.subset(filter=box, schema=dataset.schema).num_row_groups
    return {"kept": kept, "total": total}


def items(path):
    """The items of stac-geoparquet, by two readers, checked against the schemas of STAC 1.1 that pystac carries."""
    schemas = get_local_schema_cache()
    registry = Registry().with_resources([(uri, Resource.from_contents(schema)) for uri, schema in schemas.items()])
    item_schema = schemas["https://schemas.stacspec.org/v1.1.0/item-spec/json-schema/item.json"]
    validator = Draft7Validator(item_schema, registry=registry)
    answers = {"pystac": [], "rustac": None, "mark": []}
    for file in files_of(path):
        answers["mark"].append(json.loads(pq.read_metadata(file).metadata[b"stac-geoparquet"]))
        for item in stac_geoparquet.arrow.stac_table_to_items(pq.read_table(file, partitioning=None)):
            item = without_nulls(item)
            validator.validate(item)
            read = pystac.Item.from_dict(item)
            assert read.datetime is not None
            answers["pystac"].append(item)
    if rustac is not None:
        answers["rustac"] = [item for file in files_of(path) for item in asyncio.run(rustac_items(file))]
    return answers


async def rustac_items(file):
    collection = await rustac.read(str(file))
    return collection["features"]


def without_nulls(value):
    """Parquet cannot tell what is null from what is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, (list, tuple)):
        return [without_nulls(member) for member in value]
    return value


FUNCTIONS = {
    function.__name__: function
    for function in (
        has_rasteret, make, build, read, facts, rasterio, validate, pyarrow_reads, polars_reads, geopandas_reads,
        duckdb_reads, row_groups, items,
    )  # fmt: skip
}

if __name__ == "__main__":
    main()
