"""What rasterio reads of areas, for `tests/area_reads`, and of written files, for `tools/rasteret-db/tests`.

Reads one JSON document from stdin: `folder`, where arrays are written to, and `areas` or `files`, lists of
cases. Writes one JSON document with the answers to stdout. Numbers keep all their bits both ways.
"""

import json
import sys
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from rasterio.dtypes import in_dtype_range
from rasterio.errors import RasterioIOError, WindowError
from rasterio.features import geometry_mask, geometry_window
from rasterio.transform import Affine
from rasterio.warp import transform_geom

warnings.simplefilter("ignore")

opened = lru_cache(maxsize=None)(rasterio.open)


def area(case, out):
    """The samples of an area and after them their validity, a byte each, are written to `out`; north is
    up. `inside` is how many pixels are. Answers null where the area lies beside the raster."""
    file = opened(case["file"])
    geometry = transform_geom(case["crs"], file.crs, case["geometry"])
    try:
        window = geometry_window(file, [geometry])
    except WindowError:
        return None
    bands = case["bands"]
    dtype = file.dtypes[bands[0] - 1]
    transform = file.window_transform(window)
    try:
        pixels = file.read(bands, window=window)
        valid = file.read_masks(bands, window=window) != 0
    except RasterioIOError as error:
        return {"error": str(error)}
    outside = geometry_mask([geometry], pixels.shape[1:], transform, all_touched=case["all_touched"])
    for band, samples in zip(bands, pixels):
        fill = case["fill"]
        if fill is None:
            nodata = file.nodatavals[band - 1]
            fill = nodata if nodata is not None and in_dtype_range(nodata, dtype) else 0
        samples[outside] = fill
    valid &= ~outside
    if transform.e > 0:
        pixels, valid = pixels[:, ::-1], valid[:, ::-1]
        transform = transform @ Affine(1, 0, 0, 0, -1, window.height)
    out.write_bytes(pixels.tobytes() + valid.astype("u1").tobytes())
    return {
        "out": str(out),
        "shape": pixels.shape,
        "dtype": dtype,
        "transform": transform[:6],
        "inside": int((~outside).sum()),
    }


def read_file(path, out):
    """A raster or an array that was written: what it says of itself; its samples are written to `out`."""
    if path.endswith(".npy"):
        pixels = np.load(path)
        out.write_bytes(np.ascontiguousarray(pixels).tobytes())
        return {"out": str(out), "shape": pixels.shape, "dtype": pixels.dtype.name}
    with rasterio.open(path) as file:
        pixels = file.read()
        out.write_bytes(pixels.tobytes() + (file.read_masks() != 0).astype("u1").tobytes())
        return {
            "out": str(out),
            "driver": file.driver,
            "shape": pixels.shape,
            "dtype": pixels.dtype.name,
            "nodata": None if file.nodata is None else str(file.nodata),
            "crs": file.crs.to_wkt() if file.crs else None,
            "epsg": file.crs.to_epsg() if file.crs else None,
            "same_crs": [bool(file.crs == rasterio.crs.CRS.from_user_input(crs)) for crs in SAME],
            "transform": file.transform[:6],
            "overviews": file.overviews(1),
            "descriptions": file.descriptions,
            "layout": file.tags(ns="IMAGE_STRUCTURE").get("LAYOUT"),
        }


SAME = []
ANSWERS = {"areas": area, "files": read_file}


def main():
    request = json.load(sys.stdin)
    folder = Path(request.pop("folder"))
    SAME.extend(request.pop("crs", []))
    answers = {
        key: [ANSWERS[key](case, folder / f"{key}-{number}.bin") for number, case in enumerate(cases)]
        for key, cases in request.items()
    }
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
