//! What every header keeps, whoever parsed it.

use super::Violations;
use crate::{ArchivedRasterHeader, DataType, ImageView};

/// Checks that a header does not contradict itself. `of` says whose header it is.
pub(super) fn check(header: &ArchivedRasterHeader, of: &str, violations: &mut Violations) {
    let format = header.format.as_str();
    violations.check(super::is_kebab_case(format), "a header names the format of its reader", || {
        format!("{of}: {format:?}")
    });
    violations.check(
        header.color_map.len().is_multiple_of(3),
        "a colour map has red, green and blue values",
        || format!("{of}: {} values", header.color_map.len()),
    );
    let mut finer = (u32::MAX, u32::MAX);
    for level in 0..header.images.len() {
        let of = format!("{of}, level {level}");
        let Some(image) = header.image(level) else {
            violations.check(false, "an image has an encoding and a tile table", || of);
            continue;
        };
        check_image(&image, &of, violations);
        violations.check(
            usize::from(image.samples_per_pixel) == header.bands.len() || level > 0,
            "a header has a band for each sample",
            || format!("{of}: {} bands, {} samples", header.bands.len(), image.samples_per_pixel),
        );
        violations.check(
            image.width <= finer.0 && image.height <= finer.1,
            "images go from fine to coarse",
            || format!("{of}: {} × {} after {finer:?}", image.width, image.height),
        );
        finer = (image.width, image.height);
        let names_mask = header.images.get(level).is_some_and(|image| image.mask.is_some());
        match header.mask(level) {
            Some(mask) => check_mask(&mask, &image, &format!("{of}, mask"), violations),
            None => violations.check(!names_mask, "the mask of an image exists", || of.clone()),
        }
    }
}

fn check_mask(mask: &ImageView<'_>, image: &ImageView<'_>, of: &str, violations: &mut Violations) {
    check_image(mask, of, violations);
    violations.check(
        mask.dtype == DataType::UInt8 && mask.samples_per_pixel == 1,
        "a mask has one sample of uint8",
        || format!("{of}: {} samples of {}", mask.samples_per_pixel, mask.dtype.name()),
    );
    violations.check(
        (mask.width, mask.height) == (image.width, image.height),
        "a mask is as large as its image",
        || format!("{of}: {} × {}, not {} × {}", mask.width, mask.height, image.width, image.height),
    );
}

fn check_image(image: &ImageView<'_>, of: &str, violations: &mut Violations) {
    let sizes = [image.width, image.height, image.tile_width, image.tile_height];
    violations.check(
        sizes.iter().all(|size| *size > 0) && image.samples_per_pixel > 0,
        "images and tiles have pixels, and these have samples",
        || format!("{of}: {sizes:?}, {} samples", image.samples_per_pixel),
    );
    violations.check(
        !image.striped || image.tile_width == image.width,
        "a strip is as wide as its image",
        || format!("{of}: {} of {}", image.tile_width, image.width),
    );
    let most_bits = image.dtype.size() * 8;
    violations.check(
        (1..=most_bits).contains(&usize::from(image.bits_per_sample)),
        "an encoded sample is no wider than its decoded type",
        || format!("{of}: {} bits in {}", image.bits_per_sample, image.dtype.name()),
    );
    let planes = if image.planar { u64::from(image.samples_per_pixel) } else { 1 };
    let tiles = (u64::from(image.tiles_across()) * u64::from(image.tiles_down())).saturating_mul(planes);
    violations.check(u64::from(image.tiles.len()) == tiles, "the tile table has each tile", || {
        format!("{of}: {} of {tiles}", image.tiles.len())
    });
}
