"""Checks the items of an archive against its files.

usage: check_archive.py FOLDER
"""

import json
import pathlib
import sys

import numpy
import pyproj
import rasterio
from shapely.geometry import box, shape

from tiff_structure import structural_errors


def check(item, base):
    properties, footprint = item["properties"], shape(item["geometry"])
    assert footprint.is_valid and footprint.exterior.is_ccw
    assert numpy.allclose(item["bbox"], footprint.bounds, rtol=0, atol=0)
    to_degrees = pyproj.Transformer.from_crs(properties["proj:epsg"], "OGC:CRS84", always_xy=True)
    for name, asset in item["assets"].items():
        path = base / asset["href"]
        assert not structural_errors(path.read_bytes()), path
        with rasterio.open(path) as dataset:
            assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert dataset.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"
            assert dataset.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "2"
            assert dataset.crs.to_epsg() == properties["proj:epsg"]
            assert list(dataset.transform)[:6] == asset["proj:transform"]
            assert [dataset.height, dataset.width] == asset["proj:shape"]
            band = asset["raster:bands"][0]
            assert (dataset.dtypes[0], dataset.nodata) == (band["data_type"], band["nodata"])
            assert (dataset.scales[0], dataset.offsets[0]) == (band["scale"], band["offset"])
            assert dataset.descriptions == (name,)
            empty = dataset.read(1) == 0
            # Where there is data, from the west: the corners of the footprint.
            top, bottom = empty[0].sum(), empty[-1].sum()
            height, width = empty.shape
            assert empty.sum() == sum(row.argmin() for row in empty), "nodata within the swath"
            corners = [(top, 0), (bottom, height), (width, height), (width, 0)]
            expected = [to_degrees.transform(*(dataset.transform @ corner)) for corner in corners]
            # The edge of the swath runs through pixels, by less than one.
            exact = 1e-6 if not empty.any() else 1e-4
            found = numpy.array(footprint.exterior.coords)[:4]
            assert numpy.abs(found - expected).max() < exact, (found, expected)
    return bool(empty.any())


folder = pathlib.Path(sys.argv[1])
items = json.loads((folder / "items.json").read_text())["features"]
edges = [check(item, folder) for item in items]
assert edges.count(True) == 1 and len(edges) == 5, edges
zones = {item["properties"]["proj:epsg"] for item in items}
assert zones == {32643, 32644}, zones
for item in items:
    alone = json.loads((folder / item["id"] / (item["id"] + ".json")).read_text())
    check(alone, folder / item["id"])
extent = json.loads((folder / "collection.json").read_text())["extent"]["spatial"]["bbox"][0]
assert all(box(*extent).contains(shape(item["geometry"])) for item in items)
