"""Checks every file of a folder against the JSON document beside it, through rasterio.

usage: check_cogs.py FOLDER
"""

import json
import logging
import os
import pathlib
import sys
import tempfile
import warnings

import numpy
import rasterio
from rasterio.enums import MaskFlags
from rasterio.shutil import copy

from tiff_structure import Tiff, structural_errors


class Messages(logging.Handler):
    """Collects what GDAL complains about."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def read_expected(folder, document, level):
    entry = document["levels"][level]
    dtype = numpy.dtype(document["dtype"]).newbyteorder("<")
    pixels = numpy.fromfile(folder / entry["pixels"], dtype).reshape(entry["shape"])
    if entry["mask"] is None:
        return pixels, None
    return pixels, numpy.fromfile(folder / entry["mask"], "u1").reshape(entry["shape"][1:])


def same(found, expected, tolerance):
    if tolerance is not None:
        return abs(found.astype("f8") - expected).max() <= tolerance
    if expected.dtype == "f2":
        # GDAL 3.10 reads half precision as single.
        return found.dtype == "f4" and numpy.array_equal(found, expected.astype("f4"), equal_nan=True)
    return found.dtype == expected.dtype.newbyteorder("=") and found.tobytes() == expected.tobytes()


def check(folder, document, require):
    path = folder / (document["name"] + ".tif")
    data = path.read_bytes()
    for error in structural_errors(data):
        require(False, error)
    with rasterio.open(path) as dataset:
        structure = dataset.tags(ns="IMAGE_STRUCTURE")
        require(structure.get("LAYOUT") == "COG", f"IMAGE_STRUCTURE {structure}")
        shapes = [(dataset.height, dataset.width)]
        shapes += [(dataset.height // n, dataset.width // n) for n in dataset.overviews(1)]
        expected_shapes = [tuple(level["shape"][1:]) for level in document["levels"]]
        require(len(shapes) == len(expected_shapes), f"overviews {dataset.overviews(1)}")
        check_georeference(dataset, document, require)
        check_bands(dataset, document, require)
        for key, value in document.get("structure", {}).items():
            require(structure.get(key) == value, f"{key} is {structure.get(key)}, not {value}")
        for key, value in document.get("tags", {}).items():
            require(dataset.tags().get(key) == value, f"tag {key} is {dataset.tags().get(key)}, not {value}")
    for level in range(len(document["levels"])):
        options = {} if level == 0 else {"overview_level": level - 1}
        with rasterio.open(path, **options) as dataset:
            pixels, mask = read_expected(folder, document, level)
            found = dataset.read()
            require(found.shape == pixels.shape, f"level {level}: shape {found.shape}, not {pixels.shape}")
            require(same(found, pixels, document.get("tolerance")), f"level {level}: pixels differ")
            if document.get("blocks"):
                blocks = tuple(document["blocks"])
                require(set(dataset.block_shapes) == {blocks}, f"level {level}: blocks {dataset.block_shapes}")
            if mask is not None:
                require(MaskFlags.per_dataset in dataset.mask_flag_enums[0], f"level {level}: no mask")
                require((dataset.dataset_mask() == mask).all(), f"level {level}: mask differs")
    if document["sparse"]:
        check_sparse(data, folder, document, require)
    if document.get("gdal"):
        check_same_as_gdal(data, folder, document, require)


def check_georeference(dataset, document, require):
    if document["transform"]:
        found = list(dataset.transform)[:6]
        require(numpy.allclose(found, document["transform"], rtol=1e-15, atol=0), f"transform {found}")
    if "epsg" in document:
        require(dataset.crs.to_epsg() == document["epsg"], f"CRS {dataset.crs}")
    if "proj4" in document:
        expected = rasterio.crs.CRS.from_string(document["proj4"])
        require(dataset.crs.to_dict() == expected.to_dict(), f"CRS {dataset.crs.to_dict()}")
    if "area_or_point" in document:
        require(dataset.tags()["AREA_OR_POINT"] == document["area_or_point"], f"tags {dataset.tags()}")


def check_bands(dataset, document, require):
    nodata = document["nodata"]
    if nodata == "nan":
        require(dataset.nodata is not None and numpy.isnan(dataset.nodata), f"nodata {dataset.nodata}")
    else:
        require(dataset.nodata == nodata, f"nodata {dataset.nodata}, not {nodata}")
    for key in ("scales", "offsets", "units", "descriptions"):
        if key in document:
            require(list(getattr(dataset, key)) == document[key], f"{key} {getattr(dataset, key)}")
    if "colors" in document:
        found = [color.name for color in dataset.colorinterp]
        require(found == document["colors"], f"colors {found}")
    if "colormap" in document:
        for value, color in document["colormap"]:
            require(list(dataset.colormap(1)[value]) == color, f"color {value} {dataset.colormap(1)[value]}")


def check_sparse(data, folder, document, require):
    """Blocks are absent where, and only where, they hold nothing but nodata."""
    directories = Tiff(data).directories
    images = [directory for directory in directories if not directory.is_mask]
    masks = [directory for directory in directories if directory.is_mask]
    absent = 0
    for level, directory in enumerate(images):
        pixels, mask = read_expected(folder, document, level)
        empties = [(directory, pixels == (document["nodata"] or 0))]
        if mask is not None:
            empties.append((masks[level], mask[None] == 0))
        for directory, empty in empties:
            step_y, step_x = directory.tags[323][0], directory.tags[322][0]
            corners = [(y, x) for y in range(0, empty.shape[1], step_y) for x in range(0, empty.shape[2], step_x)]
            for (y, x), (offset, _) in zip(corners, directory.blocks):
                is_empty = empty[:, y : y + step_y, x : x + step_x].all()
                require((offset == 0) == is_empty, f"level {level}: block at {x}, {y}: offset {offset}")
                absent += offset == 0
    require(absent > 0, "no block is absent")


def check_same_as_gdal(data, folder, document, require):
    """GDAL's COG driver, given the same pixels, writes the same bytes."""
    wanted = document["gdal"]
    pixels, mask = read_expected(folder, document, 0)
    bands, height, width = pixels.shape
    profile = {
        "driver": "GTiff", "count": bands, "height": height, "width": width, "dtype": pixels.dtype.name,
        "crs": wanted.get("crs"), "nodata": None if document["nodata"] is None else float(document["nodata"]),
        "transform": rasterio.Affine(*document["transform"]), **wanted.get("source", {}),
    }
    with tempfile.TemporaryDirectory() as scratch, rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        source, target = os.path.join(scratch, "source.tif"), os.path.join(scratch, "target.tif")
        with rasterio.open(source, "w", **profile) as dataset:
            dataset.write(pixels)
            if mask is not None:
                dataset.write_mask(mask)
            for key in ("scales", "offsets", "units", "descriptions"):
                if key in document:
                    setattr(dataset, key, document[key])
            if wanted.get("colormap"):
                dataset.write_colormap(1, {int(k): tuple(v) for k, v in wanted["colormap"].items()})
            dataset.update_tags(**document.get("tags", {}))
        copy(source, target, driver="COG", **wanted["options"])
        written = pathlib.Path(target).read_bytes()
    if written != data:
        different = next((i for i, (a, b) in enumerate(zip(data, written)) if a != b), min(len(data), len(written)))
        require(False, f"{len(data)} bytes, GDAL {len(written)}; first difference at {different}")


def main():
    folder = pathlib.Path(sys.argv[1])
    messages = Messages()
    logging.getLogger("rasterio").addHandler(messages)
    failures, documents = [], sorted(folder.glob("*.json"))
    for path in documents:
        document = json.loads(path.read_text())
        problems = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                check(folder, document, lambda holds, text: holds or problems.append(text))
            except Exception as error:
                problems.append(repr(error))
        problems += [str(warning.message) for warning in caught] + messages.texts
        messages.texts = []
        failures += [f"{document['name']}: {problem}" for problem in problems]
    print("\n".join(failures[:40]))
    if failures or not documents:
        sys.exit(f"{len(failures)} problems in {len(documents)} files")


main()
