"""The records that searches (100,000) and sharing (a million) are compared on; `src/records.rs` makes the same ones.

1,000 places, 100 or 1,000 times each, by time: footprints of 1° that overlap their neighbours by a tenth; two bands
of 121 tiles, whose byte counts are random.
"""

import numpy as np
import pyarrow as pa
import shapely

COUNT = 100_000
MILLION = 1_000_000
PLACES = 1_000
COLUMNS = 40
TILES = 121
FIRST_OFFSET = 65_536
# Of the tiles' numbers, those of one header: more than a header has tiles, overviews counted.
HEADER_NUMBERS = 256


def splitmix(seeds: np.ndarray) -> np.ndarray:
    x = seeds + np.uint64(0x9E37_79B9_7F4A_7C15)
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58_476D_1CE4_E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D0_49BB_1331_11EB)
    return x ^ x >> np.uint64(31)


def identifier(number: int) -> str:
    return f"S2A_P{number % PLACES:04}_{number // PLACES:03}_0_L2A"


def table(bands: list[str], header: pa.StructType, count: int = COUNT) -> pa.Table:
    """A record table with a column of headers for each band, as rasteret keeps them."""
    numbers = np.arange(count, dtype=np.uint64)
    places, dates = np.divmod(numbers, np.uint64(PLACES))[::-1]
    west = 60.0 + 0.9 * (places % np.uint64(COLUMNS)).astype(float)
    south = -5.0 + 0.9 * (places // np.uint64(COLUMNS)).astype(float)
    datetimes = 1_704_067_200_000_000 + (dates * 5 * 86_400 + places).astype(np.int64) * 1_000_000
    ids = [identifier(number) for number in range(count)]
    href = "https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs/43/P/GQ/2024"
    columns = {
        "id": ids,
        "datetime": pa.array(datetimes).cast(pa.timestamp("us")),
        "geometry": pa.array(shapely.to_wkb(shapely.box(west, south, west + 1.0, south + 1.0)), pa.binary()),
        "assets": [{band: {"href": f"{href}/{id}/{band}.tif"} for band in bands} for id in ids],
        "proj:epsg": pa.array(np.full(count, 32643, np.int32)),
        "collection": pa.array(["sentinel-2-l2a"] * count),
        "eo:cloud_cover": (splitmix(numbers) % np.uint64(10_000)).astype(float) / 100.0,
    }
    for index, band in enumerate(bands):
        seeds = numbers * np.uint64(len(bands)) + np.uint64(index)
        # The numbers behind them would take several times the memory.
        parts = [headers(part, header) for part in np.array_split(seeds, count // COUNT)]
        columns[f"{band}_metadata"] = pa.chunked_array(parts)
    return pa.table(columns)


def headers(seeds: np.ndarray, header: pa.StructType) -> pa.StructArray:
    numbers = seeds[:, None] * np.uint64(HEADER_NUMBERS) + np.arange(TILES, dtype=np.uint64)
    counts = (1_200_000 + splitmix(numbers) % np.uint64(400_000)).astype(np.int64)
    offsets = FIRST_OFFSET + np.cumsum(counts + 8, axis=1) - counts - 8
    transform = [10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0]

    def lists(values: np.ndarray) -> pa.ListArray:
        starts = np.arange(0, values.size + 1, values.shape[1], dtype=np.int32)
        return pa.ListArray.from_arrays(starts, pa.array(values.reshape(-1)))

    values = {
        "image_width": 10_980,
        "image_height": 10_980,
        "tile_width": 1024,
        "tile_height": 1024,
        "dtype": "uint16",
        "transform": transform,
        "predictor": 2,
        "compression": 8,
        "tile_offsets": lists(offsets),
        "tile_byte_counts": lists(counts),
        "pixel_scale": [10.0, 10.0, 0.0],
        "tiepoint": [0.0, 0.0, 0.0, 699_960.0, 1_500_000.0, 0.0],
        "nodata": 0.0,
        "samples_per_pixel": 1,
        "planar_configuration": 1,
        "photometric": 1,
        "extra_samples": None,
    }

    def column(field: pa.Field) -> pa.Array:
        value = values[field.name]
        return value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value, field.type), len(seeds))

    return pa.StructArray.from_arrays([column(field) for field in header], fields=list(header))
