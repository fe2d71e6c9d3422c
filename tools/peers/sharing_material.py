"""Rasters of every kind that both rasteret and rasterio read, and a table of records of them."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
from rasterio.transform import Affine, from_origin
from rasterio.warp import transform_bounds
from shapely.geometry import box

SIZE = 200

#: id, EPSG code, west, north, pixel, dtype, nodata, bands of each file, creation options.
SCENES = [
    ("utm43", 32643, 699960, 1500000, 10, "uint16", 0, [["B04"], ["B08"]], {"compress": "deflate", "predictor": 2}),
    ("utm44", 32644, 300000, 1500000, 10, "uint16", 0, [["B04"], ["B08"]], {"compress": "zstd"}),
    ("utm43-later", 32643, 700960, 1499500, 10, "uint16", 0, [["B04"], ["B08"]], {"compress": "lzw", "predictor": 2}),
    ("degrees", 4326, 10.0, 45.0, 0.001, "float32", -9999, [["B04"]], {"compress": "deflate", "predictor": 3}),
    ("mercator", 3857, 1200000, 5600000, 30, "uint8", None, [["R", "G", "B"]], {"compress": "lzw"}),
    ("planar", 32633, 500000, 5000000, 20, "int16", -1, [["R", "G", "B"]], {"interleave": "band", "compress": "deflate"}),
    ("south-up", 32632, 600000, 5100000, 20, "int16", -32768, [["B08"]], {"compress": "deflate"}),
    ("plain", 32632, 610000, 5100000, 20, "float64", None, [["B04"]], {}),
]
BANDS = ["B04", "B08", "R", "G", "B"]


def pixels(scene: int, band: str, dtype: str, nodata) -> np.ndarray:
    """A slope with noise, so that every pixel tells where it is, and a hole of nodata."""
    number = BANDS.index(band)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    noise = np.random.default_rng(scene * 10 + number).integers(0, 7, (SIZE, SIZE))
    slope = rows * 2 + columns + noise + number * 1000 + 1
    values = (slope % 251 if dtype == "uint8" else slope).astype(dtype)
    if nodata is not None:
        values[90:120, 60:100] = nodata
    return values


def write(folder: Path) -> dict:
    """Writes the rasters and `records.parquet`; hrefs are relative to the folder."""
    records = []
    for number, (name, epsg, west, north, pixel, dtype, nodata, files, options) in enumerate(SCENES):
        transform = from_origin(west, north, pixel, pixel)
        if name == "south-up":
            transform = Affine(pixel, 0, west, 0, pixel, north - SIZE * pixel)
        assets = {band: None for band in BANDS}
        for bands in files:
            href = f"rasters/{name}-{'-'.join(bands)}.tif"
            path = folder / href
            path.parent.mkdir(exist_ok=True)
            profile = dict(driver="GTiff", width=SIZE, height=SIZE, count=len(bands), dtype=dtype, nodata=nodata)
            profile |= dict(crs=f"EPSG:{epsg}", transform=transform, tiled=True, blockxsize=64, blockysize=64)
            with rasterio.open(path, "w", **(profile | options)) as raster:
                for sample, band in enumerate(bands):
                    raster.write(pixels(number, band, dtype, nodata), sample + 1)
            for sample, band in enumerate(bands):
                assets[band] = {"href": href, "band_index": sample if len(bands) > 1 else None}
        bounds = transform_bounds(epsg, 4326, west, north - SIZE * pixel, west + SIZE * pixel, north, densify_pts=2)
        records.append(record(number, name, epsg, bounds, assets))
    pq.write_table(table(records), folder / "records.parquet")
    return {"bands": BANDS, "records": [record["id"] for record in records]}


def record(number: int, name: str, epsg: int, bounds: tuple, assets: dict) -> dict:
    time = datetime.datetime(2024, 1 + number % 3, 3 + number, 5, 22, 31, 24000, tzinfo=datetime.timezone.utc)
    return {
        "id": name,
        "datetime": time,
        "geometry": box(*bounds).wkb,
        "bbox": dict(zip(("xmin", "ymin", "xmax", "ymax"), bounds)),
        "assets": assets,
        "proj:epsg": epsg,
        "collection": "material",
        "eo:cloud_cover": None if number == 2 else number * 11.5,
        "split": ["train", "val", None][number % 3],
        "label": None if number % 4 == 1 else f"label {number}",
        "classes": [None, [], [1, None, 3]][number % 3],
        "sensor": None if number == 3 else {"name": f"S{number}", "angles": None if number == 4 else [number / 4, 1.5]},
        "seen": None if number == 5 else time + datetime.timedelta(days=1),
        "count": number - 2,
        "valid": [True, False, None][number % 3],
    }


def table(records: list) -> pa.Table:
    asset = pa.struct({"href": pa.string(), "band_index": pa.int32()})
    schema = pa.schema(
        {
            "id": pa.string(),
            "datetime": pa.timestamp("us", "UTC"),
            "geometry": pa.binary(),
            "bbox": pa.struct({side: pa.float64() for side in ("xmin", "ymin", "xmax", "ymax")}),
            "assets": pa.struct({band: asset for band in BANDS}),
            "proj:epsg": pa.int32(),
            "collection": pa.string(),
            "eo:cloud_cover": pa.float64(),
            "split": pa.string(),
            "label": pa.string(),
            "classes": pa.list_(pa.int16()),
            "sensor": pa.struct({"name": pa.string(), "angles": pa.list_(pa.float32())}),
            "seen": pa.timestamp("us", "UTC"),
            "count": pa.int64(),
            "valid": pa.bool_(),
        }
    )
    return pa.Table.from_pylist(records, schema=schema)
