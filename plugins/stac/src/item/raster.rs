//! What items say of the values of their bands, as a column: the header may not say it.

use super::asset::OfferedAsset;
use super::select::ChosenBand;
use arrow_array::builder::{Float64Builder, ListBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, ListArray};
use arrow_schema::{DataType, Field, Fields};
use serde_json::Value;
use std::sync::Arc;

/// Name of the column.
pub(super) const RASTER_BANDS: &str = "raster:bands";

/// What an item says of a band, by the raster extension or by STAC 1.1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RasterBand {
    band: String,
    texts: [Option<String>; 2],
    numbers: [Option<f64>; 4],
}

/// Fields of text.
const TEXTS: [&str; 2] = ["data_type", "unit"];

/// Fields of numbers. STAC 1.1 calls some of them `raster:…`.
const NUMBERS: [&str; 4] = ["nodata", "scale", "offset", "spatial_resolution"];

impl RasterBand {
    /// `None` where nothing is said.
    pub(super) fn new(chosen: &ChosenBand, asset: &OfferedAsset<'_>) -> Option<Self> {
        let mut texts = [None, None];
        let mut numbers = [None; 4];
        let entries =
            asset.samples.get(chosen.index.unwrap_or(0)).into_iter().flat_map(|sample| &sample.of_values);
        // STAC 1.1 lets an asset say what goes for all of its bands.
        for object in entries.chain([&asset.object]) {
            for (name, value) in *object {
                let name = name.strip_prefix("raster:").unwrap_or(name);
                if let Some(place) = TEXTS.iter().position(|text| *text == name) {
                    texts[place] = texts[place].take().or_else(|| value.as_str().map(str::to_owned));
                } else if let Some(place) = NUMBERS.iter().position(|number| *number == name) {
                    numbers[place] = numbers[place].or_else(|| number(value));
                }
            }
        }
        let says_something = texts.iter().any(Option::is_some) || numbers.iter().any(Option::is_some);
        says_something.then(|| RasterBand { band: chosen.name.clone(), texts, numbers })
    }

    /// Bytes of its text.
    pub(super) fn bytes(&self) -> usize {
        self.band.len() + self.texts.iter().flatten().map(String::len).sum::<usize>()
    }
}

/// JSON has no words for values that are no numbers; the extension has.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "nan" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        value => value.as_f64(),
    }
}

/// The column: a list of structs with the name of the `band`, and what is said of it. `None` where no item says
/// anything.
pub(super) fn column(rows: &[Vec<RasterBand>]) -> Option<(Field, ArrayRef)> {
    if rows.iter().all(Vec::is_empty) {
        return None;
    }
    let texts = ["band"].into_iter().chain(TEXTS);
    let fields: Fields = texts
        .map(|name| Field::new(name, DataType::Utf8, name != "band"))
        .chain(NUMBERS.map(|name| Field::new(name, DataType::Float64, true)))
        .collect();
    let mut rows_builder = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for row in rows {
        for band in row {
            let values = rows_builder.values();
            let texts = [Some(&band.band), band.texts[0].as_ref(), band.texts[1].as_ref()];
            for (number, text) in texts.into_iter().enumerate() {
                if let Some(builder) = values.field_builder::<StringBuilder>(number) {
                    builder.append_option(text);
                }
            }
            for (number, value) in band.numbers.into_iter().enumerate() {
                if let Some(builder) = values.field_builder::<Float64Builder>(1 + TEXTS.len() + number) {
                    builder.append_option(value);
                }
            }
            values.append(true);
        }
        rows_builder.append(!row.is_empty());
    }
    let array: ListArray = rows_builder.finish();
    Some((Field::new(RASTER_BANDS, arrow_array::Array::data_type(&array).clone(), true), Arc::new(array)))
}
