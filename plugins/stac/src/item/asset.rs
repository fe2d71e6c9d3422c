//! An asset, and what the item says of its samples.

use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

/// An asset.
#[derive(Debug)]
pub(super) struct OfferedAsset<'a> {
    pub key: &'a str,
    pub href: &'a str,
    pub object: &'a Object,
    /// Whether it is a GeoTIFF with data, as far as the item says.
    pub is_raster: bool,
    /// Samples of its pixels, where the item says something of them.
    pub samples: Vec<Sample<'a>>,
}

/// A sample of an asset: its entries in `bands` (STAC 1.1), `eo:bands` and `raster:bands`.
#[derive(Debug, Default)]
pub(super) struct Sample<'a> {
    pub objects: Vec<&'a Object>,
    /// Those that may say what its values are: `eo:bands` is about light.
    pub of_values: Vec<&'a Object>,
}

impl<'a> Sample<'a> {
    pub(super) fn name(&self) -> Option<&'a str> {
        text(&self.objects, &["name"])
    }

    pub(super) fn any_name(&self) -> Option<&'a str> {
        self.name().or_else(|| self.common_name())
    }

    pub(super) fn common_name(&self) -> Option<&'a str> {
        text(&self.objects, &["eo:common_name", "common_name"])
    }
}

impl<'a> OfferedAsset<'a> {
    /// `None` if it has no href. `summaries` are the `eo:bands` of the item's properties.
    pub(super) fn new(key: &'a str, object: &'a Object, summaries: Option<&'a Value>) -> Option<Self> {
        let mut href = None;
        let mut media_type = None;
        let mut roles: &[Value] = &[];
        let [mut bands, mut eo_bands, mut raster_bands]: [&[Value]; 3] = [&[]; 3];
        let list = |value: &'a Value| value.as_array().map(Vec::as_slice).unwrap_or_default();
        // Once through it: a page of items has many thousands of assets.
        for (name, value) in object {
            match name.as_str() {
                "href" => href = value.as_str().map(str::trim),
                "type" => media_type = value.as_str(),
                "roles" => roles = list(value),
                "bands" => bands = list(value),
                "eo:bands" => eo_bands = list(value),
                "raster:bands" => raster_bands = list(value),
                _ => {}
            }
        }
        let href = href.filter(|href| !href.is_empty() && !key.is_empty())?;
        let is_raster = is_raster(key, href, media_type, roles);
        let mut samples = Vec::new();
        for (entries, is_of_values) in [(bands, true), (eo_bands, false), (raster_bands, true)] {
            add_entries(entries, is_of_values, summaries, &mut samples);
        }
        Some(OfferedAsset { key, href, object, is_raster, samples })
    }
}

/// Adds the entries of a list to those of the samples. Before STAC 1.0, an asset's `eo:bands` were places in the list
/// of the item's properties.
fn add_entries<'a>(
    entries: &'a [Value],
    is_of_values: bool,
    summaries: Option<&'a Value>,
    samples: &mut Vec<Sample<'a>>,
) {
    // No raster has more samples: TIFF counts them in 16 bits.
    for (number, entry) in entries.iter().take(usize::from(u16::MAX)).enumerate() {
        let entry = match entry {
            Value::Number(place) => {
                let place = place.as_u64().and_then(|place| usize::try_from(place).ok());
                place.and_then(|place| summaries?.get(place)).and_then(Value::as_object)
            }
            entry => entry.as_object(),
        };
        if samples.len() <= number {
            samples.push(Sample::default());
        }
        if let (Some(sample), Some(entry)) = (samples.get_mut(number), entry) {
            sample.objects.push(entry);
            if is_of_values {
                sample.of_values.push(entry);
            }
        }
    }
}

/// What the first of the objects that knows says under the first of these names.
pub(super) fn get<'a>(objects: &[&'a Object], names: &[&str]) -> Option<&'a Value> {
    let values = names.iter().flat_map(|name| objects.iter().filter_map(|object| object.get(*name)));
    values.into_iter().find(|value| !value.is_null())
}

pub(super) fn text<'a>(objects: &[&'a Object], names: &[&str]) -> Option<&'a str> {
    get(objects, names)?.as_str().filter(|text| !text.is_empty())
}

/// Whether an asset is a GeoTIFF with data: by its media type, else by its file's name, else if it is data.
/// Thumbnails and overviews are none, and the roles say so; where there are no roles, the key.
fn is_raster(key: &str, href: &str, media_type: Option<&str>, roles: &[Value]) -> bool {
    let has_role = |role: &str| roles.iter().any(|value| value == role);
    let is_picture = if roles.is_empty() {
        ["thumbnail", "overview", "preview"].contains(&key)
    } else {
        !has_role("data") && (has_role("thumbnail") || has_role("overview"))
    };
    let is_metadata = !roles.is_empty() && roles.iter().all(|role| role == "metadata");
    if is_picture || is_metadata {
        return false;
    }
    if let Some(media_type) = media_type {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let geotiff = ["image/tiff", "image/vnd.stac.geotiff", "image/x.geotiff", "image/geotiff"];
        return geotiff.iter().any(|known| essence.eq_ignore_ascii_case(known));
    }
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    match file.rsplit_once('.') {
        Some((_, extension)) => {
            extension.eq_ignore_ascii_case("tif") || extension.eq_ignore_ascii_case("tiff")
        }
        None => has_role("data"),
    }
}
