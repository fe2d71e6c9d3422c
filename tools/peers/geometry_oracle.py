"""What rasterio, pyproj and shapely answer, for `tests/geometry_parity.rs`.

Reads one JSON document from stdin, with any of the keys below, and writes one with the same keys to
stdout. Numbers keep all their bits both ways.
"""

import json
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.errors import WindowError
from rasterio.features import geometry_mask, geometry_window
from rasterio.transform import Affine
from rasterio.warp import transform, transform_bounds, transform_geom
from shapely.geometry import shape

warnings.simplefilter("ignore")


def mask(case):
    """True inside, packed to bits, as hexadecimal text."""
    inside = geometry_mask(
        [case["geometry"]],
        out_shape=(case["height"], case["width"]),
        transform=Affine(*case["transform"]),
        all_touched=case["all_touched"],
        invert=True,
    )
    return np.packbits(inside).tobytes().hex()


def window(case):
    """Column, row, width and height of a geometry that is transformed to the raster's CRS; null
    where they do not overlap."""
    geometry = transform_geom(case["from"], case["to"], case["geometry"])
    raster = SimpleNamespace(
        transform=Affine(*case["transform"]), width=case["width"], height=case["height"]
    )
    try:
        found = geometry_window(raster, [geometry])
    except WindowError:
        return None
    return [int(value) for value in found.flatten()]


def transformed(case):
    """Two lists, of xs and of ys, by rasterio and by pyproj."""
    other = Transformer.from_crs(case["from"], case["to"], always_xy=True)
    return [
        transform(case["from"], case["to"], case["xs"], case["ys"]),
        other.transform(case["xs"], case["ys"]),
    ]


def raster(path):
    """Where a file lies."""
    with rasterio.open(path) as file:
        return {
            "crs": file.crs.to_wkt() if file.crs else None,
            "epsg": file.crs.to_epsg() if file.crs else None,
            "transform": file.transform[:6],
            "width": file.width,
            "height": file.height,
        }


def footprint(case):
    """West, south, east and north; and how much of the geometry that is given and of the raster's
    outline, transformed with 21 vertices on each edge, is not in both, as a part of their union."""
    transform, width, height = Affine(*case["transform"]), case["width"], case["height"]
    left, top = transform @ (0, 0)
    right, bottom = transform @ (width, height)
    south, north = sorted((bottom, top))
    bounds = transform_bounds(case["crs"], "OGC:CRS84", left, south, right, north, densify_pts=21)
    steps = [i / 22 for i in range(22)]
    outline = [(t * width, height) for t in steps] + [(width, (1 - t) * height) for t in steps]
    outline += [((1 - t) * width, 0) for t in steps] + [(0, t * height) for t in steps]
    ring = [transform @ position for position in [*outline, outline[0]]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    expected = shape(transform_geom(case["crs"], "OGC:CRS84", geometry)).buffer(0)
    given = shape(case["geometry"])
    difference = given.buffer(0).symmetric_difference(expected).area / given.union(expected).area
    return {"bounds": bounds, "difference": difference, "valid": given.is_valid}


ANSWERS = {
    "masks": mask,
    "windows": window,
    "transforms": transformed,
    "rasters": raster,
    "footprints": footprint,
}


def main():
    request = json.load(sys.stdin)
    json.dump({key: [ANSWERS[key](case) for case in cases] for key, cases in request.items()}, sys.stdout)


if __name__ == "__main__":
    main()
