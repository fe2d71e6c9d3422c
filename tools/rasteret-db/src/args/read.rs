//! `read`.

use super::{Choice, Selection, Store};
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use rasteret::dataset::Mosaic;
use rasteret::warp::Method;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, clap::Args)]
pub struct Read {
    /// Collection
    pub name: String,
    /// The area: W,S,E,N, WKT, or a .geojson, .parquet (GeoParquet), .csv (lon and lat) or .wkt file
    #[arg(long, allow_hyphen_values = true, value_name = "AREA")]
    pub aoi: String,
    /// CRS of the area [default: what the file says, else EPSG:4326]
    #[arg(long, value_name = "CRS")]
    pub aoi_crs: Option<String>,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub choice: Choice,
    /// Keep every pixel that the area touches, not just those whose centre it covers
    #[arg(long)]
    pub all_touched: bool,
    /// Value of pixels outside the area [default: nodata, else 0]
    #[arg(long, allow_hyphen_values = true, value_name = "VALUE")]
    pub fill_value: Option<String>,
    /// CRS of the result, such as EPSG:3857 [default: that of the rasters, of most of them where they differ]
    #[arg(long, value_name = "CRS")]
    pub crs: Option<String>,
    /// Size of a pixel in units of the CRS, or its width and height [default: as the rasters have it]
    #[arg(long, value_name = "R|X,Y", value_parser = resolution, conflicts_with = "shape")]
    pub resolution: Option<(f64, f64)>,
    /// Rows and columns of the result, instead of a resolution
    #[arg(long, value_name = "ROWS,COLS", value_parser = shape)]
    pub shape: Option<(u32, u32)>,
    /// How values between the pixels of the rasters are found
    #[arg(long, value_name = "METHOD", default_value_t, value_parser = named::<Method>(Method::ALL.map(Method::name)))]
    pub resampling: Method,
    /// How the records of one time are combined in a dataset [default: first]
    #[arg(long, value_name = "METHOD", value_parser = named::<Mosaic>(Mosaic::ALL.map(Mosaic::name)))]
    pub mosaic: Option<Mosaic>,
    /// What to write [default: what the ending of OUT is for]
    #[arg(long = "as", value_enum)]
    pub form: Option<Form>,
    /// By its ending, an array: .npy, .tif or .png; a dataset: .zarr; a table: .parquet
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    #[command(flatten)]
    pub store: Store,
}

/// What a read gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `[N, H, W]` for one band, `[N, C, H, W]` for several
    Array,
    /// Bands with labels: (time, geometry, y, x)
    Dataset,
    /// A row for each record, geometry and band
    Table,
}

/// Takes one of the names of a type's values.
fn named<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

fn resolution(text: &str) -> Result<(f64, f64), String> {
    let (width, height) = text.split_once(',').unwrap_or((text, text));
    let size = |text: &str| text.trim().parse().ok().filter(|size: &f64| *size > 0.0 && size.is_finite());
    let sizes = size(width).zip(size(height));
    sizes.ok_or_else(|| "it is neither a positive number nor two with a comma between".to_owned())
}

fn shape(text: &str) -> Result<(u32, u32), String> {
    let size = |text: &str| text.trim().parse().ok().filter(|size: &u32| *size > 0);
    let sizes = text.split_once(',').and_then(|(rows, columns)| size(rows).zip(size(columns)));
    sizes.ok_or_else(|| "it is not two positive numbers with a comma between".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_positive() {
        assert_eq!(resolution("20"), Ok((20.0, 20.0)));
        assert_eq!(resolution("0.1, 2e-1"), Ok((0.1, 0.2)));
        assert_eq!(shape("3,4"), Ok((3, 4)));
        for text in ["", "0", "-1", "1,", "1,0", "1,2,3", "nan", "inf", "x"] {
            assert!(resolution(text).is_err() && shape(text).is_err(), "{text}");
        }
    }
}
