"""What GDAL reads, as rasterio gives it: the expected side of the parity tests.

    oracle.py generate DIRECTORY   writes files of every encoding, and the pixels that GDAL reads from them
    oracle.py read DIRECTORY FILE… the same for existing files, overviews included

Both print one JSON object a line:

    {"name": …, "file": …, "expected": …, "level": …, "dtype": …, "shape": [bands, rows, columns],
     "tolerance": …, "luma": …, "libjpeg_turbo": …, "properties": {…}}

`expected` is a file of the pixels, bands one after another, in native byte order. `level` is 0 for full
resolution, else the number of the overview. `tolerance` is how far samples of a lossy codec may differ,
or only the luma of the pixels where `luma`; 0 means bit for bit. `libjpeg_turbo` is another file of pixels, those of JPEG
that libtiff reads with libjpeg-turbo, where Pillow has a mode for them. Cases that GDAL cannot make carry `skipped`, a
reason.
"""

import io
import itertools
import json
import multiprocessing
import os
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image, UnidentifiedImageError, features

warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None
assert features.check_feature("libjpeg_turbo"), "Pillow's wheels have libjpeg-turbo"

# Neither is a multiple of the tiles' sizes, so that tiles at the edges are cut.
ROWS, COLUMNS = 61, 83
TILED = {"tiled": True, "blockxsize": 32, "blockysize": 16}
STRIPED = {"tiled": False, "blockysize": 13}
# One tile, cut on both sides: long enough for a codec's tables, blocks, and windows to run full.
LARGE = {"tiled": True, "blockxsize": 512, "blockysize": 512}

INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
FLOATS = ["float32", "float64"]
# Decoders of JPEG round differently.
JPEG_TOLERANCE = 2
NEW_SUBFILE_TYPE, MASK = 254, 4


def terrain(dtype, bands, bits=None, rows=ROWS, columns=COLUMNS):
    """Smooth hills with noise over the whole range of the type."""
    rng = np.random.default_rng([bands, np.dtype(dtype).num])
    y, x = np.mgrid[0:rows, 0:columns]
    planes = []
    for band in range(bands):
        hills = np.sin(x / (17 + band)) + np.cos(y / (11 + 2 * band)) + rng.normal(0, 0.02, x.shape)
        planes.append((hills - hills.min()) / (hills.max() - hills.min()))
    unit = np.stack(planes)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (unit * 8848 - 413).astype(dtype)
    if bits:
        return np.floor(unit * (2**bits - 1)).astype(dtype)
    info = np.iinfo(dtype)
    # Differences of neighbours wrap around somewhere.
    wrapped = (unit * (float(info.max) - float(info.min)) * 0.999 + float(info.min)).astype(dtype)
    wrapped[:, 5, 7], wrapped[:, 5, 8] = info.min, info.max
    return wrapped


def write_with_gdal(path, pixels, **options):
    bands, rows, columns = pixels.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=bands, dtype=pixels.dtype, **options
    ) as file:
        file.write(pixels)


def read_with_gdal(path, level=0):
    options = {"overview_level": level - 1} if level else {}
    with rasterio.open(path, **options) as file:
        return file.read()


def frames(file):
    """The numbers of Pillow's frames that are no masks."""
    for frame in itertools.count():
        try:
            file.seek(frame)
        except EOFError:
            return
        except SyntaxError:  # It has no mode for masks.
            continue
        if not file.tag_v2.get(NEW_SUBFILE_TYPE, 0) & MASK:
            yield frame


def read_with_libjpeg_turbo(path, shape, level=0):
    """What libtiff and libjpeg-turbo make of a JPEG file; `None` if Pillow has no mode for its bands, or cannot read it."""
    try:
        with Image.open(path) as file:
            file.seek(list(frames(file))[level])
            pixels = np.moveaxis(np.atleast_3d(file), -1, 0)
    except (UnidentifiedImageError, OSError):
        return None
    return pixels if pixels.shape == shape else None


def comparison(compress, photometric):
    """How close pixels can be expected to be."""
    if compress != "JPEG":
        return {"tolerance": 0, "luma": False}
    # Decoders interpolate subsampled chroma differently: GDAL with libjpeg 9, as in rasterio's wheels,
    # differs by more than 100 at sharp edges from GDAL with libjpeg-turbo, as in most distributions.
    return {"tolerance": JPEG_TOLERANCE, "luma": photometric == "YCBCR"}


