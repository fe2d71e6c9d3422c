"""What rasterio reads from files: the expected side of the support suite.

    expected.py generate DIRECTORY          writes files of every encoding, and what rasterio reads from them
    expected.py read DIRECTORY RASTERS      the same for the rasters in a folder, and in those below it

Both print one JSON object a line, the first of which says the versions:

    {"rasterio": …, "gdal": …}
    {"name": …, "file": …, "skipped": why there is no such file,
     "refused": why GDAL does not open it, "pixels": a file,
     "levels": [{"dtype": …, "shape": [bands, rows, columns], "mask": whether there is a mask directory,
                 "whole": [READ, …], "windows": [READ, …]}, …]}

where each READ is

    {"window": {"column": …, "row": …, "width": …, "height": …}, "failed": whether GDAL does not read it,
     "constant": whether all samples are the same, "constant_mask": whether all of the mask's are}

The levels are the full resolution and the overviews, from fine to coarse. The windows in `whole` cover
the image, those in `windows` are random. `pixels` holds what the reads that have not failed give, one
after another in native byte order: all bands, then the mask where there is one; of what is constant, one
sample.

The matrix of encodings is the one of the decoder's tests, and what that has none of.
"""

import itertools
import json
import lzma
import multiprocessing
import os
import sys
import zlib
from pathlib import Path

import numpy as np
import rasterio
from PIL import features
from rasterio.enums import ColorInterp, Compression, MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "parity"))
import oracle  # noqa: E402

# Random windows of each level, and their longest side.
WINDOWS, LONGEST = 20, 200
WINDOWS_OF_GENERATED = 2
# Most samples of a window.
LARGEST = 1 << 24


