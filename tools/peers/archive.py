"""What is served: it is made if it is not there."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

RECORDS = 1_000
FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)


def scenes(folder: Path, synth: Path) -> Path:
    """The scenes that are read, with the many whose headers are."""
    if not (folder / "catalog.json").exists():
        print("Making the scenes: 24 files of 23 MB.", flush=True)
        # The catalogue is written last, so that half a folder has none.
        subprocess.run([synth, "peers", folder], check=True, stdout=subprocess.DEVNULL)
    if not (folder / "headers").exists():
        print("Making the scenes whose headers are read: 2,000 links to 4 files of 11 MB.", flush=True)
        headers(folder / "headers", synth)
    return folder


def headers(folder: Path, synth: Path) -> None:
    """Records of two scenes in turn, whose files are links: to a reader, they are all different."""
    # Under another name until it is whole.
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    subprocess.run([synth, "headers", part], check=True, stdout=subprocess.DEVNULL)
    catalog = json.loads((part / "items.json").read_text())
    scenes, catalog["features"] = catalog["features"], []
    for number in range(RECORDS):
        scene = scenes[number % len(scenes)]
        identifier = f"{scene['id']}_{number:03}"
        taken = f"{FIRST + number * timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}"
        catalog["features"].append(scene | {"id": identifier, "properties": scene["properties"] | {"datetime": taken}})
        (part / identifier).mkdir()
        for file in (part / scene["id"]).glob("*.tif"):
            os.link(file, part / identifier / file.name)
    (part / "items.json").write_text(json.dumps(catalog))
    part.rename(folder)


def stac_items(root: Path) -> Path:
    """Real items, of which the STAC API makes more: of `$RASTERET_TEST_DATA`, else of `../shared/data`."""
    data = Path(os.environ.get("RASTERET_TEST_DATA", root / "../shared/data"))
    path = data / "stac/rustac/sentinel-2-item-collection.json"
    if not path.exists():
        sys.exit(f"there is no {path}, which row ingest is made from; set RASTERET_TEST_DATA, or leave the row out")
    return path
