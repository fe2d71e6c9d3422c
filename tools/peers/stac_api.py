"""A small STAC API with 20,000 Sentinel-2 items: those of an item collection, at other places and times.

    python stac_api.py sentinel-2-item-collection.json

prints its URL. It pages through all items, by POST and by GET, with the links of the specification
(https://github.com/radiantearth/stac-api-spec/tree/v1.0.0/item-search#pagination); what a search asks for beside
`limit` is left out of account. All items lie in memory as they are sent, so that the server takes next to no time.
As `rasteret-serve`, it counts requests and bytes. Standard library only.
"""

import json
import sys
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

COUNT = 20_000
COLLECTION = "sentinel-2-c1-l2a"
ZONES = range(10, 50)
REVISIT = timedelta(days=5)
MOST_ITEMS = 1_000  # of a page
CORE, ITEM_SEARCH = (f"https://api.stacspec.org/v1.0.0/{name}" for name in ("core", "item-search"))


def items(templates: list[dict]) -> list[bytes]:
    """Each template in 40 zones, every five days."""
    made = []
    for number in range(COUNT):
        times, place = divmod(number // len(templates), len(ZONES))
        made.append(moved(templates[number % len(templates)], ZONES[place], times))
    return made


def moved(item: dict, zone: int, times: int) -> bytes:
    """An item in another UTM zone, at a later time; its hrefs go with its id."""
    satellite, tile, taken, level = item["id"].split("_")
    later = datetime.fromisoformat(item["properties"]["datetime"]) + times * REVISIT
    by_degrees = 6.0 * (zone - int(tile[1:3]))
    west, south, east, north = item["bbox"]
    rings = [[[x + by_degrees, y] for x, y in ring] for ring in item["geometry"]["coordinates"]]
    stamp = f"{datetime.fromisoformat(taken) + times * REVISIT:%Y%m%dT%H%M%S}"
    new = item | {
        "bbox": [west + by_degrees, south, east + by_degrees, north],
        "geometry": item["geometry"] | {"coordinates": rings},
        "properties": item["properties"]
        | {"datetime": f"{later:%Y-%m-%dT%H:%M:%S.%fZ}", "proj:epsg": 32600 + zone, "mgrs:utm_zone": zone},
    }
    text = json.dumps(new, separators=(",", ":"))
    return text.replace(item["id"], f"{satellite}_T{zone}{tile[3:]}_{stamp}_{level}").encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    items: list[bytes] = []
    stats = {"requests": 0, "bytes": 0}

    def do_GET(self):
        url = urlsplit(self.path)
        match url.path:
            case "/__stats":
                self.send(json.dumps(self.stats).encode(), counted=False)
            case "/":
                self.send(json.dumps(self.landing()).encode())
            case "/search":
                asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
                self.page(asked, lambda token: {"href": f"{self.base}/search?{urlencode(asked | {'token': token})}"})
            case _:
                self.send_error(404)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/search":
            return self.send_error(404)
        link = {"href": f"{self.base}/search", "method": "POST"}
        self.page(asked, lambda token: link | {"body": asked | {"token": token}})

    def do_DELETE(self):
        self.stats.update(requests=0, bytes=0)
        self.send(b"{}", counted=False)

    @property
    def base(self) -> str:
        return f"http://{self.headers['Host']}"

    def landing(self) -> dict:
        def link(rel, method="GET"):
            path = "/search" if rel == "search" else "/"
            return {"rel": rel, "href": f"{self.base}{path}", "method": method, "type": "application/geo+json"}

        return {
            "type": "Catalog",
            "id": "peers",
            "stac_version": "1.0.0",
            "description": "Sentinel-2 at places where it is not",
            "conformsTo": [CORE, ITEM_SEARCH],
            "links": [link("self"), link("root"), link("search"), link("search", "POST")],
        }

    def page(self, asked: dict, after) -> None:
        start = int(asked.get("token", 0))
        features = self.items[start : start + min(int(asked.get("limit", 10)), MOST_ITEMS)]
        end = start + len(features)
        links = [{"rel": "next", "type": "application/geo+json", **after(str(end))}] if end < len(self.items) else []
        rest = {"links": links, "numberMatched": len(self.items), "numberReturned": len(features)}
        head, tail = b'{"type":"FeatureCollection","features":[', b"]," + json.dumps(rest).encode()[1:]
        self.send(head + b",".join(features) + tail)

    def send(self, body: bytes, counted: bool = True) -> None:
        if counted:
            self.stats["requests"] += 1
            self.stats["bytes"] += len(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main() -> None:
    Handler.items = items(json.loads(Path(sys.argv[1]).read_text())["features"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