def record(directory, name, path, properties, compress=None, photometric=None, level=0):
    pixels = read_with_gdal(path, level)
    expected = directory / f"{name}.raw"
    expected.write_bytes(pixels.tobytes())
    of_libjpeg_turbo = None
    if compress == "JPEG" and (turbo := read_with_libjpeg_turbo(path, pixels.shape, level)) is not None:
        of_libjpeg_turbo = directory / f"{name}.turbo"
        of_libjpeg_turbo.write_bytes(turbo.tobytes())
    return {
        "name": name,
        "file": str(path),
        "expected": str(expected),
        "level": level,
        "dtype": pixels.dtype.name,
        "shape": pixels.shape,
        **comparison(compress, photometric),
        "libjpeg_turbo": of_libjpeg_turbo and str(of_libjpeg_turbo),
        "properties": properties,
    }


# Cases that GDAL writes.


def layouts(bands):
    for tiling, interleave, endianness in itertools.product(
        ["tiled", "striped"], ["pixel", "band"] if bands > 1 else ["pixel"], ["little", "big"]
    ):
        yield {"tiling": tiling, "interleave": interleave, "endianness": endianness}


def gdal_cases():
    """Properties of each case; `options` are creation options of GDAL besides."""
    for dtype, bands in itertools.product(INTEGERS + FLOATS, [1, 3, 4]):
        for layout in layouts(bands):
            case = {"dtype": dtype, "bands": bands, **layout}
            for compress in ["NONE", "PACKBITS"]:
                yield {**case, "compress": compress}
            predictors = [1, 2, 3] if dtype in FLOATS else [1, 2]
            for compress, predictor in itertools.product(["LZW", "DEFLATE", "ZSTD", "LZMA"], predictors):
                yield {**case, "compress": compress, "predictor": predictor}
            if "64" not in dtype or dtype == "float64":
                for compress in ["LERC", "LERC_DEFLATE", "LERC_ZSTD"]:
                    yield {**case, "compress": compress}

    for dtype, bands in [("uint8", 3), ("uint16", 1), ("float32", 1)]:
        case = {"dtype": dtype, "bands": bands, "tiling": "large", "interleave": "pixel", "endianness": "little"}
        for compress in ["NONE", "PACKBITS", "LERC", "LERC_DEFLATE", "LERC_ZSTD"]:
            yield {**case, "compress": compress}
        for compress, predictor in itertools.product(["LZW", "DEFLATE", "ZSTD", "LZMA"], [1, 2]):
            yield {**case, "compress": compress, "predictor": predictor}
    case = {"dtype": "uint8", "bands": 3, "tiling": "large", "interleave": "pixel", "endianness": "little"}
    for photometric in ["RGB", "YCBCR"]:
        yield {**case, "compress": "JPEG", "photometric": photometric}
    for options in [{"webp_level": 75}, {"webp_lossless": "YES"}]:
        yield {**case, "compress": "WEBP", "options": options}

    for dtype, interleave in itertools.product(["float32", "float64"], ["pixel", "band"]):
        case = {"dtype": dtype, "bands": 3, "tiling": "tiled", "interleave": interleave, "endianness": "little"}
        for holes in ["none-valid", "same", "different"]:
            yield {**case, "compress": "LERC", "holes": holes}
        yield {**case, "compress": "LERC", "holes": "same", "options": {"max_z_error": 0.5}}
    for dtype in ["uint8", "int16", "uint16", "int32", "float32"]:
        case = {"dtype": dtype, "bands": 1, "tiling": "tiled", "interleave": "pixel", "endianness": "little"}
        yield {**case, "compress": "LERC", "options": {"max_z_error": 3}}
    for alpha in ["opaque", "binary", "smooth"]:
        case = {"dtype": "uint8", "bands": 4, "tiling": "tiled", "interleave": "pixel", "endianness": "little"}
        yield {**case, "compress": "LERC", "alpha": alpha}

    for bits, bands, compress in itertools.product(
        [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 17, 20, 24, 31],
        [1, 3],
        ["NONE", "PACKBITS", "LZW", "DEFLATE"],
    ):
        dtype = "uint8" if bits < 8 else "uint16" if bits < 16 else "uint32"
        for layout in layouts(bands):
            yield {"dtype": dtype, "bits": bits, "bands": bands, **layout, "compress": compress}
    for predictor, endianness in itertools.product([1, 2, 3], ["little", "big"]):
        case = {"dtype": "float32", "bits": 16, "bands": 1, "tiling": "tiled", "interleave": "pixel"}
        yield {**case, "endianness": endianness, "compress": "DEFLATE", "predictor": predictor}
    for tiling, compress, bands, interleave in itertools.product(
        ["tiled", "striped"], ["NONE", "DEFLATE"], [2, 5], ["pixel", "band"]
    ):
        case = {"dtype": "uint16", "bands": bands, "tiling": tiling, "interleave": interleave, "endianness": "little"}
        yield {**case, "compress": compress, "predictor": 2 if compress == "DEFLATE" else 1}
        yield {**case, "compress": compress, "options": {"bigtiff": "YES"}}
    for compress in ["DEFLATE", "LZW", "ZSTD", "LZMA", "NONE", "PACKBITS"]:
        case = {"dtype": "uint16", "bands": 1, "tiling": "striped", "interleave": "pixel", "endianness": "little"}
        yield {**case, "compress": compress, "options": {"blockysize": 1}}
        yield {**case, "compress": compress, "options": {"blockysize": ROWS}}
    for level in [1, 3, 15, 19, 22]:
        case = {"dtype": "uint16", "bands": 1, "tiling": "striped", "interleave": "pixel", "endianness": "little"}
        yield {**case, "compress": "ZSTD", "options": {"zstd_level": level, "blockysize": ROWS}}

    for tiling in ["tiled", "striped"]:
        jpeg = {"dtype": "uint8", "tiling": tiling, "endianness": "little", "compress": "JPEG"}
        for quality, tables in itertools.product([50, 75, 95, 100], [0, 1, 2, 3]):
            options = {"jpeg_quality": quality, "jpegtablesmode": tables}
            yield {**jpeg, "bands": 3, "interleave": "pixel", "photometric": "YCBCR", "options": options}
            yield {**jpeg, "bands": 3, "interleave": "pixel", "photometric": "RGB", "options": options}
            yield {**jpeg, "bands": 1, "interleave": "pixel", "options": options}
        for bands, interleave in itertools.product([2, 3, 4], ["pixel", "band"]):
            yield {**jpeg, "bands": bands, "interleave": interleave}
    for tiling, bands, alpha in itertools.product(["tiled", "striped"], [3, 4], ["opaque", "smooth"]):
        webp = {"dtype": "uint8", "tiling": tiling, "endianness": "little", "interleave": "pixel", "compress": "WEBP"}
        if bands == 3 and alpha == "smooth":
            continue
        for options in [{"webp_level": 50}, {"webp_level": 90}, {"webp_lossless": "YES"}]:
            yield {**webp, "bands": bands, "alpha": alpha, "options": options}