def whole(rows, columns, bands):
    """Windows that cover the image, none of them large."""
    height = max(1, LARGEST // (columns * bands))
    for row in range(0, rows, height):
        yield Window(0, row, columns, min(height, rows - row))


def random_windows(name, level, rows, columns, count):
    """The same in every run."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), level])
    for _ in range(count):
        height, width = (int(rng.integers(1, min(side, LONGEST), endpoint=True)) for side in (rows, columns))
        row, column = (int(rng.integers(0, side, endpoint=True)) for side in (rows - height, columns - width))
        yield Window(column, row, width, height)


def has_mask_directory(image):
    flags = image.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def put(out, pixels):
    """Writes pixels, or one sample if all are the same; returns whether they are."""
    constant = bool((pixels == pixels.flat[0]).all())
    out.write(pixels.flat[0].tobytes() if constant else pixels.tobytes())
    return constant


def read_window(image, window, mask, out):
    column, row, width, height = window.flatten()
    line = {"window": {"column": column, "row": row, "width": width, "height": height}}
    try:
        pixels = image.read(window=window)
        if mask:
            valid = image.read_masks(1, window=window)
            assert np.array_equal(valid, image.dataset_mask(window=window))
    except RasterioError:
        return {**line, "failed": True}
    line["constant"] = put(out, pixels)
    if mask:
        line["constant_mask"] = put(out, valid)
    return line


def read_level(path, name, level, count, out):
    options = {"overview_level": level - 1} if level else {}
    with rasterio.open(path, **options) as image:
        bands, rows, columns = image.count, image.height, image.width
        mask = has_mask_directory(image)
        is_jpeg = image.compression == Compression.jpeg
        turbo = oracle.read_with_libjpeg_turbo(path, (bands, rows, columns), level) if is_jpeg else None
        if turbo is not None:
            of_libjpeg_turbo = Path(f"{out.name}.{level}.turbo")
            of_libjpeg_turbo.write_bytes(turbo.tobytes())
        return {
            "dtype": image.dtypes[0],
            "shape": [bands, rows, columns],
            "mask": mask,
            "libjpeg_turbo": None if turbo is None else str(of_libjpeg_turbo),
            "whole": [read_window(image, window, mask, out) for window in whole(rows, columns, bands)],
            "windows": [
                read_window(image, window, mask, out) for window in random_windows(name, level, rows, columns, count)
            ],
        }


def describe(directory, name, path, count):
    line = {"name": name, "file": str(path)}
    try:
        with rasterio.open(path) as file:
            overviews = len(file.overviews(1))
            inks = ColorInterp.cyan in file.colorinterp or (file.photometric and file.photometric.name.upper() == "CMYK")
    except RasterioError as error:
        return {**line, "refused": str(error)}
    # The prefix turns off GDAL's conversion of CMYK to RGBA.
    source = f"GTIFF_RAW:{path}" if inks else path
    pixels = directory / (name.replace("/", "_") + ".pixels")
    with open(pixels, "wb") as out:
        levels = [read_level(source, name, level, count, out) for level in range(overviews + 1)]
    return {**line, "pixels": str(pixels), "levels": levels}


# Cases that the decoder's tests have none of.

PREDICTED = list(itertools.product(["LZW", "DEFLATE", "ZSTD", "LZMA"], [1, 2, 3]))
PLAIN = [("NONE", 1), ("PACKBITS", 1)]
LZMA = 34925
oracle.ENCODERS[LZMA] = lzma.compress


def gdal_cases():
    """In the form that the decoder's tests have them."""
    for (compress, predictor), bands in itertools.product(PLAIN + PREDICTED, [1, 3]):
        for layout in oracle.layouts(bands):
            case = {"dtype": "float32", "bits": 16, "bands": bands, **layout, "compress": compress}
            yield case if compress in ["NONE", "PACKBITS"] else {**case, "predictor": predictor}
    compressions = ["NONE", "DEFLATE", "ZSTD", "LERC"]
    for dtype, compress, endianness in itertools.product(oracle.INTEGERS + oracle.FLOATS, compressions, ["little", "big"]):
        if compress == "LERC" and "int64" in dtype:
            continue
        case = {"dtype": dtype, "bands": 3, "tiling": "tiled", "interleave": "pixel", "endianness": endianness}
        yield {**case, "compress": compress, "options": {"bigtiff": "YES"}}


def handmade_cases():
    """Predictors with LZMA, which libtiff reads and GDAL does not write."""
    for dtype, predictor, big_endian, bands in itertools.product(
        [*oracle.INTEGERS, "float16", *oracle.FLOATS], [2, 3], [False, True], [1, 3]
    ):
        if predictor == 2 or "float" in dtype:
            yield {"compression": LZMA, "dtype": dtype, "predictor": predictor, "big_endian": big_endian, "bands": bands}


def special_cases():
    """Sparse files, masks, overviews."""
    for dtype, compress, tiling, interleave, nodata in itertools.product(
        oracle.INTEGERS + oracle.FLOATS, ["NONE", "DEFLATE"], ["tiled", "striped"], ["pixel", "band"], [None, 7]
    ):
        yield {"kind": "sparse", "dtype": dtype, "compress": compress, "tiling": tiling, "interleave": interleave, "nodata": nodata}
    for compress in ["LZW", "ZSTD", "LERC", "JPEG", "WEBP"]:
        yield {"kind": "sparse", "dtype": "uint8", "compress": compress, "tiling": "tiled", "interleave": "pixel", "nodata": None}
    for dtype, compress, tiling, interleave in itertools.product(
        ["uint8", "int16", "float32"], ["NONE", "DEFLATE", "ZSTD", "LERC"], ["tiled", "striped"], ["pixel", "band"]
    ):
        yield {"kind": "mask", "dtype": dtype, "compress": compress, "tiling": tiling, "interleave": interleave, "nodata": None}
    for compress, tiling in itertools.product(["JPEG", "WEBP"], ["tiled", "striped"]):
        yield {"kind": "mask", "dtype": "uint8", "compress": compress, "tiling": tiling, "interleave": "pixel", "nodata": None}


def write_special(directory, case):
    name = "-".join(str(value) for value in case.values())
    path = directory / f"{name}.tif"
    pixels = oracle.terrain(case["dtype"], 3)
    # JPEG wants strips of whole blocks.
    striped = {"tiled": False, "blockysize": 16} if case["compress"] == "JPEG" else oracle.STRIPED
    options = {**(oracle.TILED if case["tiling"] == "tiled" else striped), "compress": case["compress"]}
    options |= {"interleave": case["interleave"], "nodata": case["nodata"]}
    if case["kind"] == "sparse":
        pixels[:, 13:39] = case["nodata"] or 0
        oracle.write_with_gdal(path, pixels, sparse_ok=True, **options)
        return name, path
    oracle.write_with_gdal(path, pixels, **options)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(pixels[0] > np.median(pixels[0]))
        file.build_overviews([2, 4])
    return name, path


def refused_cases():
    """What GDAL reads and the reader refuses."""
    for dtype in ["complex_int16", "complex64", "complex128"]:
        yield {"dtype": dtype, "compress": "NONE"}
    for compress in ["CCITTRLE", "CCITTFAX3", "CCITTFAX4"]:
        yield {"dtype": "uint8", "compress": compress, "nbits": 1}
    yield {"dtype": "uint8", "compress": "DEFLATE", "photometric": "CIELAB"}
    yield {"dtype": "uint8", "compress": "JPEG", "photometric": "CMYK"}


def write_refused(directory, case):
    name = "-".join(["refused", *(str(value) for value in case.values())])
    path = directory / f"{name}.tif"
    count = {"CIELAB": 3, "CMYK": 4}.get(case.get("photometric"), 1)
    with rasterio.open(path, "w", driver="GTiff", width=40, height=30, count=count, **case):
        pass
    return name, path


WRITERS = {"special": write_special, "refused": write_refused}


def generate(task):
    directory, kind, case = task
    if kind in WRITERS:
        name, path = WRITERS[kind](directory, case)
    else:
        line = oracle.generate(task)
        if "skipped" in line:
            return {"name": line["name"], "file": "", "skipped": line["skipped"]}
        os.remove(line["expected"])
        name, path = line["name"], line["file"]
    return describe(directory, name, path, WINDOWS_OF_GENERATED)


def read(task):
    directory, folder, path = task
    return describe(directory, path.relative_to(folder).as_posix(), path, WINDOWS)


def main():
    command, directory, *rest = sys.argv[1:]
    directory = Path(directory)
    if command == "generate":
        work = generate
        tasks = [(directory, "gdal", case) for case in itertools.chain(oracle.gdal_cases(), gdal_cases())]
        tasks += [(directory, "handmade", case) for case in itertools.chain(oracle.handmade_cases(), handmade_cases())]
        tasks += [(directory, "special", case) for case in special_cases()]
        tasks += [(directory, "refused", case) for case in refused_cases()]
    else:
        work, folder = read, Path(rest[0])
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in [".tif", ".tiff"])
        tasks = [(directory, folder, path) for path in files]
    versions = {"rasterio": rasterio.__version__, "gdal": rasterio.__gdal_version__}
    print(json.dumps({**versions, "libjpeg_turbo": features.version_feature("libjpeg_turbo")}))
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for line in pool.imap(work, tasks, chunksize=16 if command == "generate" else 1):
            print(json.dumps(line))


if __name__ == "__main__":
    main()
