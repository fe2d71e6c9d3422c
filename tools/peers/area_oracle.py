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
from rasterio.warp import transform, transform_geom

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
    grid = file.window_transform(window)
    try:
        pixels = file.read(bands, window=window)
        valid = file.read_masks(bands, window=window) != 0
    except RasterioIOError as error:
        return {"error": str(error)}
    outside = geometry_mask([geometry], pixels.shape[1:], grid, all_touched=case["all_touched"])
    for band, samples in zip(bands, pixels):
        fill = case["fill"]
        if fill is None:
            nodata = file.nodatavals[band - 1]
            fill = nodata if nodata is not None and in_dtype_range(nodata, dtype) else 0
        samples[outside] = fill
    valid &= ~outside
    if grid.e > 0:
        pixels, valid = pixels[:, ::-1], valid[:, ::-1]
        grid = grid @ Affine(1, 0, 0, 0, -1, window.height)
    out.write_bytes(pixels.tobytes() + valid.astype("u1").tobytes())
    return {
        "out": str(out),
        "shape": pixels.shape,
        "dtype": dtype,
        "transform": grid[:6],
        "inside": int((~outside).sum()),
    }


def written(case, out):
    """What a raster or an array that was written says of itself; its samples and, of a raster, after them
    their validity are written to `out`. `corner` is the upper left one in degrees, and `same_crs` whether
    the CRS is the one that the case names."""
    path, crs = case["path"], case.get("crs")
    if path.endswith(".npy"):
        pixels = np.load(path)
        out.write_bytes(pixels.tobytes())
        return {"out": str(out), "shape": pixels.shape, "dtype": pixels.dtype.name}
    with rasterio.open(path) as file:
        pixels = file.read()
        valid = file.read_masks() != 0
        out.write_bytes(pixels.tobytes() + valid.astype("u1").tobytes())
        answer = {
            "out": str(out),
            "driver": file.driver,
            "shape": pixels.shape,
            "dtype": pixels.dtype.name,
            "nodata": None if file.nodata is None else str(file.nodata),
            "transform": file.transform[:6],
            "descriptions": file.descriptions,
            "layout": file.tags(ns="IMAGE_STRUCTURE").get("LAYOUT"),
        }
        if file.crs:
            x, y = transform(file.crs, "OGC:CRS84", [file.transform.c], [file.transform.f])
            answer |= {
                "epsg": file.crs.to_epsg(),
                "same_crs": crs is not None and file.crs == rasterio.crs.CRS.from_user_input(crs),
                "corner": [x[0], y[0]],
            }
        return answer


ANSWERS = {"areas": area, "files": written}


def main():
    request = json.load(sys.stdin)
    folder = Path(request.pop("folder"))
    answers = {
        key: [ANSWERS[key](case, folder / f"{key}-{number}.bin") for number, case in enumerate(cases)]
        for key, cases in request.items()
    }
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