def write_gdal_case(directory, case):
    options = dict(case.get("options", {}))
    named = {key: value for key, value in case.items() if key != "options"}
    name = "-".join(str(value) for value in [*named.values(), *itertools.chain(*options.items())])
    properties = {**named, **options}
    path = directory / f"{name}.tif"
    rows, columns = (500, 411) if case["tiling"] == "large" else (ROWS, COLUMNS)
    pixels = terrain(case["dtype"], case["bands"], case.get("bits"), rows, columns)
    if holes := case.get("holes"):
        pixels[:, 10:25, 20:45] = np.nan
        if holes == "different":
            pixels[1, 30:35] = np.nan
        if holes == "none-valid":
            pixels[:, :16, :32] = np.nan
    if alpha := case.get("alpha"):
        opaque, smooth = np.full_like(pixels[-1], 255), pixels[-1]
        if case["bands"] == 4:
            pixels[-1] = {"opaque": opaque, "smooth": smooth, "binary": (smooth > 99) * np.uint8(255)}[alpha]
    # JPEG wants strips of whole blocks.
    striped = {"tiled": False, "blockysize": 16} if case["compress"] == "JPEG" else STRIPED
    options = {**{"tiled": TILED, "striped": striped, "large": LARGE}[case["tiling"]], **options}
    options["interleave"] = case["interleave"]
    options["endianness"] = case["endianness"]
    options["compress"] = case["compress"]
    for key, option in [("predictor", "predictor"), ("bits", "nbits"), ("photometric", "photometric")]:
        if key in case:
            options[option] = case[key]
    if case.get("alpha") and case["bands"] == 4:
        options["alpha"] = "unspecified" if case["compress"] == "WEBP" else "yes"
        options["photometric"] = "RGB"
    try:
        write_with_gdal(path, pixels, **options)
    except Exception as error:  # noqa: BLE001: whatever GDAL has against it
        return {"name": name, "skipped": f"GDAL does not write it: {error}"}
    return record(directory, name, path, properties, case["compress"], case.get("photometric"))


