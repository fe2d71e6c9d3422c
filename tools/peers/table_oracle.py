"""What GeoPandas reads of tables, and tables that it writes, for `tests/tables.rs`.

Reads one JSON document from stdin: `folder`, where tables are written to, and `read`, a list of GeoParquet files.
Writes one JSON document to stdout: `read`, what they hold, and `written`, what the new tables hold. Geometries are
WKB in hexadecimal digits.
"""

import json
import sys
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

warnings.simplefilter("ignore")


def plain(value):
    """A value of a table as JSON has it."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    return value


def describe(frame):
    columns = [name for name in frame.columns if name != frame.geometry.name]
    return {
        "epsg": frame.crs.to_epsg() if frame.crs else None,
        "crs": frame.crs.name if frame.crs else None,
        "geometries": [shapely.to_wkb(geometry, hex=True, output_dimension=2) for geometry in frame.geometry],
        "columns": {name: [plain(value) for value in frame[name]] for name in columns},
    }


def read(path):
    geo = json.loads(pq.ParquetFile(path).metadata.metadata[b"geo"])
    schema = pq.read_schema(path)
    return {
        **describe(gpd.read_parquet(path)),
        "types": {name: str(schema.field(name).type) for name in schema.names},
        "geo": geo,
    }


def write(folder):
    square = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(2, 2), (3, 2), (3, 3)]])
    corner = shapely.Polygon([(20.5, 0), (29, 0), (29, 9)])
    both = shapely.MultiPolygon([square, corner])
    high = shapely.force_3d(corner, 100.0)
    line = shapely.LineString([(0, 0), (1, 1), (2, 1)])
    points = shapely.points([[77.5, 13.0], [77.6, 13.1], [-179.9, -45.5]])
    attributes = {
        "name": ["a", None, "ü"],
        "n": pd.array([1, 2, None], dtype="Int64"),
        "time": pd.to_datetime(["2024-01-02T03:04:05Z"] * 3),
    }
    somewhere = CRS.from_proj4("+proj=laea +lat_0=13 +lon_0=77.5 +datum=WGS84 +units=m +type=crs")
    tables = {
        "wkb.parquet": ([square, both, high], "EPSG:32643", {}),
        "snappy.parquet": ([square, both, line], "EPSG:4326", {"compression": "snappy"}),
        "gzip.parquet": ([square, square, corner], "OGC:CRS84", {"compression": "gzip"}),
        "brotli.parquet": ([square, square, corner], "EPSG:3857", {"compression": "brotli"}),
        "lz4.parquet": ([square, square, corner], "EPSG:2056", {"compression": "lz4"}),
        "zstd.parquet": ([square, square, corner], somewhere, {"compression": "zstd"}),
        "polygon.parquet": ([square, corner, square], "EPSG:2056", {"geometry_encoding": "geoarrow"}),
        "multipolygon.parquet": ([both, both, both], "EPSG:32643", {"geometry_encoding": "geoarrow"}),
        "point.parquet": (points, "EPSG:4326", {"geometry_encoding": "geoarrow", "write_covering_bbox": True}),
        "point_wkb.parquet": (points, "OGC:CRS84", {"schema_version": "1.0.0"}),
        "line.parquet": ([line, line, line], "EPSG:32643", {"geometry_encoding": "geoarrow"}),
        "multipoint.parquet": ([shapely.MultiPoint(points)] * 3, "EPSG:4326", {"geometry_encoding": "geoarrow"}),
        "no_crs.parquet": ([square, square, corner], None, {}),
        "null.parquet": ([square, None, corner], "EPSG:4326", {}),
        "empty.parquet": ([square, corner, shapely.Polygon()], "EPSG:4326", {}),
    }
    written = {}
    for name, (geometries, crs, options) in tables.items():
        frame = gpd.GeoDataFrame(attributes, geometry=list(geometries), crs=crs)
        frame.to_parquet(folder / name, **options)
        if name not in ("null.parquet", "empty.parquet"):
            written[name] = describe(frame)
    for name, crs in (("utm.geojson", "EPSG:32643"), ("degrees.geojson", "EPSG:4326")):
        frame = gpd.GeoDataFrame(attributes, geometry=[square, both, corner], crs=crs)
        frame.drop(columns="time").to_file(folder / name, driver="GeoJSON")
        written[name] = describe(frame.drop(columns="time"))
    csv = pd.DataFrame({"site": ["a", "b", "c"], "Longitude": [77.5, 77.6, -179.9], "Latitude": [13.0, 13.1, -45.5]})
    csv.to_csv(folder / "sites.csv", index=False)
    sites = gpd.points_from_xy(csv["Longitude"], csv["Latitude"])
    written["sites.csv"] = describe(gpd.GeoDataFrame(csv, geometry=sites, crs="EPSG:4326"))
    return written


request = json.load(sys.stdin)
answer = {"read": [read(path) for path in request["read"]], "written": write(Path(request["folder"]))}
json.dump(answer, sys.stdout)
