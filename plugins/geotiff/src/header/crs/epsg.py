"""Writes epsg.tsv: what a user-defined CRS may refer to by EPSG code.

GeoTIFF keys name geographic CRSs, datums, ellipsoids, prime meridians and units by their codes in
the EPSG dataset. This takes the few columns that a WKT definition needs out of PROJ's database
(any Python with pyproj has one):

    python epsg.py > epsg.tsv

Each line is a kind, a code, and values:

    ellipsoid  code  name  semi-major axis in metres  inverse flattening, 0 for a sphere
    meridian   code  name  degrees east of Greenwich
    datum      code  name  ellipsoid  prime meridian
    geographic code  name  datum      angular unit
    length     code  name  metres
    projected  first last  linear unit: projected CRSs whose unit is not the metre
    vertical   first last  linear unit: all vertical CRSs
"""

import math
import os
import sqlite3
from itertools import groupby

import pyproj

db = sqlite3.connect(os.path.join(pyproj.datadir.get_data_dir().split(os.pathsep)[0], "proj.db"))
version = dict(db.execute("SELECT key, value FROM metadata"))
lengths = {code: (name, factor) for code, name, factor in db.execute(
    "SELECT code, name, conv_factor FROM unit_of_measure WHERE auth_name = 'EPSG' AND type = 'length' ORDER BY code")}


def line(*fields):
    print(*fields, sep="\t")


def degrees(value, unit):
    """Degrees of an angle in degrees (EPSG:9102), grads (9105), or D.MMSSsss (9110)."""
    if unit != 9110:
        return value * {9102: 1, 9105: 0.9}[unit]
    whole, fraction = f"{abs(value):.9f}".split(".")
    seconds = float(fraction[2:4] + "." + fraction[4:])
    return math.copysign(int(whole) + int(fraction[:2]) / 60 + seconds / 3600, value)


print(f"# EPSG dataset {version['EPSG.VERSION']} of {version['EPSG.DATE']}, owned by IOGP (https://epsg.org); written by epsg.py")
for code, name, axis, unit, flattening, minor in db.execute(
        "SELECT code, name, semi_major_axis, uom_code, inv_flattening, semi_minor_axis FROM ellipsoid"
        " WHERE auth_name = 'EPSG' ORDER BY code"):
    if flattening is None:
        flattening = 0 if minor == axis else axis / (axis - minor)
    line("ellipsoid", code, name, axis * lengths[unit][1], flattening)
for code, name, longitude, unit in db.execute(
        "SELECT code, name, longitude, uom_code FROM prime_meridian WHERE auth_name = 'EPSG' ORDER BY code"):
    line("meridian", code, name, degrees(longitude, unit))
for code, name, ellipsoid, meridian in db.execute(
        "SELECT code, name, ellipsoid_code, prime_meridian_code FROM geodetic_datum"
        " WHERE auth_name = 'EPSG' AND ellipsoid_auth_name = 'EPSG' ORDER BY code"):
    line("datum", code, name.removesuffix(" ensemble"), ellipsoid, meridian)
for code, name, datum, unit in db.execute(
        "SELECT g.code, g.name, g.datum_code, MIN(a.uom_code) FROM geodetic_crs g JOIN axis a"
        " ON a.coordinate_system_auth_name = g.coordinate_system_auth_name AND a.coordinate_system_code = g.coordinate_system_code"
        " WHERE g.auth_name = 'EPSG' AND g.type = 'geographic 2D' AND g.datum_auth_name = 'EPSG'"
        " GROUP BY g.code ORDER BY g.code"):
    line("geographic", code, name, datum, unit)
for code, (name, factor) in lengths.items():
    line("length", code, name, factor)


def units(kind, table):
    """Runs of consecutive codes in one unit."""
    codes = db.execute(
        f"SELECT DISTINCT c.code, a.uom_code FROM {table} c JOIN axis a"
        " ON a.coordinate_system_auth_name = c.coordinate_system_auth_name AND a.coordinate_system_code = c.coordinate_system_code"
        " WHERE c.auth_name = 'EPSG' AND c.code < 32767 ORDER BY 1").fetchall()
    for (unit, _), run in groupby(enumerate(codes), key=lambda row: (row[1][1], row[1][0] - row[0])):
        run = [code for _, (code, _) in run]
        if kind != "projected" or unit != 9001:
            line(kind, run[0], run[-1], unit)


units("projected", "projected_crs")
units("vertical", "vertical_crs")