# Cases that GDAL reads, but does not write.


def lzw_old_style(data):
    """The LZW of early libtiff: codes from the least significant bit, no early change of width."""
    out, pending, count = bytearray(), 0, 0

    def put(code, width):
        nonlocal pending, count
        pending |= code << count
        count += width
        while count >= 8:
            out.append(pending & 0xFF)
            pending >>= 8
            count -= 8

    width, table = 9, {bytes([value]): value for value in range(256)}
    put(256, width)
    next_code, prefix = 258, b""
    for value in data:
        longer = prefix + bytes([value])
        if longer in table:
            prefix = longer
            continue
        put(table[prefix], width)
        table[longer] = next_code
        next_code += 1
        # The decoder's table is one entry behind.
        if next_code - 1 == 1 << width and width < 12:
            width += 1
        if next_code == 4094:
            put(256, width)
            width, next_code = 9, 258
            table = {bytes([value]): value for value in range(256)}
        prefix = bytes([value])
    put(table[prefix], width)
    put(257, width)
    out.append(pending & 0xFF)
    return bytes(out)


REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
SUBSAMPLINGS = {"4:4:4": [1, 1], "4:2:2": [2, 1], "4:2:0": [2, 2]}
ENCODERS = {1: bytes, 8: zlib.compress, 5: lzw_old_style}


def jpeg(strip, **options):
    """A file of its own: libtiff ignores what it says of colours."""
    out = io.BytesIO()
    Image.fromarray(strip).save(out, "JPEG", **options)
    return out.getvalue()


def write_by_hand(
    path,
    pixels,
    compression=1,
    fill_order=1,
    predictor=1,
    bits=None,
    strip_rows=13,
    big_endian=False,
    subsampling=None,
    **jpeg_options,
):
    """A striped file of interleaved samples; of YCbCr where there is a `subsampling`."""
    bands, rows, columns = pixels.shape
    order = ">" if big_endian else "<"
    kind = pixels.dtype.kind
    bits = bits or pixels.dtype.itemsize * 8
    strips = []
    for top in range(0, rows, strip_rows):
        strip = np.moveaxis(pixels[:, top : top + strip_rows], 0, -1)
        if subsampling:
            strips.append(jpeg(strip, subsampling=subsampling, **jpeg_options))
            continue
        if bits < 8:
            unpacked = np.unpackbits(strip.reshape(len(strip), -1, 1), axis=2)[:, :, 8 - bits :]
            encoded = np.packbits(unpacked.reshape(len(strip), -1), axis=1).tobytes()
        else:
            words = strip.reshape(len(strip), -1, bands).view(f"u{pixels.dtype.itemsize}")
            if predictor == 2:
                words = np.diff(words, axis=1, prepend=np.zeros_like(words[:, :1]))
            encoded = words.astype(words.dtype.newbyteorder(order)).tobytes()
            if predictor == 3:
                planes = words.astype(words.dtype.newbyteorder(">")).reshape(len(strip), -1, 1)
                planes = planes.view("u1").transpose(0, 2, 1).reshape(len(strip), -1, bands)
                encoded = np.diff(planes, axis=1, prepend=np.zeros_like(planes[:, :1])).tobytes()
        encoded = ENCODERS[compression](encoded)
        strips.append(encoded.translate(REVERSED) if fill_order == 2 else encoded)
    at = 8
    offsets = []
    for strip in strips:
        offsets.append(at)
        at += len(strip)
    at += at % 2
    short, long = (3, "H"), (4, "I")
    tags = [
        (256, *long, [columns]),
        (257, *long, [rows]),
        (258, *short, [bits] * bands),
        (259, *short, [compression]),
        (262, *short, [6 if subsampling else 1]),
        (266, *short, [fill_order]),
        (273, *long, offsets),
        (277, *short, [bands]),
        (278, *long, [strip_rows]),
        (279, *long, [len(strip) for strip in strips]),
        (317, *short, [predictor]),
        (338, *short, [] if subsampling else [0] * (bands - 1)),
        (530, *short, SUBSAMPLINGS.get(subsampling, [])),
        (339, *short, [{"u": 1, "i": 2, "f": 3}[kind]] * bands),
    ]
    tags = [tag for tag in tags if tag[3]]
    values_at = at + 2 + 12 * len(tags) + 4
    directory, values = struct.pack(order + "H", len(tags)), b""
    for tag, kind, letter, numbers in tags:
        packed = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        if len(packed) > 4:
            where = struct.pack(order + "I", values_at + len(values))
            values += packed + b"\0" * (len(packed) % 2)
        else:
            where = packed.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, len(numbers)) + where
    body = b"".join(strips)
    with open(path, "wb") as file:
        file.write((b"MM" if big_endian else b"II") + struct.pack(order + "HI", 42, at))
        file.write(body + b"\0" * (at - 8 - len(body)))
        file.write(directory + struct.pack(order + "I", 0) + values)


