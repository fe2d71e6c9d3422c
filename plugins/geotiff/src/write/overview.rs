//! Overviews: each half as wide and high as the image before, as GDAL's COG driver sizes them.

use super::{Blocks, CogOptions, Image, Resampling, Sample};
use crate::write::WriteError;

/// An image with its validity mask, zero where a pixel is not valid.
#[derive(Debug, Clone, PartialEq)]
pub struct Level<T> {
    /// The pixels.
    pub image: Image<T>,
    /// The mask, one band.
    pub mask: Option<Image<u8>>,
}

/// The overviews that [`write_cog`](super::write_cog) writes with these options, from fine to coarse.
///
/// # Errors
///
/// [`WriteError::InvalidOptions`] where options and pixels do not go together.
pub fn overviews<T: Sample>(
    options: &CogOptions,
    image: &Image<T>,
    mask: Option<&Image<u8>>,
) -> Result<Vec<Level<T>>, WriteError> {
    options.check(image, mask)?;
    let nodata = options.nodata.and_then(T::from_value);
    let mut levels: Vec<Level<T>> = Vec::new();
    for (width, height) in sizes(options, image.width(), image.height()) {
        let (image, mask) = levels.last().map_or((image, mask), |level| (&level.image, level.mask.as_ref()));
        levels.push(halve(options.resampling, nodata, image, mask, width, height)?);
    }
    Ok(levels)
}

/// Sizes of the overviews. GDAL halves by integer division until a tile holds the image.
fn sizes(options: &CogOptions, width: u32, height: u32) -> Vec<(u32, u32)> {
    let (tile_width, tile_height) = match options.blocks {
        Blocks::Tiles { width, height } => (width, height),
        Blocks::Strips { .. } => (512, 512),
    };
    let finished = |level: u32, width, height| match options.overviews {
        Some(levels) => level >= levels,
        None => width <= tile_width && height <= tile_height,
    };
    let mut sizes = Vec::new();
    let (mut width, mut height) = (width, height);
    while !finished(sizes.len() as u32, width, height) && (width, height) != (1, 1) {
        (width, height) = ((width / 2).max(1), (height / 2).max(1));
        sizes.push((width, height));
    }
    sizes
}

fn halve<T: Sample>(
    resampling: Resampling,
    nodata: Option<T>,
    image: &Image<T>,
    mask: Option<&Image<u8>>,
    width: u32,
    height: u32,
) -> Result<Level<T>, WriteError> {
    // Pixels of the finer image under one of the coarser: fewer than four at the edge of an image
    // that is one pixel wide or high.
    let under = |column: u32, row: u32| {
        let rows = [2 * row, 2 * row + 1].into_iter().filter(|row| *row < image.height());
        rows.flat_map(move |row| {
            let columns = [2 * column, 2 * column + 1].into_iter();
            columns.filter(|column| *column < image.width()).map(move |column| (column, row))
        })
    };
    let masked = |column: u32, row: u32| mask.is_some_and(|mask| mask.row(0, row)[column as usize] == 0);
    // GDAL's nearest neighbour, which takes into account that halves of odd sizes are cut.
    let scale = |to: u32, from: u32| f64::from(from) / f64::from(to);
    let (x_scale, y_scale) = (scale(width, image.width()), scale(height, image.height()));
    let nearest = |index: u32, scale: f64| (0.5 + f64::from(index) * scale) as u32;
    let pixels = Image::from_fn(width, height, image.bands(), |band, column, row| {
        let at = |column: u32, row: u32| image.row(band, row)[column as usize];
        let nearest = at(nearest(column, x_scale), nearest(row, y_scale));
        match resampling {
            Resampling::Nearest => nearest,
            Resampling::Average => {
                let valid = under(column, row)
                    .filter(|(column, row)| !masked(*column, *row))
                    .map(|(column, row)| at(column, row))
                    .filter(|sample| !nodata.is_some_and(|nodata| sample.same(nodata)));
                T::mean(valid).unwrap_or(nodata.unwrap_or(nearest))
            }
        }
    })?;
    let coarse_mask = Image::from_fn(width, height, 1, |_, column, row| {
        let valid = match resampling {
            Resampling::Nearest => !masked(nearest(column, x_scale), nearest(row, y_scale)),
            Resampling::Average => under(column, row).any(|(column, row)| !masked(column, row)),
        };
        if valid { 255 } else { 0 }
    })?;
    Ok(Level { image: pixels, mask: mask.map(|_| coarse_mask) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::PixelValue;

    fn tiles(side: u32) -> CogOptions {
        CogOptions { blocks: Blocks::Tiles { width: side, height: side }, ..CogOptions::default() }
    }

    #[test]
    fn sizes_halve_until_a_tile_holds_all() {
        assert_eq!(sizes(&tiles(128), 261, 301), [(130, 150), (65, 75)]);
        assert_eq!(sizes(&tiles(128), 1, 1000), [(1, 500), (1, 250), (1, 125)]);
        assert_eq!(sizes(&tiles(512), 512, 512), []);
        let options = CogOptions { overviews: Some(2), ..tiles(512) };
        assert_eq!(sizes(&options, 512, 3), [(256, 1), (128, 1)]);
    }

    #[test]
    fn averages_leave_out_nodata_and_masked_pixels() {
        let image = Image::new(4, 2, 1, vec![1u16, 0, 0, 0, 3, 9, 0, 0]).unwrap();
        let mask = Image::new(4, 2, 1, vec![255u8, 255, 0, 0, 255, 0, 0, 0]).unwrap();
        let options = CogOptions {
            nodata: Some(PixelValue::Integer(0)),
            resampling: Resampling::Average,
            overviews: Some(1),
            ..tiles(16)
        };
        let levels = overviews(&options, &image, Some(&mask)).unwrap();
        assert_eq!(levels[0].image.samples(), [2, 0]);
        assert_eq!(levels[0].mask.as_ref().unwrap().samples(), [255, 0]);
    }

    #[test]
    fn nearest_takes_the_upper_left_of_four() {
        let image = Image::from_fn(4, 5, 1, |_, x, y| (10 * y + x) as u8).unwrap();
        let options = CogOptions { overviews: Some(1), ..tiles(16) };
        let levels = overviews(&options, &image, None).unwrap();
        // Of five rows, halved to two, GDAL takes the first and the fourth.
        assert_eq!(levels[0].image.samples(), [0, 2, 30, 32]);
    }
}
