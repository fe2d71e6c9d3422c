//! Writes `SUPPORT.md`.

use super::compare::{LOSSY_TOLERANCE, Outcome};
use super::encoding::{Codec, Encoding};
use super::expected::Versions;
use rasteret_schema::{DataType, RasterError};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The whole document.
pub fn document(versions: &Versions, generated: &[Outcome], real: &[Outcome]) -> String {
    let Versions { rasterio, gdal, libjpeg_turbo } = versions;
    let total: Tally = generated.iter().chain(real).map(Tally::of).sum();
    let mut text = format!(
        "# What the GeoTIFF reader supports

This file is generated. `cargo test -p rasteret-geotiff --test support` fails if it does not hold; to write
it anew:

```sh
RASTERET_UPDATE_SUPPORT=1 cargo test -p rasteret-geotiff --test support
```

Pixels are compared with those that rasterio {rasterio} (GDAL {gdal}) reads, all bands of all levels, whole
and in random windows: {} files, {} windows. *Equal* means bit for bit, where NaN equals NaN; *≤ n* that
samples differ by n at most, of which JPEG and WebP may have {LOSSY_TOLERANCE}. Masks are compared with rasterio's
`dataset_mask`. Sparse tiles are nodata, or 0 without.

JPEG with subsampled chroma depends on how GDAL was built: rasterio's wheels have libjpeg 9, which interpolates
chroma by larger inverse transforms; libjpeg-turbo, which most other builds have, and which the reader decodes with,
interpolates between pixels. The two differ by more than 100 at sharp edges of colour. So the difference of luma,
which neither interpolates, is given too, and is what may be {LOSSY_TOLERANCE} at most. What libtiff reads with
libjpeg-turbo ({libjpeg_turbo}, in Pillow) is compared besides, and has to be equal.

",
        total.files, total.windows
    );
    text +=
        "## Encodings\n\nNumbers of generated files, all of them equal unless something else is said.\n\n";
    encodings(&mut text, generated);
    text += "\n## JPEG\n\nGenerated and real files by their components, and how many of them are compared with \
             libjpeg-turbo, too: those that Pillow reads.\n\n";
    jpeg(&mut text, generated.iter().chain(real));
    text += "\n## Layouts\n\nThe same files by other properties.\n\n";
    layouts(&mut text, generated);
    text += "\n## Refused\n\nGenerated files that are refused, though GDAL reads them.\n\n";
    refused(&mut text, generated);
    text += "\n## Real files\n\nLevels are the full resolution and the overviews; windows are random ones of \
             all levels, besides the whole images.\n\n";
    files(&mut text, real);
    text
}

/// How many files, and how they came out.
#[derive(Default, Clone, Copy)]
pub struct Tally {
    pub files: usize,
    pub refused: usize,
    pub windows: usize,
    pub farthest: f64,
    pub farthest_luma: Option<f64>,
    /// Files that are equal to what libtiff reads with libjpeg-turbo.
    pub as_libjpeg_turbo: usize,
}

impl Tally {
    pub fn of(outcome: &Outcome) -> Tally {
        match &outcome.result {
            Ok(compared) => Tally {
                files: 1,
                refused: 0,
                windows: compared.windows,
                farthest: compared.farthest,
                farthest_luma: compared.farthest_luma,
                as_libjpeg_turbo: usize::from(compared.equal_to_libjpeg_turbo > 0),
            },
            Err(_) => Tally { files: 1, refused: 1, ..Tally::default() },
        }
    }

    fn cell(self) -> String {
        let Tally { files, refused, farthest, farthest_luma, .. } = self;
        let mut cell = if files == 0 { "–".to_owned() } else { files.to_string() };
        if refused > 0 {
            cell += &format!(", {refused} refused");
        }
        if farthest > 0.0 {
            cell += ", ";
            cell += &distance(farthest, farthest_luma);
        }
        cell
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |a, b| Tally {
            files: a.files + b.files,
            refused: a.refused + b.refused,
            windows: a.windows + b.windows,
            farthest: a.farthest.max(b.farthest),
            farthest_luma: a.farthest_luma.into_iter().chain(b.farthest_luma).reduce(f64::max),
            as_libjpeg_turbo: a.as_libjpeg_turbo + b.as_libjpeg_turbo,
        })
    }
}

fn distance(farthest: f64, luma: Option<f64>) -> String {
    format!("≤ {farthest}") + &luma.map(|luma| format!(" (luma ≤ {luma})")).unwrap_or_default()
}

fn row(text: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect();
    writeln!(text, "| {} |", cells.join(" | ")).expect("strings can be written to");
}

