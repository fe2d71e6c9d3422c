"""What pystac reads in STAC documents, for the tests of `plugins/stac`.

Reads {"files": [path], "maps": {collection: [{band: asset}]}} from stdin, and writes a list of items for each file
to stdout. An item comes with the bands that a record of it has: those of the map of its collection that fits best,
else its rasters by their keys, and by the names of their samples where there are several.
"""

import json
import sys
import warnings
from collections import Counter
from datetime import datetime, timezone

import pystac
import shapely
from pystac.extensions.projection import ProjectionExtension
from shapely.geometry import shape

warnings.simplefilter("ignore")

RASTERS = {"image/tiff", "image/vnd.stac.geotiff"}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def microseconds(time):
    if time is None:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    delta = time - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def is_raster(key, asset):
    roles = asset.roles or []
    pictures = {"thumbnail", "overview"}
    if roles and (set(roles) == {"metadata"} or ("data" not in roles and pictures & set(roles))):
        return False
    if not roles and key in pictures | {"preview"}:
        return False
    if asset.media_type:
        return asset.media_type.split(";")[0] in RASTERS
    return asset.href.lower().endswith((".tif", ".tiff"))


def samples(asset):
    entries = asset.extra_fields.get("bands") or asset.extra_fields.get("eo:bands") or []
    return [(entry.get("name"), entry.get("eo:common_name") or entry.get("common_name")) for entry in entries]


def own_bands(item):
    rasters = {key: asset for key, asset in item.assets.items() if is_raster(key, asset)}
    names = Counter(rasters)
    for key, asset in rasters.items():
        called = {name or common for name, common in samples(asset) if name or common}
        names.update(name for name in called if len(samples(asset)) > 1 or name != key)
    bands = {}
    for key, asset in rasters.items():
        if len(samples(asset)) < 2:
            bands[key] = (key, None)
            continue
        for index, (name, common) in enumerate(samples(asset)):
            own = name or common or str(index + 1)
            bands[own if names[own] == 1 else f"{key}_{own}"] = (key, index)
    return bands


def bands_of(item, maps):
    def fitting(bands):
        return sum(key in item.assets for key in bands.values())

    best = max(maps.get(item.collection_id, []), key=fitting, default={})
    if fitting(best):
        return {band: (key, None) for band, key in best.items() if key in item.assets}
    return own_bands(item)


def crs(item, bands):
    for part in [item.assets[key] for key, _ in bands.values()][:1] + [item]:
        projection = ProjectionExtension.ext(part, add_if_missing=True)
        found = projection.code or projection.wkt2 or projection.projjson
        if found:
            return found
    return None


def read(document, file, maps):
    item = pystac.Item.from_dict(document, preserve_dict=True)
    if item.get_self_href() is None:
        item.set_self_href(file)
    bands = bands_of(item, maps)
    return {
        "id": item.id,
        "datetime": microseconds(item.datetime or item.common_metadata.start_datetime),
        "end_datetime": microseconds(item.common_metadata.end_datetime),
        # pystac has no place for a collection among the properties, as there was up to STAC 0.7.
        "collection": item.collection_id or item.properties.get("collection"),
        "bbox": item.bbox,
        "geometry": shapely.to_wkb(shape(item.geometry), hex=True, output_dimension=2, byte_order=1),
        "crs": crs(item, bands),
        "cloud_cover": item.properties.get("eo:cloud_cover"),
        "bands": {band: [item.assets[key].get_absolute_href(), index] for band, (key, index) in bands.items()},
    }


def documents(document):
    if isinstance(document, list):
        return document
    return document.get("features") or ([document] if document.get("type") == "Feature" else [])


def main():
    request = json.load(sys.stdin)
    answers = []
    for file in request["files"]:
        with open(file, encoding="utf-8") as text:
            document = json.load(text)
        answers.append([read(item, file, request["maps"]) for item in documents(document)])
    json.dump(answers, sys.stdout)


main()
