"""What rasterio warps, for `tests/warp_parity` and `benches/warp.rs`.

Reads one JSON document from stdin: `folder`, where arrays are written to, and `warps`, `grids` or `timings`,
lists of cases. Writes one JSON document with the answers to stdout. Numbers keep all their bits both ways.
"""

import os
import time
import warnings

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.transform import Affine, array_bounds
from rasterio.warp import aligned_target, calculate_default_transform, reproject

import oracle

warnings.simplefilter("ignore")


def grid_of(grid):
    return Affine(*grid["transform"]), CRS.from_user_input(grid["crs"])


def read(case):
    shape = case["bands"], case["source"]["height"], case["source"]["width"]
    return np.fromfile(case["file"], case["dtype"]).reshape(shape)


def options(case):
    source_transform, source_crs = grid_of(case["source"])
    target_transform, target_crs = grid_of(case["target"])
    return {
        "src_transform": source_transform,
        "src_crs": source_crs,
        "dst_transform": target_transform,
        "dst_crs": target_crs,
        "resampling": Resampling[case["method"]],
    }


def masked_source(case, pixels, file):
    """A raster in memory with a mask for all its bands."""
    transform, crs = grid_of(case["source"])
    bands, height, width = pixels.shape
    profile = {"driver": "GTiff", "count": bands, "height": height, "width": width}
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        with file.open(**profile, dtype=pixels.dtype, transform=transform, crs=crs) as raster:
            raster.write(pixels)
            raster.write_mask(np.fromfile(case["mask"], "u1").reshape(height, width) * 255)
    return file.open()


def warp(case, out):
    """The samples of the target are written to `out`, as rasterio leaves them where there is no source: of
    the value `fill`, or else 0."""
    pixels = read(case)
    target = np.zeros((case["bands"], case["target"]["height"], case["target"]["width"]), pixels.dtype)
    nodata, fill = (value and float(value) for value in (case["nodata"], case["fill"]))
    chosen = options(case) | {"src_nodata": nodata, "dst_nodata": fill}
    try:
        if case["mask"]:
            with MemoryFile() as file, masked_source(case, pixels, file) as raster:
                bands = rasterio.band(raster, list(raster.indexes))
                del chosen["src_transform"], chosen["src_crs"]
                reproject(bands, target, **chosen)
        else:
            reproject(pixels, target, **chosen)
    except RasterioError as error:
        return {"error": str(error)}
    out.write_bytes(target.tobytes())
    return {"out": str(out)}


def grid(case, _):
    """The grid for a source in another CRS."""
    source = case["source"]
    transform, crs = grid_of(source)
    bounds = array_bounds(source["height"], source["width"], transform)
    size = source["width"], source["height"]
    shape = case.get("shape") or (None, None)
    try:
        found = calculate_default_transform(
            crs,
            CRS.from_user_input(case["crs"]),
            *size,
            *bounds,
            resolution=case.get("resolution"),
            dst_width=shape[0],
            dst_height=shape[1],
        )
    except (RasterioError, CPLE_BaseError) as error:
        return {"error": str(error)}
    if case.get("aligned"):
        found = aligned_target(*found, case["aligned"])
    return {"transform": found[0][:6], "width": found[1], "height": found[2]}


def timing(case, _):
    """The least seconds of some runs."""
    pixels = read(case)
    target = np.zeros((case["bands"], case["target"]["height"], case["target"]["width"]), pixels.dtype)
    chosen = options(case)
    best = float("inf")
    for _ in range(case["runs"]):
        start = time.perf_counter()
        reproject(pixels, target, num_threads=case["threads"], **chosen)
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    # GDAL warns on stdout's neighbour of what cannot be transformed.
    os.environ["CPL_LOG"] = "/dev/null"
    oracle.answer({"warps": warp, "grids": grid, "timings": timing})
