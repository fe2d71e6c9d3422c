//! Arrays as GeoTIFF: tiled, compressed, with overviews (a COG), the CRS and the nodata value.

use crate::crs::{self, Kind};
use crate::error::{Error, Result};
use crate::read::{AreaArray, PixelArray};
use rasteret_geotiff::write::{
    Blocks, Codec, CogOptions, GeoKeyValue, GeoKeys, Image, Predictor, Sample, key, write_cog,
};
use rasteret_schema::{BandMetadata, Crs, DataType};
use std::io::Write;

/// Writes one slice of an array as a cloud-optimised GeoTIFF with a band for each band.
///
/// Pixels that are not valid, but do not have the nodata value, are marked by an internal mask.
///
/// # Errors
///
/// If there is no such slice, the CRS has no form that GeoTIFF can hold, or the writer fails.
pub fn write_geotiff(array: &AreaArray, slice: usize, out: &mut impl Write) -> Result<()> {
    match &array.pixels {
        PixelArray::UInt8(_) => write::<u8>(array, slice, out),
        PixelArray::Int8(_) => write::<i8>(array, slice, out),
        PixelArray::UInt16(_) => write::<u16>(array, slice, out),
        PixelArray::Int16(_) => write::<i16>(array, slice, out),
        PixelArray::UInt32(_) => write::<u32>(array, slice, out),
        PixelArray::Int32(_) => write::<i32>(array, slice, out),
        PixelArray::UInt64(_) => write::<u64>(array, slice, out),
        PixelArray::Int64(_) => write::<i64>(array, slice, out),
        PixelArray::Float16(_) => write::<half::f16>(array, slice, out),
        PixelArray::Float32(_) => write::<f32>(array, slice, out),
        PixelArray::Float64(_) => write::<f64>(array, slice, out),
    }
}

fn write<T: Sample + crate::read::Sample>(
    array: &AreaArray,
    slice: usize,
    out: &mut impl Write,
) -> Result<()> {
    let invalid = |reason: String| Error::InvalidArgument(reason);
    let [slices, bands, height, width] = array.pixels.shape();
    let pixels = array.pixels.view::<T>().filter(|_| slice < slices);
    let pixels = pixels.ok_or_else(|| invalid(format!("there is no slice {slice} among {slices}")))?;
    let pixels = pixels.index_axis(ndarray::Axis(0), slice);
    let size =
        |size: usize| u32::try_from(size).map_err(|_| invalid(format!("{size} is too large for a GeoTIFF")));
    let (width, height) = (size(width)?, size(height)?);
    let band_count =
        u16::try_from(bands).map_err(|_| invalid(format!("{bands} bands are too many for a GeoTIFF")))?;
    let image = Image::new(width, height, band_count, pixels.iter().copied().collect())?;

    let valid = array.valid_in_all_bands(slice);
    let told_by_nodata = array.nodata.and_then(T::from_value).is_some_and(|nodata| {
        let in_band = |band: ndarray::ArrayView2<'_, T>| {
            band.iter().zip(&valid).all(|(value, valid)| *valid || Sample::same(*value, nodata))
        };
        pixels.axis_iter(ndarray::Axis(0)).all(in_band)
    });
    let mask = match told_by_nodata || valid.iter().all(|valid| *valid) {
        true => None,
        false => {
            Some(Image::new(width, height, 1, valid.iter().map(|valid| u8::from(*valid) * 255).collect())?)
        }
    };
    let options = CogOptions {
        blocks: Blocks::Tiles { width: 512, height: 512 },
        codec: Codec::Deflate { level: 6 },
        predictor: predictor(array.pixels.dtype()),
        big_tiff: array.pixels.to_bytes().len() as u64 > u64::from(u32::MAX) / 4,
        nodata: array.nodata,
        transform: Some(array.slices[slice].transform),
        geo_keys: Some(geo_keys(&array.crs)?),
        bands: array.bands.iter().map(|band| described(band)).collect(),
        ..CogOptions::default()
    };
    write_cog(&options, &image, mask.as_ref(), out)?;
    Ok(())
}

fn predictor(dtype: DataType) -> Predictor {
    match dtype {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Predictor::FloatingPoint,
        _ => Predictor::Horizontal,
    }
}

fn described(band: &str) -> BandMetadata {
    BandMetadata { description: Some(band.to_owned()), ..BandMetadata::default() }
}

/// The GeoKeys of a CRS: its EPSG code where it has one; else its definition as an Esri WKT in the
/// citation of a user-defined model, which GDAL and ArcGIS read.
fn geo_keys(crs: &Crs) -> Result<GeoKeys> {
    /// What `GTIFGetOGISDefn` of GDAL has room for (`frmts/gtiff/gt_wkt_srs.cpp`).
    const LONGEST: usize = 2399;
    let refuse = |reason: &str| {
        Err(Error::InvalidArgument(format!(
            "the CRS {crs} {reason}, and GeoTIFF cannot hold it otherwise: write another format"
        )))
    };
    let description = crs::describe(crs)?;
    let code =
        crs::to_epsg(crs)?.and_then(|code| u16::try_from(code).ok()).filter(|code| *code < key::USER_DEFINED);
    match (description.kind, code) {
        (Kind::Projected, Some(code)) => Ok(GeoKeys::projected(code)),
        (Kind::Geographic, Some(code)) => Ok(GeoKeys::geographic(code)),
        (Kind::Projected | Kind::Geographic, None) => {
            let citation = format!("ESRI PE String = {}", crs::to_esri_wkt(crs)?);
            if citation.len() > LONGEST || !citation.is_ascii() || citation.contains('|') {
                return refuse("has no EPSG code, and a definition that is too long or not plain ASCII");
            }
            Ok(GeoKeys::default()
                .with(key::MODEL_TYPE, GeoKeyValue::Short(key::USER_DEFINED))
                .with(key::PROJECTED_CITATION, GeoKeyValue::Ascii(citation)))
        }
        _ => refuse("has no EPSG code and is neither projected nor geographic"),
    }
}
