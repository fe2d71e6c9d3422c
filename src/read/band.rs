//! One band of a record: its raster, and which sample of it.

use super::confirm::Confirmation;
use super::header::{BandHeader, BandPlace};
use crate::error::{Error, Location, Result};
use crate::store::HeaderKey;
use crate::warp::Grid;
use rasteret_schema::{DataType, Georeference, HeaderArchive, PixelValue, RasterError, header_column};
use std::sync::Arc;

/// One band of a record: its raster, and which sample of it.
#[derive(Debug)]
pub struct SceneBand {
    /// What it was asked for as, which may be an alias of the record's own name.
    pub name: String,
    /// Where the header belongs in the store.
    pub key: HeaderKey,
    /// The file, with what may be secret in it.
    pub href: String,
    /// File, record, band, as they may be shown.
    pub location: Location,
    /// The file's header.
    pub header: BandHeader,
    /// Whether the header may lack the file's overviews.
    pub may_lack_overviews: bool,
    /// Who finds out whether the header is right, if it came with a table that may not say all, or be old.
    pub in_doubt: Option<Arc<Confirmation>>,
    /// Sample of the file's pixels.
    pub sample: u16,
    /// Where the pixels of the full resolution lie.
    pub grid: Grid,
    /// Of the samples.
    pub dtype: DataType,
    /// The raster's nodata value, where its data type has it.
    pub nodata: Option<PixelValue>,
}

impl SceneBand {
    /// A band by a header, which is in doubt if it came with a table and there is who finds out whether it is right.
    ///
    /// # Errors
    ///
    /// If the file does not have the sample, or does not say where its pixels lie.
    pub fn new(
        place: BandPlace,
        header: BandHeader,
        confirmation: Option<&Arc<Confirmation>>,
    ) -> Result<SceneBand> {
        let BandPlace { name, key, href, location, band_index, .. } = place;
        let archived = header.get()?;
        let located = |source| Error::Raster { location: Box::new(location.clone()), source };
        let (dtype, samples, size) = archived
            .image(0)
            .map(|image| (image.dtype, image.samples_per_pixel, (image.width, image.height)))
            .ok_or_else(|| located(RasterError::CorruptHeader("it has no image".to_owned())))?;
        let sample = u16::try_from(band_index.unwrap_or(0)).ok().filter(|sample| *sample < samples);
        let Some(sample) = sample else {
            return Err(Error::InvalidArgument(format!(
                "{location}: band_index is {band_index:?}, and the file has {samples} samples"
            )));
        };
        let georeference = archived.georeference()?;
        let (transform, crs) = georeference.grid().map_err(located)?;
        let grid = Grid::new(transform, size.0, size.1, crs.clone());
        let nodata = archived.nodata()?.filter(|value| value.fits(dtype));
        let is_fetched = matches!(header, BandHeader::Fetched(_));
        let may_lack_overviews = !is_fetched && header_column::may_lack_overviews(archived);
        let is_in_doubt = !is_fetched && header_column::is_of_no_version(archived);
        let in_doubt = confirmation.filter(|_| is_in_doubt).cloned();
        Ok(SceneBand {
            name,
            key,
            href,
            location,
            header,
            may_lack_overviews,
            in_doubt,
            sample,
            grid,
            dtype,
            nodata,
        })
    }

    /// The same band by the file's own header.
    ///
    /// # Errors
    ///
    /// If the file does not have the sample, or does not say where its pixels lie.
    pub fn by_own(&self, header: Arc<HeaderArchive>) -> Result<SceneBand> {
        SceneBand::new(self.place(), BandHeader::Fetched(header), None)
    }

    /// Where its header is to be had.
    pub fn place(&self) -> BandPlace {
        let georeference = Georeference {
            transform: Some(self.grid.transform),
            crs: Some(self.grid.crs.clone()),
            ..Georeference::default()
        };
        BandPlace {
            name: self.name.clone(),
            key: self.key,
            href: self.href.clone(),
            location: self.location.clone(),
            band_index: Some(self.sample.into()),
            other: None,
            georeference,
        }
    }
}
