"""What rasterio reads of areas, for `tests/area_reads`, and of written files, for `tools/rasteret-db/tests`.

Reads one JSON document from stdin: `folder`, where arrays are written to, and `areas`, `resampled` or `files`, lists
of cases. Writes one JSON document with the answers to stdout. Numbers keep all their bits both ways.
"""

import warnings
from functools import lru_cache

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.dtypes import in_dtype_range
from rasterio.enums import Resampling
from rasterio.errors import RasterioError, RasterioIOError, WindowError
from rasterio.features import geometry_mask, geometry_window
from rasterio.transform import Affine, array_bounds
from rasterio.warp import calculate_default_transform, reproject, transform, transform_geom

import oracle

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


def source_pixels(file, crs, grid, width, height):
    """How many pixels of a file lie along a side of a pixel of a grid: the least of five places."""
    least = float("inf")
    for x, y in [(0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]:
        column, row = x * width, y * height
        corners = [grid @ corner for corner in [(column, row), (column + 1, row), (column, row + 1)]]
        try:
            xs, ys = transform(crs, file.crs, *zip(*corners))
        except RasterioError:
            continue
        pixels = [~file.transform @ point for point in zip(xs, ys)]
        sides = [np.hypot(a - pixels[0][0], b - pixels[0][1]) for a, b in pixels[1:]]
        least = min([least] + [side for side in sides if np.isfinite(side)])
    return least if np.isfinite(least) else 1.0


def level(path, file, factor):
    """The coarsest overview that is at least as fine; `None` for full resolution."""
    chosen = None
    for number, _ in enumerate(file.overviews(1)):
        with rasterio.open(path, OVERVIEW_LEVEL=number) as overview:
            if max(file.width / overview.width, file.height / overview.height) <= factor * (1 + 1e-9):
                chosen = number
    return chosen


def resampled(case, out):
    """The samples of an area on another grid, as `area` gives them: on that of `transform` and `shape`, if it is given."""
    path, bands = case["file"], case["bands"]
    full = opened(path)
    geometry = transform_geom(case["crs"], full.crs, case["geometry"])
    try:
        geometry_window(full, [geometry])
        window = geometry_window(full, [geometry], boundless=True)
    except WindowError:
        return None
    crs = CRS.from_user_input(case["target_crs"]) if case["target_crs"] else full.crs
    size = round(window.width), round(window.height)
    bounds = array_bounds(size[1], size[0], full.window_transform(window))
    rows, columns = case["shape"] or (None, None)
    # A whole number of pixels that bounds make a little larger would be one more.
    resolution = case["resolution"] and [side * (1 + 1e-9) for side in case["resolution"]]
    try:
        grid, width, height = calculate_default_transform(
            full.crs, crs, *size, *bounds, resolution=resolution, dst_width=columns, dst_height=rows
        )
    except RasterioError as error:
        return {"error": str(error)}
    if resolution:
        x, y = case["resolution"]
        grid = Affine(x, 0, grid.c, 0, -y, grid.f)
    if case.get("transform"):
        grid, (height, width) = Affine(*case["transform"]), case["shape"]
    # GDAL gives areas that are far smaller than a pixel no row; large ones take long.
    if not 0 < width * height <= 400_000:
        return {"error": "not compared"}
    overview = level(path, full, source_pixels(full, crs, grid, width, height))
    options = {} if overview is None else {"OVERVIEW_LEVEL": overview}
    with rasterio.open(path, **options) as file:
        # Not `WarpedVRT`: it gives kernels another scale than one warp of the whole target has.
        nodata = file.nodatavals[bands[0] - 1]
        warp = {"dst_transform": grid, "dst_crs": crs, "resampling": Resampling[case["method"]]}
        pixels = np.zeros((len(bands), height, width), file.dtypes[bands[0] - 1])
        try:
            reproject(rasterio.band(file, bands), pixels, src_nodata=nodata, dst_nodata=nodata, **warp)
            if nodata is None:
                # Another warp, since with an alpha band GDAL computes the other bands less exactly.
                alpha = np.zeros((len(bands) + 1, height, width), pixels.dtype)
                reproject(rasterio.band(file, bands), alpha, dst_alpha=len(bands) + 1, **warp)
                valid = np.repeat(alpha[-1:] != 0, len(bands), 0)
            else:
                valid = pixels != nodata
        except RasterioError as error:
            return {"error": str(error)}
    outside = geometry_mask(
        [transform_geom(case["crs"], crs, case["geometry"])], (height, width), grid, all_touched=case["all_touched"]
    )
    fill = nodata if nodata is not None and in_dtype_range(nodata, pixels.dtype) else 0
    pixels[:, outside] = fill
    valid &= ~outside
    out.write_bytes(pixels.tobytes() + valid.astype("u1").tobytes())
    return {
        "out": str(out),
        "shape": pixels.shape,
        "dtype": pixels.dtype.name,
        "transform": grid[:6],
        "inside": int(valid.any(0).sum()),
        "overview": overview,
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


if __name__ == "__main__":
    oracle.answer({"areas": area, "resampled": resampled, "files": written})
