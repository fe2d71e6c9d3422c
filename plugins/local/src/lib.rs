//! The source adapter for local files: folders, globs and single GeoTIFFs become records, with their
//! headers parsed on the way.
//!
//! [`LocalSource`] finds the files, groups them into scenes by their names, and reads the headers in
//! parallel. A file that cannot be read, or is not on a north-up grid, is reported in
//! [`SourceBatch::failures`](rasteret_schema::SourceBatch::failures); the other bands of its scene
//! stay. Hidden files and folders (`.…`) are left out, links are followed once.
//!
//! # What names say
//!
//! Ids, bands and times come from paths. The regexes of [`LocalSource::id_from`],
//! [`LocalSource::band_from`] and [`LocalSource::datetime_from`] are matched against a file's path below
//! the given folder, with `/` between folders and with the extension; of a file that is given itself
//! (or by a shell's glob), its folder's name and its own. A file that a regex does not match is
//! reported: nothing is guessed where a rule was given.
//!
//! What is not said by a regex follows the first of these conventions that fits, in any case; paths
//! here begin with the given folder's own name:
//!
//! | path | id | band | time |
//! | --- | --- | --- | --- |
//! | `S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531_B04_10m.tif` | the product | `B04` | first in the name |
//! | `S2A_MSIL2A_….SAFE/GRANULE/…/R10m/T43PGQ_20240103T052231_B04_10m.tif` | the product | `B04` | of the product |
//! | `T43PGQ_20240103T052231_B04_10m.tif` | `T43PGQ_20240103T052231` | `B04` | in the name |
//! | `S2A_43PGQ_20240103_0_L2A_B04.tif`, `S2A_43PGQ_20240103_0_L2A/B04.tif` | `S2A_43PGQ_20240103_0_L2A` | `B04`, any name in the folder | in the id |
//! | `LC08_L2SP_028030_20200114_20200824_02_T1_SR_B4.TIF`, `LC08_…_T1/red.tif` | `LC08_…_T1` | `SR_B4`, `red` | first in the id |
//! | `LC80280302020014LGN00_B4.TIF` | `LC80280302020014LGN00` | `B4` | in the id |
//! | `HLS.S30.T43PGQ.2024003T052231.v2.0.B04.tif` | `HLS.S30.T43PGQ.2024003T052231.v2.0` | `B04` | in the id |
//! | `field_B04.tif`, `field-red.tif` | `field` | `B04`, `red` | first found, see below |
//! | `field/B04.tif`, `field/red.tif` | `field` | `B04`, `red` | first found |
//! | `ortho.tif` | `ortho` | of the header, see below | first found |
//!
//! * Sentinel-2 bands come in several resolutions: the native one has the plain name (`B04` at 10 m),
//!   others keep it in theirs (`B04_20m`).
//! * Where the band is what tells files apart (the rows with `field`), it is one of: `B1` to `B99`, `B01`,
//!   `B8A`, `SR_B4`, `ST_B10`, `QA_PIXEL`, `QA_RADSAT`, `SR_QA_AEROSOL`, `QA60`, `AOT`, `WVP`, `SCL`, `TCI`,
//!   `CLD`, `SNW`, `Fmask`, `band1`, `band_1`, `visual`, `coastal`, `blue`, `green`, `yellow`, `red`,
//!   `rededge`, `rededge1`, `pan`, `nir`, `nir08`, `nir09`, `cirrus`, `swir16`, `swir22`, `swir1`, `swir2`,
//!   `lwir`, `lwir11`, `lwir12`, `tir`, `ndvi`, `evi`, `evi2`, `savi`, `ndwi`, `ndmi`, `ndbi`, `ndsi`,
//!   `nbr`, `vv`, `vh`, `hh`, `hv`. It keeps the case that it has in the name.
//! * With `band_from` alone, a file of no known product has its name without the band as its id.
//! * With `id_from` alone, files of one scene without a known band have their names without the id as
//!   their bands.
//! * The time is else the first date in the file's name, in the name of the nearest folder that has one, or
//!   in nested folders (`2024/01/03`, `year=2024/month=1`). What is not in the calendar is not a date. A
//!   scene whose name says no time gets that of the earliest change of its files.
//!
//! # Bands
//!
//! A file that is a band of its scene and has one sample gives that band; one with several gives
//! `TCI_1`, `TCI_2`, …. A file that is the whole scene has the bands that its descriptions say, if each
//! sample has one and no two are equal, else `B1`, `B2`, …. Opacity is not a band: reads give it as the
//! valid mask. If two files have the same band of the same scene, the first by path has it and the other is
//! reported.
//!
//! # Ids
//!
//! Files of a product are of one scene wherever they lie, as are files with one id from a regex. Any
//! other name means a scene in its own folder; where two folders have the same, the folders' names
//! come in front: `north/dem` and `south/dem`. A namesake that is added later so changes the id of the
//! first one; where ids have to stay, take them from a regex.

mod bands;
mod discover;
mod failure;
mod header;
mod naming;
mod progress;
mod records;
mod scenes;
mod source;

pub use source::LocalSource;

/// Compiles and runs the examples of how to write a plugin.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct HowToWriteAPlugin;
