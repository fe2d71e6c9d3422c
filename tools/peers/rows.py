"""The rows of the table: what is measured, with which tools, and what this project aims at."""

from dataclasses import dataclass

OURS = "this project"


@dataclass(frozen=True)
class Row:
    """Work that is measured."""

    name: str
    tools: tuple[str, ...]
    fresh: bool = False  # in a process of its own each time
    delayed: bool = False  # from the server that waits before each response
    stac: bool = False  # from the STAC API
    million: bool = False  # with the million records
    rounds: int | None = None  # at most so many: they take minutes


ROWS = [
    Row("hot_read", (OURS, "rasteret", "rasterio", "async-geotiff")),
    Row("cold_read", (OURS, "rasteret", "rasterio", "async-geotiff"), fresh=True, delayed=True),
    Row("large_read", (OURS,), fresh=True),
    Row("header_build", (OURS, "rasteret", "rasterio", "async-geotiff"), fresh=True, delayed=True),
    Row("headers", (OURS, "rasteret", "rasterio", "async-geotiff"), fresh=True),
    Row("headers_delayed", (OURS, "rasteret", "rasterio", "async-geotiff"), fresh=True, delayed=True),
    Row("ingest", (OURS, "rasteret"), fresh=True, stac=True),
    Row("find_plan", (OURS, "rasteret", "duckdb")),
    Row("one_header", (OURS, "rasteret", "duckdb")),
    Row("size", (OURS, "rasteret")),
    Row("count", (OURS, "rasteret", "duckdb")),
    Row("export", (OURS, "rasteret", "duckdb"), fresh=True, million=True, rounds=2),
    Row("import", (OURS,), fresh=True, million=True, rounds=2),
    Row("sample", (OURS, "rasteret", "rasterio")),
    Row("warp_nearest", (OURS, "rasterio")),
    Row("warp_bilinear", (OURS, "rasterio")),
    Row("warp_cubic", (OURS, "rasterio")),
    Row("inflate", ("floor",)),
    Row("raw_http", ("floor",)),
]


@dataclass(frozen=True)
class Target:
    """What this project aims at: so many times less than a peer, or an absolute figure."""

    times: float | None = None
    than: tuple[str, ...] = ()  # the best of these; of all peers, where there are none
    at_most: float | None = None

    def limit(self, values: dict[str, float]) -> float | None:
        """The largest value of ours that reaches it, given the peers' values."""
        if self.at_most is not None:
            return self.at_most
        peers = [value for tool, value in values.items() if tool in (self.than or values) and tool != OURS]
        return min(peers) / self.times if peers else None


@dataclass(frozen=True)
class Line:
    """A line of the table: one figure of a row."""

    row: str
    title: str
    figure: str  # which figure of a measurement, or of its output, or which part of its output in a second
    unit: str
    targets: tuple[Target, ...] = ()


LINES = [
    Line("hot_read", "**Hot AOI read**: 5.1 km (510² pixels, four tiles) of 8 scenes × 2 bands, in a process that has "
         "already read", "seconds", "s", (Target(times=3),)),
    Line("cold_read", "**Cold AOI read**: the same by a fresh process, 20 ms a request; start and imports included",
         "process_seconds", "s", (Target(times=5),)),
    Line("cold_read", "The same from the first call on, without start and imports", "seconds", "s"),
    Line("cold_read", "**Requests** of that read", "requests", "", (Target(at_most=32),)),
    Line("cold_read", "Bytes of that read", "bytes", "MB"),
    Line("cold_read", "**Peak memory** of that read", "peak_memory", "MB", (Target(at_most=120e6),)),
    Line("large_read", "**Peak memory** of a read of 10.7 GB of tiles (160 whole scenes × 2 bands, without overviews) "
         "into 64² pixels each", "peak_memory", "MB"),
    Line("large_read", "The same", "seconds", "s"),
    Line("header_build", "**Header build**: 16 remote COGs, 20 ms a request, a fresh process after its imports",
         "seconds", "s", (Target(times=5, than=("rasteret",)),)),
    Line("header_build", "Requests of that build", "requests", "", (Target(at_most=16),)),
    Line("headers", "**Headers** of 2,000 remote COGs (1,000 records × 2 bands of 121 tiles and four overviews) built into a "
         "collection", "seconds", "s", (Target(times=5, than=("rasteret",)),)),
    Line("headers", "Headers a second", "per_second.headers", ""),
    Line("headers_delayed", "The same, 20 ms a request", "seconds", "s", (Target(times=5, than=("rasteret",)),)),
    Line("headers_delayed", "Headers a second", "per_second.headers", ""),
    Line("headers_delayed", "Requests of that build", "requests", "", (Target(at_most=2000),)),
    Line("headers_delayed", "Peak memory of that build", "peak_memory", "MB"),
    Line("ingest", "**STAC ingest**: 20,000 Sentinel-2 items of an API into a collection, 351 MB of JSON, without headers",
         "seconds", "s"),
    Line("ingest", "Items a second", "per_second.records", ""),
    Line("ingest", "Requests of that ingest", "requests", ""),
    Line("ingest", "Peak memory of that ingest", "peak_memory", "MB"),
    Line("find_plan", "**Find + plan**: by bbox among 100,000 records × 2 bands × 121 tiles, the 400 matching headers "
         "handed back", "seconds", "s", (Target(times=500, than=("rasteret",)), Target(times=80, than=("duckdb",)))),
    Line("one_header", "**One header by scene id**, the same collection", "seconds", "s", (Target(at_most=20e-6),)),
    Line("size", "**Size** of that collection", "output.bytes", "MB", (Target(times=1, than=("rasteret",)),)),
    Line("count", "**Count** of `cloud_cover < 10` over those records", "seconds", "s",
         (Target(times=20, than=("rasteret",)),)),
    Line("export", "**Export** of 1,000,000 records × 2 bands × 121 tiles to Parquet by year and month (two rounds)", "seconds", "s",
         (Target(times=1, than=("rasteret",)),)),
    Line("export", "Size of that export", "output.bytes", "MB", (Target(times=1, than=("rasteret",)),)),
    Line("export", "Peak memory of that export", "peak_memory", "MB"),
    Line("import", "**Import** of that export into a new database, headers and all, and compaction (two rounds)", "seconds", "s"),
    Line("import", "Size of that database", "output.bytes", "MB"),
    Line("import", "Peak memory of that import", "peak_memory", "MB"),
    Line("sample", "**Point sampling**: 10,000 points × 8 scenes × 1 band, local files", "seconds", "s",
         (Target(times=15, than=("rasterio",)),)),
    Line("warp_nearest", "**Warp** of a 4096² band, 32643 → 32644, 4 threads: nearest", "seconds", "s", (Target(times=1),)),
    Line("warp_bilinear", "The same: bilinear", "seconds", "s", (Target(times=1),)),
    Line("warp_cubic", "The same: cubic", "seconds", "s", (Target(times=1),)),
]
