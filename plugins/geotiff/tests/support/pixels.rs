//! Windows of a GeoTIFF, put together from its tiles.

use bytes::Bytes;
use rasteret_geotiff::GeoTiffReader;
use rasteret_schema::{
    ByteRanges, HeaderArchive, ImageView, Parsed, PixelValue, RasterError, RasterHeader, RasterReader,
    TileRequest, Window,
};

/// A file with its header.
pub struct GeoTiff {
    bytes: Bytes,
    pub header: RasterHeader,
    archive: HeaderArchive,
    reader: GeoTiffReader,
}

impl GeoTiff {
    pub fn open(bytes: Bytes) -> Result<GeoTiff, RasterError> {
        let reader = GeoTiffReader::new();
        let header = match reader.parse(&ByteRanges::whole(bytes.clone()))? {
            Parsed::Header(header) => *header,
            Parsed::Needs(ranges) => panic!("the whole file is there, but {ranges:?} are asked for"),
        };
        let archive = HeaderArchive::new(&header).expect("a header that can be archived");
        Ok(GeoTiff { bytes, header, archive, reader })
    }

    /// Whether the file has 64-bit offsets.
    pub fn is_big_tiff(&self) -> bool {
        self.bytes.get(..4).is_some_and(|start| start.contains(&43))
    }

    pub fn image(&self, level: usize) -> Option<ImageView<'_>> {
        self.archive.header().expect("a valid archive").image(level)
    }

    pub fn mask(&self, level: usize) -> Option<ImageView<'_>> {
        self.archive.header().expect("a valid archive").mask(level)
    }

    /// All samples of a window of an image, `[samples, rows, columns]`. Sparse tiles are nodata, or 0
    /// without.
    pub fn read(&self, image: &ImageView<'_>, window: &Window) -> Result<Vec<u8>, RasterError> {
        self.read_filled(image, window, self.header.nodata)
    }

    /// A window of a mask: 255 where pixels are valid, else 0, as GDAL has it.
    pub fn read_mask(&self, mask: &ImageView<'_>, window: &Window) -> Result<Vec<u8>, RasterError> {
        let mut pixels = self.read_filled(mask, window, None)?;
        pixels.iter_mut().for_each(|sample| *sample = if *sample == 0 { 0 } else { 255 });
        Ok(pixels)
    }

    fn read_filled(
        &self,
        image: &ImageView<'_>,
        window: &Window,
        nodata: Option<PixelValue>,
    ) -> Result<Vec<u8>, RasterError> {
        let planes: Vec<Vec<u16>> = match image.planar {
            true => (0..image.samples_per_pixel).map(|sample| vec![sample]).collect(),
            false => vec![(0..image.samples_per_pixel).collect()],
        };
        let size = image.dtype.size();
        let len = window.pixels() as usize * usize::from(image.samples_per_pixel) * size;
        let mut out = vec![0; len];
        nodata.and_then(|nodata| nodata.to_sample(image.dtype)).inspect(|nodata| nodata.fill(&mut out));
        for samples in &planes {
            for tile_row in window.row / image.tile_height..window.row_end().div_ceil(image.tile_height) {
                for tile_column in
                    window.column / image.tile_width..window.column_end().div_ceil(image.tile_width)
                {
                    self.read_tile(image, window, samples, (tile_row, tile_column), &mut out)?;
                }
            }
        }
        Ok(out)
    }

    /// Copies what a tile has of a window to the samples of the window.
    fn read_tile(
        &self,
        image: &ImageView<'_>,
        window: &Window,
        samples: &[u16],
        (tile_row, tile_column): (u32, u32),
        out: &mut [u8],
    ) -> Result<(), RasterError> {
        let tile = image.tile_index(tile_column, tile_row, samples[0]).expect("a tile of the image");
        let Some(range) = image.tiles.get(tile) else { return Ok(()) };
        let end = (range.end as usize).min(self.bytes.len());
        let encoded = self.bytes.slice((range.start as usize).min(end)..end);

        let (left, top) = (tile_column * image.tile_width, tile_row * image.tile_height);
        let of_tile = Window::new(left, top, image.tile_width, image.encoded_rows(tile));
        let part = of_tile.intersection(window).expect("the tile is in the window");
        let of_samples: Vec<u16> = if image.planar { vec![0] } else { samples.to_vec() };
        let request = TileRequest {
            rows: part.row - top..part.row_end() - top,
            columns: part.column - left..part.column_end() - left,
            samples: &of_samples,
        };
        let size = image.dtype.size();
        // What a buffer held before must not matter.
        let mut pixels = vec![0xA5; request.decoded_len(size).expect("a part of a window")];
        self.reader.decode(image, tile, &encoded, &request, &mut pixels)?;

        let row_len = part.width as usize * size;
        let rows = pixels
            .chunks_exact(row_len)
            .zip(samples.iter().flat_map(|sample| (part.row..part.row_end()).map(move |row| (*sample, row))));
        for (pixels, (sample, row)) in rows {
            let row = usize::from(sample) * window.height as usize + (row - window.row) as usize;
            let start = (row * window.width as usize + (part.column - window.column) as usize) * size;
            out[start..start + row_len].copy_from_slice(pixels);
        }
        Ok(())
    }
}
