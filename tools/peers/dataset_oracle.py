"""What rasterio merges, xarray opens, and pyproj says of CRSs, for `tests/dataset`.

Reads one JSON document from stdin: `folder`, where arrays are written to, and `merges`, `stores` or `systems`,
lists of cases. Writes one JSON document with the answers to stdout; those of stores are null where there is no xarray.
"""

import warnings
from contextlib import ExitStack
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyproj
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.merge import merge
from rasterio.transform import Affine

import oracle

warnings.simplefilter("ignore", NotGeoreferencedWarning)


def merged(case, out):
    """The planes of a case, merged into `out`. Each is a file of samples of `dtype`, which is not valid where
    it has the value `nodata`."""
    with ExitStack() as stack:
        sources = []
        for plane in case["planes"]:
            pixels = np.fromfile(plane["path"], case["dtype"]).reshape(1, *plane["shape"])
            _, height, width = pixels.shape
            profile = {"driver": "GTiff", "count": 1, "height": height, "width": width, "crs": case["crs"]}
            profile |= {"dtype": pixels.dtype, "nodata": case["nodata"], "transform": Affine(*plane["transform"])}
            file = stack.enter_context(MemoryFile())
            with file.open(**profile) as raster:
                raster.write(pixels)
            sources.append(stack.enter_context(file.open()))
        pixels, transform = merge(sources, method=case["method"])
    out.write_bytes(pixels[0].tobytes())
    return {"out": str(out), "shape": pixels.shape[1:], "dtype": pixels.dtype.name, "transform": transform[:6]}


def opened(case, out):
    """What a store is to xarray and rioxarray. The samples of each variable as they are, and after them as they
    are decoded (`float64`), are written to files that begin with `out`."""
    import rioxarray  # noqa: F401
    import xarray

    path = case["path"]
    with warnings.catch_warnings():
        # Among these is that there is no consolidated metadata.
        warnings.simplefilter("error")
        data = xarray.open_zarr(path)
        raw = xarray.open_zarr(path, consolidated=False, mask_and_scale=False)
    dense = xarray.open_zarr(path, consolidated=False)
    xarray.testing.assert_identical(data, dense[list(data)])
    variables = {}
    for number, (name, variable) in enumerate(data.items()):
        samples, file = raw[name].values, Path(f"{out}.{number}")
        file.write_bytes(samples.tobytes() + variable.values.astype("f8").tobytes())
        variables[name] = {
            "out": str(file),
            "dims": variable.dims,
            "coords": sorted(map(str, variable.coords)),
            "shape": samples.shape,
            "dtype": samples.dtype.name,
            "decoded": variable.dtype.name,
            "fill": None if "_FillValue" not in raw[name].attrs else str(raw[name].attrs["_FillValue"]),
            "nodata": None if variable.rio.encoded_nodata is None else str(variable.rio.encoded_nodata),
            "attributes": variable.attrs,
            "chunks": variable.encoding["chunks"],
            "transform": variable.rio.transform()[:6],
            "recalculated": variable.rio.transform(recalc=True)[:6],
        }
    return {
        "variables": variables,
        "order": list(data),
        "dims": dict(data.sizes),
        "attributes": data.attrs,
        "time": data["time"].values.astype("datetime64[us]").astype("i8").tolist(),
        "time_dtype": data["time"].dtype.kind,
        "geometry": data["geometry"].values.tolist(),
        "y": data["y"].values.tolist(),
        "x": data["x"].values.tolist(),
        "axes": {name: dict(data[name].attrs) for name in "yx"},
        "epsg": data.rio.crs.to_epsg(),
        "grid_mapping": data["spatial_ref"].attrs,
    }


def system(crs, _):
    """The CRS as attributes of the CF conventions, without its WKT."""
    attributes = pyproj.CRS(crs).to_cf()
    attributes.pop("crs_wkt")
    return attributes


def has_xarray():
    if not all(map(find_spec, ["rioxarray", "xarray", "zarr"])):
        return False
    return int(version("zarr").split(".")[0]) >= 3


if __name__ == "__main__":
    oracle.answer({"merges": merged, "stores": opened if has_xarray() else None, "systems": system})
