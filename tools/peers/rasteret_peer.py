"""rasteret 0.4.1 in Python, used as its documentation shows: https://terrafloww.github.io/rasteret/.

`prepare` builds its collections; the rows load them from Parquet.
"""

import json
import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import rasteret
import records
import shapely
from obstore.store import HTTPStore
from peer import (
    AREA,
    BANDS,
    EPSG,
    RECORD,
    RECORDS_BOX,
    RECORDS_CLOUD_COVER,
    STAC_BANDS,
    STAC_COLLECTION,
    Context,
    exported,
    headers,
    pixels,
    serve,
)
from rasteret.cloud import ObstoreBackend
from rasteret.constants import COG_BAND_METADATA_STRUCT
from rasteret.ingest.normalize import build_collection_from_table
from rasteret.ingest.stac_indexer import StacCollectionBuilder


def build(items: list[dict], base: str, http: ObstoreBackend | None, folder):
    """A collection of scenes, their headers read from `base`."""
    times = [datetime.fromisoformat(item["properties"]["datetime"]).replace(tzinfo=None) for item in items]
    table = pa.table(
        {
            "id": [item["id"] for item in items],
            "datetime": pa.array(times, pa.timestamp("us")),
            "geometry": [shapely.to_wkb(shapely.from_geojson(json.dumps(item["geometry"]))) for item in items],
            "assets": [
                {band: {"href": f"{base}/{item['id']}/{band}.tif"} for band in BANDS} for item in items
            ],
            "proj:epsg": pa.array([item["properties"]["proj:epsg"] for item in items], pa.int32()),
        }
    )
    return rasteret.build_from_table(
        table,
        name="scenes",
        enrich_cog=True,
        band_codes=BANDS,
        workspace_dir=folder,
        force=True,
        backend=http,
    )


def backend(base: str) -> ObstoreBackend:
    """How it reads over HTTP. The one that it makes by itself is the same, but refuses URLs without TLS."""
    store = HTTPStore.from_url(base, client_options={"allow_http": True})
    return ObstoreBackend(store, url_prefix=f"{base}/")


def prepare(context: Context):
    def work():
        build(context.items(), context.base, backend(context.base), context.work / "rasteret")
        build(context.items(), str(context.scenes), None, context.work / "rasteret-local")
        make(context.records / "rasteret", records.COUNT)

    return work, lambda _: {}


def prepare_million(context: Context):
    return lambda: make(context.records / "rasteret-million", records.MILLION), lambda _: {}


def make(folder: Path, count: int) -> None:
    """A collection of records, if there is none."""
    if not folder.exists():
        # Under another name until it is whole.
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        table = records.table(BANDS, COG_BAND_METADATA_STRUCT, count)
        build_collection_from_table(table, name="records", workspace_dir=part)
        part.rename(folder)


def scenes(context: Context, name: str = "rasteret"):
    """The scenes of zone 43."""
    return rasteret.load(context.work / name).where(ds.field("proj:epsg") == EPSG)


def read(collection, http) -> np.ndarray:
    return collection.get_numpy(geometries=AREA, geometry_crs=EPSG, bands=BANDS, backend=http)


def cube(pixels_: np.ndarray) -> dict:
    return pixels(pixels_.reshape(-1, *pixels_.shape[-2:]))


def hot_read(context: Context):
    collection, http = scenes(context), backend(context.base)
    return lambda: read(collection, http), cube


def cold_read(context: Context):
    return lambda: read(scenes(context), backend(context.base)), cube


def header_build(context: Context):
    items = context.read_items()
    work = lambda: build(items, context.base, backend(context.base), context.work / "rasteret-again")  # noqa: E731
    return work, lambda collection: {"headers": len(collection) * len(BANDS)}


def headers_of_many(context: Context):
    items, base = context.items("headers"), f"{context.base}/headers"
    work = lambda: build(items, base, backend(context.base), context.work / "rasteret-many")  # noqa: E731
    return work, lambda collection: {"headers": built_headers(collection)}


def built_headers(collection) -> int:
    """How many a collection has: a file that cannot be read leaves a null."""
    table = collection.to_table(columns=[f"{band}_metadata" for band in BANDS])
    return sum(len(column) - column.null_count for column in table.columns)


class Indexer(StacCollectionBuilder):
    """Its indexer without the step that reads headers, which cannot be left out: the hrefs go on as they are."""

    async def _enrich_with_cog_metadata(self, items: list[dict]) -> list[dict]:
        no_header = dict.fromkeys(("width", "height", "tile_width", "tile_height", "dtype", "transform", "predictor"))
        no_header |= dict.fromkeys(("compression", "tile_offsets", "tile_byte_counts", "pixel_scale", "tiepoint"))
        return [
            {"record_id": item["id"], "band": band, "href": item["assets"][asset]["href"], "band_index": 0, **no_header}
            for item in items
            for band, asset in self.band_map.items()
            if asset in item["assets"]
        ]


def ingest(context: Context):
    def work():
        folder = context.work / "rasteret-items"
        shutil.rmtree(folder, ignore_errors=True)
        indexer = Indexer(STAC_COLLECTION, context.stac, workspace_dir=folder, name="items", band_map=STAC_BANDS)
        return indexer.build()

    def summary(collection) -> dict:
        table = collection.to_table(columns=["assets", "eo:cloud_cover"])
        hrefs = [len(asset["href"]) for assets in table["assets"].to_pylist() for asset in assets.values() if asset]
        cloud_cover = round(pc.mean(table["eo:cloud_cover"]).as_py(), 6)
        return {"records": table.num_rows, "assets": len(hrefs), "hrefs": sum(hrefs), "cloud_cover": cloud_cover}

    return work, summary


def find_plan(context: Context):
    collection = rasteret.load(context.records / "rasteret")
    columns = ["id", *(f"{band}_metadata" for band in BANDS)]
    return lambda: collection.subset(bbox=RECORDS_BOX).to_table(columns=columns), headers


def one_header(context: Context):
    collection = rasteret.load(context.records / "rasteret")
    column = f"{BANDS[1]}_metadata"
    return lambda: collection.where(ds.field("id") == RECORD).to_table(columns=[column]), headers


def count(context: Context):
    collection = rasteret.load(context.records / "rasteret")
    return lambda: len(collection.subset(cloud_cover_lt=RECORDS_CLOUD_COVER)), lambda n: {"count": n}


def size(context: Context):
    files = list((context.records / "rasteret").rglob("*.parquet"))
    return lambda: sum(file.stat().st_size for file in files), lambda n: {"bytes": n}


def export(context: Context):
    def work():
        folder = context.work / "rasteret-exported"
        shutil.rmtree(folder, ignore_errors=True)
        rasteret.load(context.records / "rasteret-million").export(folder)
        return folder

    return work, exported


def sample(context: Context):
    """With a box of its own: without, it makes a condition of each point, and so many overflow its stack."""
    points = [shapely.Point(x, y) for x, y in context.points(10_000)]
    collection = scenes(context, "rasteret-local")
    options = {"bands": BANDS[:1], "geometry_crs": EPSG, "bbox": collection.bounds}
    return lambda: collection.sample_points(points, **options), lambda table: {"rows": table.num_rows, "mean": pc.mean(table["value"]).as_py()}


if __name__ == "__main__":
    rows = [prepare, prepare_million, hot_read, cold_read, header_build, ingest, find_plan, one_header, count, size]
    rows += [export, sample]
    many = {"headers": headers_of_many, "headers_delayed": headers_of_many}
    serve({row.__name__: row for row in rows} | many)
