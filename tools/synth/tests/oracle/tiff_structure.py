"""Reads the structure of a TIFF file, and holds it to the rules of a cloud optimized GeoTIFF.

The rules are those of GDAL's validate_cloud_optimized_geotiff.py with a full check, applied to every
directory, masks included.
"""

import struct

FORMATS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 11: "f", 12: "d", 16: "Q"}


class Directory:
    def __init__(self, offset, end, tags):
        self.offset, self.end, self.tags = offset, end, tags

    def get(self, tag, default=None):
        return self.tags.get(tag, default)

    @property
    def is_mask(self):
        return bool(self.get(254, (0,))[0] & 4)

    @property
    def size(self):
        return self.tags[256][0], self.tags[257][0]

    @property
    def blocks(self):
        """(offset, size) of each block."""
        return list(zip(self.get(324) or self.tags[273], self.get(325) or self.tags[279]))


class Tiff:
    def __init__(self, data):
        self.data = data
        self.order = {b"II": "<", b"MM": ">"}[data[:2]]
        (version,) = self.unpack("H", 2)
        self.big = version == 43
        assert version in (42, 43), version
        self.start = 16 if self.big else 8
        (offset,) = self.unpack("Q", 8) if self.big else self.unpack("I", 4)
        self.ghost = data[self.start : offset]
        self.directories = []
        while offset:
            directory, offset = self.directory(offset)
            self.directories.append(directory)

    def unpack(self, format, offset):
        return struct.unpack_from(self.order + format, self.data, offset)

    def directory(self, offset):
        (count,) = self.unpack("Q" if self.big else "H", offset)
        position = offset + (8 if self.big else 2)
        tags, ends, previous = {}, [], 0
        for _ in range(count):
            tag, kind, number = self.unpack("HHQ" if self.big else "HHI", position)
            assert tag > previous, f"tags {previous} and {tag} are not in order"
            previous = tag
            value = position + (12 if self.big else 8)
            format = FORMATS[kind]
            size = struct.calcsize("=" + format) * number
            if size > (8 if self.big else 4):
                (value,) = self.unpack("Q" if self.big else "I", value)
                assert value % 2 == 0, f"value of tag {tag} at odd offset {value}"
                ends.append(value + size)
            if format == "s":
                tags[tag] = self.data[value : value + size]
            else:
                tags[tag] = self.unpack(format * number, value)
            position += 20 if self.big else 12
        (following,) = self.unpack("Q" if self.big else "I", position)
        return Directory(offset, max(ends + [position]), tags), following


def structural_errors(data):
    """What breaks the rules, as a list of messages."""
    tiff = Tiff(data)
    errors = []

    def require(holds, message):
        if not holds:
            errors.append(message)

    masked = any(directory.is_mask for directory in tiff.directories)
    planar = tiff.directories[0].tags[284][0] == 2
    expected = b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    expected += b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
    if masked and not planar:
        expected += b"MASK_INTERLEAVED_WITH_IMAGERY=YES\n"
    expected = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(expected) + expected
    expected += b"\0" * ((tiff.start + len(expected)) % 2)
    require(tiff.ghost == expected, f"ghost area {tiff.ghost!r}")

    offsets = [directory.offset for directory in tiff.directories]
    require(offsets == sorted(offsets), f"directories at {offsets}")
    images = [d for d in tiff.directories if not d.is_mask]
    masks = [d for d in tiff.directories if d.is_mask]
    require(not masks or len(masks) == len(images), f"{len(masks)} masks of {len(images)} images")
    for finer, coarser in zip(images, images[1:]):
        require(all(a >= b for a, b in zip(finer.size, coarser.size)), f"{finer.size} before {coarser.size}")
    first_block = min((o for d in tiff.directories for o, _ in d.blocks if o), default=len(data))
    require(first_block >= max(d.end for d in tiff.directories) + 4, "blocks among directories")

    # Blocks follow one another without gaps, from the coarsest image to the finest.
    position = max(d.end for d in tiff.directories)
    position += position % 2
    for level in reversed(range(len(images))):
        order = [("image", block) for block in images[level].blocks]
        if masks:
            mask = [("mask", block) for block in masks[level].blocks]
            order = order + mask if planar else [entry for pair in zip(order, mask) for entry in pair]
        for index, (what, (offset, size)) in enumerate(order):
            name = f"level {level}, block {index} ({what})"
            if offset == 0:
                require(size == 0, f"{name}: absent, but of {size} bytes")
                continue
            require(offset == position + 4, f"{name}: at {offset}, not at {position + 4}")
            (leader,) = struct.unpack_from("<I", data, offset - 4)
            require(leader == size, f"{name}: leader says {leader}, directory {size}")
            if size >= 4:
                last, trailer = data[offset + size - 4 : offset + size], data[offset + size : offset + size + 4]
                require(last == trailer, f"{name}: trailer {trailer!r} for {last!r}")
            position = offset + size + 4
    require(position == len(data), f"blocks end at {position}, the file at {len(data)}")
    return errors
