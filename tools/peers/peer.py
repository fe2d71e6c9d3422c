"""What the peers share: the task, the process that runs it, and how outputs are compared.

A peer is a process. Its one argument is a JSON document, the context (see `Context`); each line on stdin
names a row of the table, with for how many seconds to repeat its work if it is over sooner; each is answered by
one line of JSON on stdout, with the median of the repetitions:

    {"seconds": …, "runs": …, "cpu_seconds": …, "peak_memory": …, "output": {…}}      or      {"error": "…"}

Only the work is timed: not the start of the process, not the imports, not what a peer keeps from one read
to the next, and not the checksums.
"""

import json
import os
import shutil
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BANDS = ["B04", "B08"]
EPSG = 32643

# 5.1 km around a corner of four tiles: 510 × 510 pixels.
AREA = (717_890.0, 1_476_970.0, 722_990.0, 1_482_070.0)
WINDOW = (1793, 1793, 510, 510)  # column, row, width, height

# The bands of the items of the STAC API, and the assets that they are.
STAC_COLLECTION = "sentinel-2-c1-l2a"
STAC_BANDS = {
    "B01": "coastal",
    "B02": "blue",
    "B03": "green",
    "B04": "red",
    "B05": "rededge1",
    "B06": "rededge2",
    "B07": "rededge3",
    "B08": "nir",
    "B8A": "nir08",
    "B09": "nir09",
    "B11": "swir16",
    "B12": "swir22",
    "SCL": "scl",
}

# What is looked for among the 100,000 records: a box that two places share.
RECORDS_BOX = (78.02, 12.9, 78.07, 12.95)
RECORDS_CLOUD_COVER = 10.0
RECORD = "S2A_P0615_042_0_L2A"


@dataclass(frozen=True)
class Context:
    """Where things are."""

    base: str  # URL of the folder of the scenes
    scenes: Path  # the same folder
    work: Path  # what peers make of the scenes, for this run
    records: Path  # what they make of the records that are searched and shared, kept
    stac: str | None  # URL of the STAC API, in a run that needs one

    def items(self, folder: str = ".") -> list[dict]:
        """The STAC items of the scenes, by time; or of those in a folder below."""
        items = json.loads((self.scenes / folder / "items.json").read_text())["features"]
        return sorted(items, key=lambda item: item["properties"]["datetime"])

    def read_items(self) -> list[dict]:
        """Those that are read: the scenes of zone 43."""
        return [item for item in self.items() if item["properties"]["proj:epsg"] == EPSG]

    def paths(self) -> list[str]:
        """The files that are read, relative to the folder: scene by scene, band by band."""
        return [f"{item['id']}/{band}.tif" for item in self.read_items() for band in BANDS]

    def many_paths(self) -> list[str]:
        """The files whose headers are read, relative to the folder."""
        return [f"headers/{item['id']}/{band}.tif" for item in self.items("headers") for band in BANDS]

    def points(self, count: int) -> list[tuple[float, float]]:
        """Points all over the scenes of zone 43, in their CRS, in no order."""
        width = 40_960

        def offset(seed: int) -> float:
            return (splitmix(seed) % (width * 100)) / 100

        return [(699_960 + offset(2 * i), 1_500_000 - offset(2 * i + 1)) for i in range(count)]


def splitmix(seed: int) -> int:
    """The same stream of numbers in every language."""
    mask = (1 << 64) - 1
    x = (seed + 0x9E37_79B9_7F4A_7C15) & mask
    x = ((x ^ x >> 30) * 0xBF58_476D_1CE4_E5B9) & mask
    x = ((x ^ x >> 27) * 0x94D0_49BB_1331_11EB) & mask
    return x ^ x >> 31


def pixels(planes) -> dict:
    """Planes of pixels, for comparing: their checksums, sorted since tools order scenes differently."""
    import numpy as np

    planes = list(planes)
    total = sum(int(plane.sum(dtype=np.uint64)) for plane in planes)
    count = sum(plane.size for plane in planes)
    crcs = sorted(f"{zlib.crc32(np.ascontiguousarray(plane)):08x}" for plane in planes)
    return {
        "planes": len(planes),
        "shape": list(planes[0].shape),
        "mean": total / count,
        "crc": f"{zlib.crc32(' '.join(crcs).encode()):08x}",
    }


def headers(table) -> dict:
    """Headers that were found, and the sum of all tile offsets and byte counts in them."""
    import pyarrow.compute as pc

    columns = [table[name].combine_chunks() for name in table.column_names if name.endswith("_metadata")]
    lists = [pc.struct_field(column, name) for column in columns for name in ("tile_offsets", "tile_byte_counts")]
    total = sum(pc.sum(pc.list_flatten(values)).as_py() or 0 for values in lists)
    return {"headers": table.num_rows * len(columns), "sum": total}


def exported(folder: Path) -> dict:
    """Rows and bytes of the Parquet files in a folder, which is then removed."""
    import pyarrow.parquet as pq

    files = list(folder.rglob("*.parquet"))
    summary = {
        "rows": sum(pq.read_metadata(file).num_rows for file in files),
        "bytes": sum(file.stat().st_size for file in files),
    }
    shutil.rmtree(folder)
    return summary


def warped(destination, transform) -> dict:
    """A warped band: tools may differ by a level or by a pixel at the edge, so there is a mean to compare."""
    valid = destination[destination != 0]
    return {
        "shape": list(destination.shape),
        "origin": [round(transform.c, 6), round(transform.f, 6)],
        "resolution": round(transform.a, 9),
        "valid": int(valid.size),
        "mean": float(valid.mean()),
    }


# A row: takes the context, gets ready, and returns the work to be timed and what summarises its output.
Row = Callable[[Context], tuple[Callable[[], Any], Callable[[Any], dict]]]


def serve(rows: dict[str, Row]) -> None:
    """Answers until stdin ends. A row gets ready when it is first asked for."""
    context = json.loads(sys.argv[1])
    folders = (Path(context[key]) for key in ("scenes", "work", "records"))
    context = Context(context["base"], *folders, context["stac"])
    ready: dict[str, Any] = {}
    for line in sys.stdin:
        name, *repeat = line.split()
        try:
            if name not in ready:
                ready[name] = rows[name](context)
            work, summary = ready[name]
            times, cpu = [], time.process_time()
            while not times or sum(times) < float(repeat[0] if repeat else 0):
                output = None
                started = time.perf_counter()
                output = work()
                times.append(time.perf_counter() - started)
            answer = {
                "seconds": statistics.median(times),
                "runs": len(times),
                "cpu_seconds": (time.process_time() - cpu) / len(times),
                "peak_memory": peak_memory(),
                "output": summary(output),
            }
            output = None
        except Exception as error:  # noqa: BLE001: a peer that fails is a result, too
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        print(json.dumps(answer), flush=True)
    sys.stdout.flush()
    # Event loops and thread pools of some libraries do not end by themselves.
    os._exit(0)


def peak_memory() -> int | None:
    """The most memory that this process had, in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