fn head<'a>(text: &mut String, names: impl IntoIterator<Item = &'a str>) {
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let lines = vec!["---".to_owned(); names.len()];
    row(text, names);
    row(text, lines);
}

fn encoded<'a>(
    outcomes: impl IntoIterator<Item = &'a Outcome>,
) -> impl Iterator<Item = (&'a Encoding, Tally)> {
    outcomes.into_iter().filter_map(|outcome| Some((outcome.encoding.as_ref()?, Tally::of(outcome))))
}

fn encodings(text: &mut String, outcomes: &[Outcome]) {
    type Row = (Codec, Option<u16>);
    let mut rows: BTreeMap<Row, Vec<(DataType, Tally)>> = BTreeMap::new();
    for (encoding, tally) in encoded(outcomes) {
        rows.entry((encoding.codec, encoding.predictor)).or_default().push((encoding.dtype, tally));
    }
    head(text, ["compression", "predictor"].into_iter().chain(DataType::ALL.map(DataType::name)));
    for ((codec, predictor), tallies) in rows {
        let predictor = predictor.map_or_else(|| "–".to_owned(), |predictor| predictor.to_string());
        let of = |dtype| tallies.iter().filter(move |(of, _)| *of == dtype).map(|(_, tally)| *tally);
        let cell = |dtype: DataType| of(dtype).sum::<Tally>().cell();
        row(text, [codec.name(), predictor].into_iter().chain(DataType::ALL.map(cell)));
    }
}

fn jpeg<'a>(text: &mut String, outcomes: impl Iterator<Item = &'a Outcome>) {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for (components, tally) in
        encoded(outcomes).filter_map(|(encoding, tally)| Some((encoding.jpeg.as_ref()?, tally)))
    {
        let sum = tallies.entry(components).or_default();
        *sum = [*sum, tally].into_iter().sum();
    }
    head(text, ["components", "files", "equal to libjpeg-turbo"]);
    for (components, tally) in tallies {
        row(text, [components.to_owned(), tally.cell(), tally.as_libjpeg_turbo.to_string()]);
    }
}

fn layouts(text: &mut String, outcomes: &[Outcome]) {
    let mut tallies: BTreeMap<(&str, &str), Vec<Tally>> = BTreeMap::new();
    for (encoding, tally) in encoded(outcomes) {
        for (group, feature) in &encoding.features {
            tallies.entry((group, feature)).or_default().push(tally);
        }
    }
    head(text, ["property", "value", "files"]);
    for ((group, feature), tallies) in tallies {
        let tally: Tally = tallies.into_iter().sum();
        row(text, [group.to_owned(), feature.trim().to_owned(), tally.cell()]);
    }
}

fn reason(error: &RasterError) -> String {
    format!("`{}`: {error}", error.kind())
}

fn refused(text: &mut String, outcomes: &[Outcome]) {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for error in outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err()) {
        *reasons.entry(reason(error)).or_default() += 1;
    }
    head(text, ["files", "error"]);
    for (reason, count) in reasons {
        row(text, [count.to_string(), reason]);
    }
}

fn files(text: &mut String, outcomes: &[Outcome]) {
    head(text, ["file", "size", "bands", "type", "compression", "predictor", "levels", "windows", "result"]);
    for outcome in outcomes {
        let (properties, refused_for_areas) = match &outcome.encoding {
            Some(encoding) => (properties(encoding), encoding.refused_for_areas.as_ref()),
            None => (vec!["–".to_owned(); 6], None),
        };
        let (windows, pixels) = match &outcome.result {
            Ok(compared) => {
                let pixels = match compared.farthest {
                    0.0 => "pixels equal".to_owned(),
                    farthest => format!("pixels {}", distance(farthest, compared.farthest_luma)),
                };
                let refused = compared.refused.as_ref().map(|(count, error)| {
                    format!("; {count} reads refused, as by rasterio: {}", reason(error))
                });
                let mask = if compared.mask { ", mask equal" } else { "" };
                (compared.windows, pixels + mask + &refused.unwrap_or_default())
            }
            Err(error) => (0, format!("refused: {}", reason(error))),
        };
        let areas = refused_for_areas.map(|error| format!("; refused for area reads: {}", reason(error)));
        let result = pixels + &areas.unwrap_or_default();
        let cells = [outcome.name.clone()].into_iter().chain(properties);
        row(text, cells.chain([windows.to_string(), result]));
    }
}

fn properties(encoding: &Encoding) -> Vec<String> {
    vec![
        format!("{} × {}", encoding.width, encoding.height),
        encoding.bands.to_string(),
        encoding.dtype.to_string(),
        encoding.codec.name(),
        encoding.predictor.map_or_else(|| "–".to_owned(), |predictor| predictor.to_string()),
        encoding.levels.to_string(),
    ]
}
