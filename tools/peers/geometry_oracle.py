"""What rasterio, pyproj and shapely answer, for `tests/geometry_parity.rs`.

Reads one JSON document from stdin, with any of the keys below, and writes one with the same keys to
stdout. Numbers keep all their bits both ways.
"""

import json
import sys
import warnings
from types import SimpleNamespace

import numpy as np
from pyproj import Transformer
from rasterio.errors import WindowError
from rasterio.features import geometry_mask, geometry_window
from rasterio.transform import Affine
from rasterio.warp import transform, transform_geom

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


ANSWERS = {"masks": mask, "windows": window, "transforms": transformed}


def main():
    request = json.load(sys.stdin)
    json.dump({key: [ANSWERS[key](case) for case in cases] for key, cases in request.items()}, sys.stdout)


if __name__ == "__main__":
    main()
