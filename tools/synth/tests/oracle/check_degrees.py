"""Checks degrees of UTM coordinates against pyproj.

usage: check_degrees.py POINTS.json
"""

import json
import pathlib
import sys

import pyproj

worst = 0
points = json.loads(pathlib.Path(sys.argv[1]).read_text())
for zone, north, easting, northing, longitude, latitude in points:
    epsg = (32600 if north else 32700) + zone
    expected = pyproj.Transformer.from_crs(epsg, "OGC:CRS84", always_xy=True).transform(easting, northing)
    east = (longitude - expected[0] + 180) % 360 - 180
    difference = max(abs(east), abs(latitude - expected[1]))
    worst = max(worst, difference)
    if difference > 1e-9:
        sys.exit(f"{epsg} {easting} {northing}: {longitude} {latitude}, not {expected}")
assert points
print(f"{len(points)} points, at most {worst}° apart")
