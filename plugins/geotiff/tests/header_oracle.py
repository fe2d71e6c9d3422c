"""What rasterio says about rasters, for the header tests to compare with.

    header_oracle.py describe     paths, one a line, on standard input: JSON, one object a line
    header_oracle.py compare      JSON list of pairs of CRS definitions: JSON list of differences
    header_oracle.py write DIR    writes rasters of many CRSs and kinds: JSON list of their paths

Needs rasterio and pyproj.
"""

import json
import math
import os
import sys
import warnings

import numpy as np
import pyproj
import rasterio
import rasterio.control
import rasterio.shutil
import rasterio.windows
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.transform import Affine

warnings.filterwarnings("error", category=rasterio.errors.NotGeoreferencedWarning)


def blocks(source, shape, block, band, level=None):
    """Offset and size of each block of a band, row by row; null for sparse blocks."""
    across, down = -(-shape[1] // block[1]), -(-shape[0] // block[0])

    def item(name, x, y):
        value = source.get_tag_item(f"{name}_{x}_{y}", "TIFF", bidx=band, ovr=level)
        return None if value is None else int(value)

    return [(item("BLOCK_OFFSET", x, y), item("BLOCK_SIZE", x, y)) for y in range(down) for x in range(across)]


def colormap(source):
    try:
        return {str(index): color for index, color in source.colormap(1).items()}
    except ValueError:
        return None


def number(value):
    """JSON has neither NaN nor infinities, and readers may lose the last digits."""
    return None if value is None else repr(float(value) if isinstance(value, np.floating) else value)


def image(source, level=None):
    return {
        "shape": source.shape,
        "block": source.block_shapes[0],
        "dtype": source.dtypes[0],
        "count": source.count,
        "tiles": [blocks(source, source.shape, source.block_shapes[0], band) for band in source.indexes],
    }


def directories(path):
    """The images of all directories of the chain."""
    images = []
    for index in range(1, 64):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with rasterio.open(f"GTIFF_DIR:{index}:{path}") as source:
                    images.append(image(source))
        except rasterio.errors.RasterioIOError:
            break
    return images


def describe(path):
    georeferenced = True
    try:
        source = rasterio.open(path)
    except rasterio.errors.NotGeoreferencedWarning:
        georeferenced = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = rasterio.open(path)
    except rasterio.errors.RasterioIOError as error:
        return {"error": str(error)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points, points_crs = source.gcps
        crs = points_crs if points else source.crs
        overviews = []
        for level in range(len(source.overviews(1))):
            with rasterio.open(path, overview_level=level) as overview:
                overviews.append({
                    "shape": overview.shape,
                    "block": overview.block_shapes[0],
                    "tiles": [
                        blocks(source, overview.shape, overview.block_shapes[0], band, level) for band in source.indexes
                    ],
                    "has_mask": has_mask(overview),
                })
        return {
            "image": image(source),
            "overviews": overviews,
            "has_mask": has_mask(source),
            "directories": directories(path),
            "transform": list(map(number, source.transform.to_gdal())) if georeferenced and not points else None,
            "gcps": len(points),
            "crs": crs.to_wkt() if crs else None,
            "is_point": source.tags().get("AREA_OR_POINT") == "Point",
            "nodata": number(source.nodata),
            "colors": [color.name for color in source.colorinterp],
            "descriptions": source.descriptions,
            "scales": list(map(number, source.scales)),
            "offsets": list(map(number, source.offsets)),
            "units": source.units,
            "colormap": colormap(source),
        }


def has_mask(source):
    """Whether there is a mask of all bands, or one of each, for which there is no flag."""
    flags = source.mask_flag_enums[0]
    return not flags or MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def transformed(source, target, longitudes, latitudes):
    """Projected points, or None if PROJ has no way from one CRS to the other."""
    try:
        transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
        return np.array(transformer.transform(longitudes.ravel(), latitudes.ravel()))
    except pyproj.exceptions.ProjError:
        return None


def difference(ours, theirs):
    """Whether two CRSs are equal, and how many metres apart they put the same points at most."""
    try:
        ours, theirs = pyproj.CRS.from_user_input(ours), pyproj.CRS.from_wkt(theirs)
    except pyproj.exceptions.CRSError as error:
        return {"error": str(error)}
    if theirs.is_compound:
        theirs = theirs.sub_crs_list[0]
    if theirs.is_geographic and len(theirs.axis_info) == 3:
        theirs = theirs.to_2d()
    result = {"equal": ours == theirs or ours.equals(theirs, ignore_axis_order=True), "metres": 0.0, "points": 0}
    if theirs.is_engineering:
        return result
    longitudes, latitudes = np.meshgrid(np.arange(-179.0, 180.0, 7.0), np.arange(-89.0, 90.0, 5.3))
    # From the CRS's own datum, and from WGS 84, where both are on earth.
    sources = [theirs.geodetic_crs] + [pyproj.CRS("OGC:CRS84")] * (theirs.ellipsoid.semi_major_metre > 6.3e6)
    for source in sources:
        if source is None or source.is_geocentric:
            continue
        ours_xy, theirs_xy = (transformed(source, target, longitudes, latitudes) for target in (ours, theirs))
        if ours_xy is None or theirs_xy is None:
            # What PROJ cannot compute in theirs, it should not in ours.
            result["unusable"] = True
            result["metres"] = 0.0 if ours_xy is theirs_xy else math.inf
            return result
        finite = np.isfinite(theirs_xy).all(axis=0)
        if not (np.isfinite(ours_xy).all(axis=0) == finite).all():
            return {**result, "metres": math.inf}
        metres = theirs.axis_info[0].unit_conversion_factor
        if theirs.is_geographic:
            metres *= theirs.ellipsoid.semi_major_metre
        # Far from its origin a projection magnifies the last bit.
        with np.errstate(invalid="ignore"):
            near = finite & (np.abs(theirs_xy) * metres < 4e7).all(axis=0)
        if near.any():
            apart = np.abs(ours_xy[:, near] - theirs_xy[:, near]).max() * metres
            result["metres"] = max(result["metres"], float(apart))
            result["points"] += int(near.sum())
    return result


def write(path, crs=None, shape=(8, 8), count=1, dtype="uint8", transform=Affine(10, 0, 1000, 0, -10, 2000), after=None, **options):
    """Writes a raster of zeros; `after` may change the open dataset."""
    with rasterio.open(
        path, "w", driver="GTiff", width=shape[1], height=shape[0], count=count, dtype=dtype,
        crs=CRS.from_user_input(crs) if crs else None, transform=transform, **options,
    ) as target:
        target.write(np.zeros((count, *shape), dtype))
        if after:
            after(target)
    return path


USER_DEFINED = [
    "+proj=tmerc +lat_0=5 +lon_0=12.5 +k=0.9998 +x_0=300000 +y_0=-50000 +ellps=GRS80",
    "+proj=tmerc +lat_0=0 +lon_0=21 +k=1 +axis=wsu +ellps=WGS84",
    "+proj=utm +zone=33 +ellps=intl",
    "+proj=utm +zone=33 +south +datum=NAD27",
    "+proj=lcc +lat_1=33 +lat_2=45 +lat_0=39 +lon_0=-96 +x_0=1000 +y_0=2000 +datum=NAD83",
    "+proj=lcc +lat_1=46.5 +lat_0=46.5 +lon_0=3 +k_0=0.99987742 +x_0=600000 +y_0=2200000 +ellps=clrk80ign",
    "+proj=lcc +lat_1=46.8 +lat_0=46.8 +lon_0=0 +k_0=0.99987742 +x_0=600000 +y_0=2200000 +a=6378249.2 +b=6356515"
    " +towgs84=-168,-60,320,0,0,0,0 +pm=paris",
    "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +datum=NAD27 +units=us-ft",
    "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +towgs84=1,2,3,0.1,0.2,0.3,4",
    "+proj=laea +lat_0=-90 +lon_0=0 +datum=WGS84",
    "+proj=stere +lat_0=90 +lat_ts=71 +lon_0=-45 +datum=WGS84",
    "+proj=stere +lat_0=-90 +lon_0=0 +k=0.994 +x_0=2000000 +y_0=2000000 +ellps=WGS84",
    "+proj=stere +lat_0=40 +lon_0=10 +k=0.9999 +datum=WGS84",
    "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000 +ellps=bessel",
    "+proj=merc +lon_0=20 +k=0.997 +x_0=3900000 +y_0=900000 +ellps=bessel",
    "+proj=merc +lat_ts=42 +lon_0=51 +ellps=krass",
    "+proj=eqc +lat_ts=30 +lon_0=10 +datum=WGS84",
    "+proj=eqc +lat_ts=30 +lat_0=10 +lon_0=10 +R=3396190",
    "+proj=sinu +lon_0=90 +R=6371007.181",
    "+proj=cea +lat_ts=30 +lon_0=10 +datum=WGS84",
    "+proj=ortho +lat_0=20 +lon_0=30 +R=6371000",
    "+proj=moll +lon_0=10 +datum=WGS84",
    "+proj=robin +lon_0=0 +datum=WGS84",
    "+proj=vandg +lon_0=5 +R=6371000",
    "+proj=mill +lon_0=-20 +R=6371000",
    "+proj=gnom +lat_0=40 +lon_0=-100 +R=6371000",
    "+proj=aeqd +lat_0=53 +lon_0=24 +x_0=5837287 +y_0=2121415 +datum=WGS84",
    "+proj=eqdc +lat_1=60 +lat_2=40 +lat_0=50 +lon_0=30 +ellps=GRS80",
    "+proj=poly +lat_0=0 +lon_0=-54 +x_0=5000000 +y_0=10000000 +ellps=aust_SA",
    "+proj=cass +lat_0=10.44166666666667 +lon_0=-61.33333333333334 +x_0=86501 +y_0=65379 +a=6378293.645 +b=6356617.987",
    "+proj=nzmg +lat_0=-41 +lon_0=173 +x_0=2510000 +y_0=6023150 +datum=nzgd49",
    "+proj=omerc +lat_0=4 +lonc=115 +alpha=53.31582047222222 +gamma=53.13010236111111 +k=0.99984 +ellps=evrstSS",
    "+proj=omerc +no_uoff +lat_0=4 +lonc=115 +alpha=53.31582047222222 +gamma=53.13010236111111 +k=0.99984 +ellps=evrstSS",
    "+proj=laea +lat_0=52 +lon_0=10 +ellps=bessel +to_meter=0.5",
    "+proj=tmerc +lon_0=9 +k=0.9996 +ellps=GRS80 +units=ft",
    "+proj=longlat +a=3396190 +b=3376200",
    "+proj=longlat +ellps=clrk66 +pm=ferro",
    "+proj=longlat +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7",
    "ESRI:54009",
    "ESRI:54030",
    "ESRI:102001",
    "ESRI:102100",
    "ESRI:102113",
    "ESRI:103528",
    "IAU_2015:49910",
    "IAU_2015:30130",
]

REGISTERED = [
    4326, 4258, 4269, 4267, 4807, 4979, 3857, 32633, 32733, 25832, 26911, 26711, 2056, 21781, 27572, 27700, 28992, 2154,
    3035, 3031, 3413, 3995, 32661, 2193, 2225, 2263, 3812, 5514, 2049, 2180, 31370, 31287, 3006, 6933, 8857, 9707, 7415, 5070,
]


def crs_files(folder):
    files = []
    for index, crs in enumerate(USER_DEFINED + [f"EPSG:{code}" for code in REGISTERED]):
        is_degrees = CRS.from_user_input(crs).is_geographic
        transform = Affine(0.1, 0, 10, 0, -0.1, 50) if is_degrees else Affine(10, 0, 1000, 0, -10, 2000)
        files.append(write(os.path.join(folder, f"crs-{index:02}.tif"), crs, transform=transform))
    return files


def kind_files(folder):
    """Rasters of many encodings and with much metadata."""

    def path(name):
        return os.path.join(folder, f"{name}.tif")

    def overviews(target):
        target.build_overviews([2, 4, 8], Resampling.nearest)

    def mask(target):
        target.write_mask(np.full(target.shape, 255, "uint8"))

    def describe_bands(target):
        target.descriptions = ["first <&> \"quoted\"", None, "dritter Kanal \u00fc\u00b5"]
        target.scales = [0.0001, 1.0, 1e-20]
        target.offsets = [-0.1, 0.0, 273.15]
        target.units = ["metre", "", "W/(m^2 sr \u00b5m)"]
        target.update_tags(1, role="description", other="value")

    def color(*names):
        def set_colors(target):
            target.colorinterp = [ColorInterp[name] for name in names]
        return set_colors

    def palette(target):
        target.write_colormap(1, {index: (index, 255 - index, index // 2, 255) for index in range(256)})

    files = []
    for dtype in ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]:
        files.append(write(path(f"type-{dtype}"), "EPSG:32633", (300, 200), 2, dtype, tiled=True, blockxsize=64, blockysize=128))
    for bits in [1, 2, 4, 7]:
        files.append(write(path(f"bits-{bits}"), None, (30, 20), nbits=bits))
    for bits in [9, 12, 15]:
        files.append(write(path(f"bits-{bits}"), None, (30, 20), dtype="uint16", nbits=bits))
    for bits in [17, 24, 31]:
        files.append(write(path(f"bits-{bits}"), None, (30, 20), dtype="uint32", nbits=bits))
    for value, dtype in [
        (255, "uint8"), (-9999, "int16"), (-3.4e38, "float32"), (math.nan, "float32"), (-math.inf, "float64"), (0.1, "float64"),
        (2**40, "uint64"), (-(2**40), "int64"), (-3.4028234663852886e38, "float32"), (1e-40, "float32"),
    ]:
        files.append(write(path(f"nodata-{len(files)}"), None, dtype=dtype, nodata=value))
    for compress in ["deflate", "lzw", "zstd", "packbits", "lzma", "lerc", "lerc_deflate", "lerc_zstd", "webp", "jpeg"]:
        for interleave in ["pixel", "band"] if compress != "webp" else ["pixel"]:
            predictor = {"predictor": 2} if compress in ("deflate", "lzw", "zstd") else {}
            name = f"{compress}-{interleave}"
            files.append(write(path(name), None, (120, 130), 3, compress=compress, interleave=interleave, **predictor))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        for options in [{}, {"tiled": True, "blockxsize": 64, "blockysize": 64}, {"bigtiff": "YES"}, {"endianness": "BIG"}]:
            for steps in [(overviews,), (mask, overviews)]:
                file = write(path(f"overviews-{len(files)}"), "EPSG:3857", (300, 500), 3, **options)
                with rasterio.open(file, "r+") as target:
                    for step in steps:
                        step(target)
                files.append(file)
        source = write(path("plain"), "EPSG:3857", (1000, 700), 3, after=mask, photometric="RGB")
        for options in [{}, {"sparse_ok": True}, {"bigtiff": "YES"}, {"compress": "jpeg"}, {"interleave": "band"}]:
            file = path(f"cog-{len(files)}")
            rasterio.shutil.copy(source, file, driver="COG", blocksize=128, **options)
            files.append(file)
        files.append(source)
    files.append(write(path("sparse"), "EPSG:3857", (1, 1), tiled=True))
    for name, options in [("sparse-tiles", {"tiled": True}), ("sparse-strips", {})]:
        with rasterio.open(path(name), "w", driver="GTiff", width=900, height=900, count=2, dtype="uint16", sparse_ok=True, **options) as target:
            target.write(np.ones((10, 10), "uint16"), 2, window=rasterio.windows.Window(600, 600, 10, 10))
        files.append(path(name))
    files.append(write(path("bands"), None, count=3, after=describe_bands))
    files.append(write(path("rgba"), None, count=4, photometric="RGB", alpha="YES"))
    files.append(write(path("rgb-premultiplied"), None, count=4, photometric="RGB", alpha="PREMULTIPLIED"))
    files.append(write(path("rgb-extra"), None, count=5, photometric="RGB"))
    files.append(write(path("gray-alpha"), None, count=2, alpha="YES"))
    files.append(write(path("ycbcr"), None, (64, 64), 3, photometric="YCBCR", compress="jpeg", tiled=True))
    files.append(write(path("cmyk-16"), None, (64, 64), 4, "uint16", photometric="CMYK"))
    files.append(write(path("palette"), None, photometric="PALETTE", after=palette))
    files.append(write(path("white"), None, photometric="MINISWHITE"))
    files.append(write(path("white-bits"), None, photometric="MINISWHITE", nbits=1))
    files.append(write(path("colors"), None, count=6, after=color("nir", "red", "pan", "alpha", "undefined", "gray")))
    files.append(write(path("more-colors"), None, count=6, after=color("sar_ka", "other_ir", "rededge", "Y", "cyan", "hue")))
    for name, transform in [
        ("south-up", Affine(10, 0, 1000, 0, 10, 2000)), ("rotated", Affine(3, 1, 1000, 1, -3, 2000)),
        ("fractions", Affine(1 / 3, 0, -179.99999, 0, -1 / 7, 89.123456789)),
    ]:
        files.append(write(path(name), "EPSG:32633", transform=transform))
        files.append(write(path(f"{name}-point"), "EPSG:32633", transform=transform, after=lambda target: target.update_tags(AREA_OR_POINT="Point")))
    points = [rasterio.control.GroundControlPoint(0, 0, 10, 50), rasterio.control.GroundControlPoint(8, 8, 11, 49)]
    with rasterio.open(path("gcps"), "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8", gcps=points, crs="EPSG:4326"):
        pass
    files.append(path("gcps"))
    # Heights: a scale in the third dimension of the georeference.
    for crs in ["EPSG:9707", "EPSG:4979", "EPSG:6360+4326"]:
        crs = "urn:ogc:def:crs,crs:EPSG::4326,crs:EPSG::6360" if "+" in crs else crs
        for count in [1, 2]:
            def scale(target, count=count):
                target.scales, target.offsets = [0.25] * count, [-100.0] * count
            files.append(write(path(f"heights-{len(files)}"), crs, count=count, after=scale))
    return files


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "describe":
        for line in sys.stdin:
            print(json.dumps(describe(line.rstrip("\n"))), flush=True)
    elif command == "compare":
        json.dump([difference(*pair) for pair in json.load(sys.stdin)], sys.stdout)
    elif command == "write":
        warnings.simplefilter("ignore")
        json.dump(crs_files(*arguments) + kind_files(*arguments), sys.stdout)
