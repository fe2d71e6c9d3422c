"""async-geotiff 0.5.1 over obstore, as its documentation reads: https://developmentseed.org/async-geotiff/latest/.

All files at once in one event loop; tiles that touch are fetched in one request, and decoded in its own pool
of threads.
"""

import asyncio

from async_geotiff import GeoTIFF, Window
from obstore.store import HTTPStore

from peer import WINDOW, Context, pixels, serve


def opener(context: Context, paths: list[str] | None = None):
    """Opens the files that are read, or others, all at once."""
    store = HTTPStore.from_url(context.base, client_options={"allow_http": True})
    paths = paths or context.paths()

    async def opened() -> list[GeoTIFF]:
        return await asyncio.gather(*(GeoTIFF.open(path, store=store) for path in paths))

    return opened


async def read(files: list[GeoTIFF]):
    column, row, width, height = WINDOW
    window = Window(col_off=column, row_off=row, width=width, height=height)
    arrays = await asyncio.gather(*(file.read(window=window) for file in files))
    return [array.data[0] for array in arrays]


def hot_read(context: Context):
    """Files stay open: their headers are at hand, their pixels are not (nothing here keeps any)."""
    loop = asyncio.new_event_loop()
    files = loop.run_until_complete(opener(context)())
    return lambda: loop.run_until_complete(read(files)), pixels


def cold_read(context: Context):
    """There is nowhere to keep a header, so that a new process reads them again."""
    opened = opener(context)

    async def work():
        return await read(await opened())

    return lambda: asyncio.run(work()), pixels


def header_build(context: Context, paths: list[str] | None = None):
    opened = opener(context, paths)
    return lambda: asyncio.run(opened()), lambda files: {"headers": len(files)}


def headers(context: Context):
    return header_build(context, context.many_paths())


if __name__ == "__main__":
    rows = [hot_read, cold_read, header_build, headers]
    serve({row.__name__: row for row in rows} | {"headers_delayed": headers})
