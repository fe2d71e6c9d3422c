//! `header`.

use super::Session;
use crate::Outcome;
use crate::print::{CommandError, bytes, fields};
use rasteret::HeaderDescription;

pub fn run(session: &Session<'_>, name: &str, id: &str, band: &str) -> Result<Outcome, CommandError> {
    let header = session.open()?.collection(name)?.header(id, band)?;
    session.printer.result(&header, || describe(&header))?;
    Ok(Outcome::Done)
}

fn describe(header: &HeaderDescription) -> String {
    let image = |image: &rasteret::ImageDescription| {
        format!(
            "{} × {} in {} tiles of {} × {}, {}{}",
            image.width,
            image.height,
            image.tile_byte_counts.len(),
            image.tile_width,
            image.tile_height,
            bytes(image.tile_byte_counts.iter().sum()),
            if image.mask { ", with a mask" } else { "" }
        )
    };
    let overviews: Vec<String> = header.overviews.iter().map(image).collect();
    fields(&[
        ("href", header.href.clone()),
        ("sample", format!("{} of {}", header.band_index + 1, header.samples_per_pixel)),
        ("image", image(&header.image)),
        ("overviews", if overviews.is_empty() { "none".to_owned() } else { overviews.join("\n") }),
        ("dtype", header.dtype.clone()),
        ("nodata", header.nodata.clone().map_or("none".to_owned(), |value| value.to_string())),
        ("crs", header.crs.clone().unwrap_or_else(|| "none".to_owned())),
        ("transform", header.transform.map_or("none".to_owned(), |transform| format!("{transform:?}"))),
        ("compression", compression(header.compression)),
        ("predictor", header.predictor.to_string()),
        ("format", header.format.clone()),
    ])
}

fn compression(number: u16) -> String {
    match rasteret::geotiff::decode::compression_name(number) {
        Some(name) => format!("{name} ({number})"),
        None => number.to_string(),
    }
}
