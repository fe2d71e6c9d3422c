"""What rasterio, pyproj and shapely answer, for `tests/geometry_parity.rs`.

Reads one JSON document from stdin, with any of the keys below, and writes one with the same keys to
stdout. Numbers keep all their bits both ways.
"""

import json
import sys
import warnings

import numpy as np
from rasterio.features import geometry_mask
from rasterio.transform import Affine

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


ANSWERS = {"masks": mask}


def main():
    request = json.load(sys.stdin)
    json.dump({key: [ANSWERS[key](case) for case in cases] for key, cases in request.items()}, sys.stdout)


if __name__ == "__main__":
    main()
