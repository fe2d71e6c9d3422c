"""rasterio 1.4.4, with the GDAL 3.10.3 of its wheels, as their documentation says is best.

https://gdal.org/en/stable/user/configoptions.html and
https://gdal.org/en/stable/user/virtual_file_systems.html#vsicurl-http-https-ftp-files-random-access: no listing
of folders, adjacent ranges merged, several ranges at once, a first request that is large enough for the header.
https://rasterio.readthedocs.io/en/stable/topics/concurrency.html: threads, with a dataset each.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
from peer import BANDS, EPSG, WINDOW, Context, pixels, serve, warped
from rasterio.enums import Resampling
from rasterio.sample import sort_xy
from rasterio.warp import calculate_default_transform, reproject
from rasterio.windows import Window

OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIRANGE": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
}
THREADS = 16
WARP_THREADS = 4


def remote(context: Context, paths: list[str] | None = None):
    """The files that are read, or others, and a pool of threads with GDAL's options."""

    def start():
        rasterio.Env(**OPTIONS).__enter__()

    paths = [f"{context.base}/{path}" for path in paths or context.paths()]
    return paths, ThreadPoolExecutor(THREADS, initializer=start)


def area(path: str) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read(1, window=Window(*WINDOW))


def hot_read(context: Context):
    """Files are opened again, at no cost: GDAL keeps their first bytes and the connections. Those that stay
    open keep their pixels, too, so that nothing would be read."""
    paths, pool = remote(context)
    return lambda: list(pool.map(area, paths)), pixels


def cold_read(context: Context):
    def work():
        paths, pool = remote(context)
        return list(pool.map(area, paths))

    return work, pixels


def header_build(context: Context, paths: list[str] | None = None):
    paths, pool = remote(context, paths)

    return lambda: list(pool.map(rasterio.open, paths)), lambda files: {"headers": len(files)}


def headers(context: Context):
    return header_build(context, context.many_paths())


def sample(context: Context):
    """10,000 points of 8 scenes, sorted as https://rasterio.readthedocs.io/en/stable/api/rasterio.sample.html
    advises, so that a block is decoded once."""
    paths = [context.scenes / item["id"] / f"{BANDS[0]}.tif" for item in context.read_items()]
    points = context.points(10_000)

    def one(path):
        with rasterio.open(path) as file:
            return np.fromiter((value[0] for value in file.sample(sort_xy(points))), np.uint16, len(points))

    pool = ThreadPoolExecutor(4)
    work = lambda: list(pool.map(one, paths))  # noqa: E731
    return work, lambda values: {"rows": sum(map(len, values)), "mean": float(np.mean(values))}


def warp(resampling: Resampling):
    def row(context: Context):
        with rasterio.open(context.scenes / context.paths()[0]) as file:
            source, crs, transform, nodata = file.read(1), file.crs, file.transform, file.nodata
            grid = calculate_default_transform(crs, f"EPSG:{EPSG + 1}", file.width, file.height, *file.bounds)
        target, width, height = grid
        destination = np.zeros((height, width), source.dtype)

        def work():
            reproject(
                source,
                destination,
                src_transform=transform,
                src_crs=crs,
                src_nodata=nodata,
                dst_transform=target,
                dst_crs=f"EPSG:{EPSG + 1}",
                dst_nodata=nodata,
                resampling=resampling,
                num_threads=WARP_THREADS,
            )
            return destination

        return work, lambda destination: warped(destination, target)

    return row


if __name__ == "__main__":
    rows = {row.__name__: row for row in [hot_read, cold_read, header_build, headers, sample]}
    rows["headers_delayed"] = headers
    rows |= {f"warp_{kind.name}": warp(kind) for kind in [Resampling.nearest, Resampling.bilinear, Resampling.cubic]}
    serve(rows)
