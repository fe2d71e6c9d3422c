"""What rasterio samples at points, for `tests/point_samples.rs`.

Reads one JSON document from stdin: `folder` and `cases`, each with a `file`, a `band` and `points` in fractions of the
raster's width and height, to which it adds corners of pixels. Writes the samples of each band, row by row in native byte order, to the folder, and one
JSON document to stdout: the grid of each raster, the coordinates of the points, the rows and columns that
`rasterio.transform.rowcol` gives them, their values (null outside), and for each distance in `distances` the least
distance from the point to the rectangle of a valid pixel (null where there is none).
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import rowcol

warnings.simplefilter("ignore")


def nearest(array, valid, inverse, size, x, y, row, col, distance):
    """The least distance, computed for all pixels of the window at once."""
    height, width = array.shape
    rows = np.arange(max(row - distance, 0), min(row + distance + 1, height))
    cols = np.arange(max(col - distance, 0), min(col + distance + 1, width))
    px, py = inverse @ (x, y)
    dx = np.maximum(np.maximum(cols - px, px - (cols + 1)), 0) * size[0]
    dy = np.maximum(np.maximum(rows - py, py - (rows + 1)), 0) * size[1]
    squares = dy[:, None] ** 2 + dx[None, :] ** 2
    squares = squares[valid[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]]
    return float(np.sqrt(squares.min())) if squares.size else None


def sample(number, case, folder, distances):
    with rasterio.open(case["file"]) as file:
        array = file.read(case["band"])
        valid = file.read_masks(case["band"]) != 0
        if np.issubdtype(array.dtype, np.floating):
            valid &= ~np.isnan(array)
        array.tofile(folder / f"{number}.bin")
        valid.astype(np.uint8).tofile(folder / f"{number}.valid")
        transform, height, width = file.transform, file.height, file.width
        points = [transform @ (x * width, y * height) for x, y in case["points"]]
        # Corners of pixels, where rounding decides.
        points += [
            transform @ (col, row)
            for col in range(0, width, max(1, width // 17))
            for row in range(0, height, max(1, height // 17))
        ]
        xs, ys = (list(axis) for axis in zip(*points))
        rows, cols = rowcol(transform, xs, ys)
        inside = [0 <= row < height and 0 <= col < width for row, col in zip(rows, cols)]
        samples = file.sample(points, indexes=case["band"])
        values = [float(value[0]) if lies else None for value, lies in zip(samples, inside)]
        size = (abs(transform.a), abs(transform.e))
        least = [
            [
                nearest(array, valid, ~transform, size, x, y, int(row), int(col), distance) if lies else None
                for x, y, row, col, lies in zip(xs, ys, rows, cols, inside)
            ]
            for distance in distances
        ]
        return {
            "transform": list(transform)[:6],
            "width": width,
            "height": height,
            "block": list(file.block_shapes[case["band"] - 1]),
            "dtype": file.dtypes[case["band"] - 1],
            "xs": xs,
            "ys": ys,
            "rows": [int(row) for row in rows],
            "cols": [int(col) for col in cols],
            "values": ["nan" if value is not None and value != value else value for value in values],
            "nearest": least,
        }


request = json.load(sys.stdin)
folder = Path(request["folder"])
json.dump(
    [sample(number, case, folder, request["distances"]) for number, case in enumerate(request["cases"])], sys.stdout
)
