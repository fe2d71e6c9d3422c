//! Which bands a file has, and what they are called.

use rasteret_schema::{ColorInterpretation, RasterHeader};
use std::collections::HashSet;

/// A band's name, and which sample it is where there are several.
pub(crate) type Band = (String, Option<i32>);

/// The bands of a file that is one of a scene's (`name` is its band) or the whole scene.
///
/// Bands are counted from 1, as users of GDAL count them. Opacity is no band of its own: a read gives
/// it as the valid mask.
pub(crate) fn bands(name: Option<&str>, header: &RasterHeader) -> Vec<Band> {
    let samples = header.bands.len();
    let is_opacity = |sample: &usize| header.bands[*sample].color == ColorInterpretation::Alpha;
    let mut kept: Vec<usize> = (0..samples).filter(|sample| !is_opacity(sample)).collect();
    if kept.is_empty() {
        kept = (0..samples).collect();
    }
    let index = |sample: usize| if samples == 1 { None } else { i32::try_from(sample).ok() };
    let numbered = |prefix: &str| {
        kept.iter().map(|sample| (format!("{prefix}{}", sample + 1), index(*sample))).collect()
    };
    match name {
        Some(name) if samples == 1 => vec![(name.to_owned(), None)],
        Some(name) => numbered(&format!("{name}_")),
        None => match descriptions(header, &kept) {
            Some(names) => {
                names.into_iter().zip(&kept).map(|(name, sample)| (name, index(*sample))).collect()
            }
            None => numbered("B"),
        },
    }
}

/// The descriptions of some samples, if they can be told apart by these and may be typed in a list.
fn descriptions(header: &RasterHeader, samples: &[usize]) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = samples
        .iter()
        .map(|sample| {
            let name = header.bands[*sample].description.as_deref()?.trim();
            let is_name = !name.is_empty() && !name.contains(|c: char| c == ',' || c.is_control());
            is_name.then(|| name.to_owned())
        })
        .collect();
    names.filter(|names| names.iter().collect::<HashSet<_>>().len() == names.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::{BandMetadata, DataType, Encoding};

    fn header(bands: &[(Option<&str>, ColorInterpretation)]) -> RasterHeader {
        let described = |(description, color): &(Option<&str>, ColorInterpretation)| BandMetadata {
            description: description.map(str::to_owned),
            color: *color,
            ..BandMetadata::default()
        };
        RasterHeader {
            bands: bands.iter().map(described).collect(),
            ..RasterHeader::new("test", Encoding::uncompressed(DataType::UInt8), Vec::new())
        }
    }

    fn assert_bands(
        name: Option<&str>,
        samples: &[(Option<&str>, ColorInterpretation)],
        expected: &[(&str, Option<i32>)],
    ) {
        let found = bands(name, &header(samples));
        let found: Vec<(&str, Option<i32>)> =
            found.iter().map(|(band, index)| (band.as_str(), *index)).collect();
        assert_eq!(found, expected);
    }

    use ColorInterpretation::{Alpha, Blue, Gray, Green, Red, Undefined};

    #[test]
    fn one_sample_has_no_index() {
        assert_bands(Some("B04"), &[(Some("red"), Gray)], &[("B04", None)]);
        assert_bands(None, &[(None, Gray)], &[("B1", None)]);
        assert_bands(None, &[(Some("NDVI"), Gray)], &[("NDVI", None)]);
        assert_bands(Some("mask"), &[(None, Alpha)], &[("mask", None)]);
    }

    #[test]
    fn a_whole_scene_has_described_or_numbered_bands() {
        let described = [(Some("red"), Undefined), (Some(" nir "), Undefined)];
        assert_bands(None, &described, &[("red", Some(0)), ("nir", Some(1))]);
        let numbered = [("B1", Some(0)), ("B2", Some(1))];
        assert_bands(None, &[(None, Undefined), (Some("nir"), Undefined)], &numbered);
        assert_bands(None, &[(Some("x"), Undefined), (Some("x"), Undefined)], &numbered);
        assert_bands(None, &[(Some("a,b"), Undefined), (Some("c"), Undefined)], &numbered);
    }

    #[test]
    fn opacity_is_left_out() {
        let rgba = [(None, Red), (None, Green), (None, Blue), (None, Alpha)];
        assert_bands(None, &rgba, &[("B1", Some(0)), ("B2", Some(1)), ("B3", Some(2))]);
        assert_bands(Some("TCI"), &rgba[2..], &[("TCI_1", Some(0))]);
        assert_bands(None, &[(None, Alpha), (Some("x"), Gray)], &[("x", Some(1))]);
    }
}