def handmade_cases():
    for compression, dtype, bits, bands in itertools.product([1, 8], ["uint8", "uint16"], [None, 1, 4], [1, 3]):
        if bits is None or dtype == "uint8":
            yield {"fill_order": 2, "compression": compression, "dtype": dtype, "bits": bits, "bands": bands}
    for dtype, predictor, strip_rows in itertools.product(["uint8", "uint16"], [1, 2], [13, ROWS]):
        yield {"compression": 5, "dtype": dtype, "predictor": predictor, "strip_rows": strip_rows, "bands": 1}
    # libtiff ignores the tag without compression.
    yield {"compression": 1, "dtype": "uint16", "predictor": 2, "bands": 1, "written_predictor": 1}
    for subsampling, progressive, restarts in itertools.product(SUBSAMPLINGS, [False, True], [0, 1]):
        case = {"compression": 7, "dtype": "uint8", "bands": 3, "strip_rows": 16, "subsampling": subsampling}
        yield {**case, "progressive": progressive, "restart_marker_rows": restarts}
    for predictor, big_endian, bands in itertools.product([1, 2, 3], [False, True], [1, 3]):
        yield {"compression": 8, "dtype": "float16", "predictor": predictor, "big_endian": big_endian, "bands": bands}


def write_handmade_case(directory, case):
    name = "-".join(["handmade", *(f"{key}-{value}" for key, value in case.items())])
    path = directory / f"{name}.tif"
    options = {key: value for key, value in case.items() if key not in ["dtype", "bands", "written_predictor"]}
    write_by_hand(path, terrain(case["dtype"], case["bands"], bits=case.get("bits")), **options)
    return record(directory, name, path, case, *(["JPEG", "YCBCR"] if "subsampling" in case else []))


def generate(task):
    directory, kind, case = task
    return (write_gdal_case if kind == "gdal" else write_handmade_case)(directory, case)


def read_existing(directory, path):
    stem = Path(path).stem
    try:
        with rasterio.open(path) as file:
            levels = len(file.overviews(1))
            compression = (file.compression.name if file.compression else "none").upper()
            photometric = file.photometric.name.upper() if file.photometric else "none"
    except Exception as error:  # noqa: BLE001
        yield {"name": path, "skipped": f"GDAL does not open it: {error}"}
        return
    properties = {"compress": compression, "photometric": photometric}
    for level in range(levels + 1):
        name = f"{stem}-{abs(hash(path))}-{level}"
        try:
            yield record(directory, name, path, properties, compression, photometric, level)
        except Exception as error:  # noqa: BLE001
            yield {"name": f"{path}, level {level}", "skipped": f"GDAL does not read it: {error}"}


def main():
    command, directory, *files = sys.argv[1:]
    directory = Path(directory)
    if command == "read":
        for path in files:
            for line in read_existing(directory, path):
                print(json.dumps(line))
        return
    tasks = [(directory, "gdal", case) for case in gdal_cases()]
    tasks += [(directory, "handmade", case) for case in handmade_cases()]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for line in pool.imap(generate, tasks, chunksize=16):
            print(json.dumps(line))


if __name__ == "__main__":
    main()
