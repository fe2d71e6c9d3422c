"""How geometries lie to each other as shapely has it, for `tests/filters`.

Reads one JSON document from stdin: `geometries` as well-known text, and `conditions`, each an operator, a geometry, and
whether it is the first operand. Writes one JSON document to stdout: `rows`, for each condition the numbers of the
geometries for which it holds.
"""

import json
import sys

import shapely

request = json.load(sys.stdin)
geometries = shapely.from_wkt(request["geometries"])


def rows(operator, literal, is_first):
    literal = shapely.from_wkt(literal)
    function = getattr(shapely, operator.lower())
    holds = function(literal, geometries) if is_first else function(geometries, literal)
    return [int(row) for row in holds.nonzero()[0]]


json.dump({"rows": [rows(*condition) for condition in request["conditions"]]}, sys.stdout)
