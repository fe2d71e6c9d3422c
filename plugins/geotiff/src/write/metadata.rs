//! GDAL's own tags: `GDAL_METADATA` and `GDAL_NODATA`.

use super::CogOptions;
use rasteret_schema::{ColorInterpretation, PixelValue};
use std::fmt::Write;

/// The `GDAL_METADATA` document, `None` where there is nothing to say.
///
/// Items in the order of `GTiffDataset::WriteMetadata` in GDAL's `gtiffdataset_write.cpp`.
pub(super) fn document(options: &CogOptions) -> Option<String> {
    let mut items = String::new();
    let mut item = |attributes: &str, value: &str| {
        // GDAL escapes values twice, and undoes it twice. Writing to a string can't fail.
        let _ = writeln!(items, "  <Item {attributes}>{}</Item>", escape(&escape(value)));
    };
    for (name, value) in &options.metadata {
        item(&format!("name=\"{}\"", escape(name)), value);
    }
    for (sample, band) in options.bands.iter().enumerate() {
        let mut of_band = |name: &str, role: &str, value: &str| {
            item(&format!("name=\"{name}\" sample=\"{sample}\" role=\"{role}\""), value);
        };
        if band.scale != 1.0 || band.offset != 0.0 {
            of_band("OFFSET", "offset", &number(band.offset));
            of_band("SCALE", "scale", &number(band.scale));
        }
        if let Some(unit) = &band.unit {
            of_band("UNITTYPE", "unittype", unit);
        }
        if let Some(description) = &band.description {
            of_band("DESCRIPTION", "description", description);
        }
        if let Some(color) = color_to_tell(options, sample) {
            of_band("COLORINTERP", "colorinterp", color);
        }
    }
    (!items.is_empty()).then(|| format!("<GDALMetadata>\n{items}</GDALMetadata>\n"))
}

/// GDAL's name of a band's colour, where it doesn't follow from the TIFF tags.
fn color_to_tell(options: &CogOptions, sample: usize) -> Option<&'static str> {
    use ColorInterpretation::{Alpha, Blue, Gray, Green, Palette, Red, Undefined};
    let color = options.bands.get(sample)?.color;
    let told = match color {
        Undefined | Palette | Alpha => true,
        Red | Green | Blue => options.is_rgb() && sample < 3,
        Gray => sample == 0,
        _ => false,
    };
    (!told).then(|| color.gdal_name())
}

/// The value of `GDAL_NODATA`.
pub(super) fn nodata(value: PixelValue) -> String {
    match value {
        PixelValue::Integer(_) | PixelValue::Unsigned(_) => value.to_string(),
        PixelValue::Float(value) => number(value),
    }
}

/// A number as C's `%.17g` prints it, which is what GDAL writes.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:.16e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    };
    if (-4..17).contains(&exponent) {
        return trim(&format!("{value:.*}", (16 - exponent) as usize));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_by_c() {
        for (value, text) in [
            (0.0, "0"),
            (-9999.0, "-9999"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (-0.1, "-0.10000000000000001"),
            (1e16, "10000000000000000"),
            (1e20, "1e+20"),
            (f64::from(f32::MIN), "-3.4028234663852886e+38"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
