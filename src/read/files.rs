//! Which tiles of which files the planes of an array need, and how each plane knows what is valid.

use super::execute::ImageRead;
use super::layout::Layout;
use super::plan::{Target, plan_image};
use super::scene::{Scene, SceneBand};
use crate::error::{Error, Location, Result};
use crate::io::{self, LocalFile};
use crate::readers::Readers;
use rasteret_schema::header::ColorInterpretation;
use rasteret_schema::{ArchivedRasterHeader, DataType, RasterError, RasterReader, Window};
use std::collections::BTreeMap;

/// The files of a read, by href.
pub type Files = BTreeMap<String, LocalFile>;

/// Opens every file that the scenes refer to, once.
///
/// # Errors
///
/// If a file is missing, may not be read, or changed since its header was parsed.
pub fn open_files(scenes: &[Scene]) -> Result<Files> {
    let mut files = Files::new();
    for band in scenes.iter().flat_map(|scene| scene.bands.iter()) {
        let location = &band.location;
        if files.contains_key(&location.href) {
            continue;
        }
        let path = io::local_path(&location.href).ok_or_else(|| Error::UnsupportedScheme {
            location: Box::new(location.clone()),
            scheme: location.href.split("://").next().unwrap_or_default().to_owned(),
        })?;
        let file = LocalFile::open(&path)?;
        if let Some(difference) = file.difference(&band.header.get()?.object) {
            return Err(Error::StaleHeader { location: Box::new(location.clone()), difference });
        }
        files.insert(location.href.clone(), file);
    }
    Ok(files)
}

/// The tiles to read, and what is known of each plane besides.
pub struct FileReads<'a> {
    /// What to decode, into the planes of the array and, after these, those of `validity`.
    pub images: Vec<ImageRead<'a>>,
    /// Planes that say which pixels are valid.
    pub validity: Vec<ValidityPlane>,
    planes: Vec<PlaneReads>,
}

/// Samples of a mask or an alpha band: zero where a pixel is not valid.
pub struct ValidityPlane {
    /// Row-major samples.
    pub samples: Vec<u8>,
    /// Bytes of a sample.
    pub sample_size: usize,
}

#[derive(Default)]
struct PlaneReads {
    validity: Option<usize>,
    sparse: Vec<Window>,
}

/// The planes that are read from one file.
struct FilePlanes<'a> {
    band: &'a SceneBand,
    /// Plane, scene and sample of each.
    planes: Vec<(usize, &'a Scene, u16)>,
}

impl<'a> FileReads<'a> {
    /// Plans the reads of all planes. A tile that several planes need is read once.
    ///
    /// # Errors
    ///
    /// If a header is damaged, or no reader knows its format.
    pub fn plan(
        scenes: &'a [Scene],
        files: &'a Files,
        readers: &'a Readers,
        layout: &Layout,
    ) -> Result<Self> {
        let mut by_file: BTreeMap<&str, FilePlanes<'a>> = BTreeMap::new();
        let bands = scenes.iter().flat_map(|scene| scene.bands.iter().map(move |band| (scene, band)));
        for (plane, (scene, band)) in bands.enumerate() {
            let file =
                by_file.entry(&band.location.href).or_insert_with(|| FilePlanes { band, planes: Vec::new() });
            file.planes.push((plane, scene, band.sample));
        }
        let mut planes = Vec::new();
        planes.resize_with(layout.planes.len(), PlaneReads::default);
        let mut reads = FileReads { images: Vec::new(), validity: Vec::new(), planes };
        for (href, file) in &by_file {
            let bytes = files.get(*href).ok_or_else(|| Error::NotFound { href: (*href).to_owned() })?;
            reads.plan_file(file, bytes, readers, layout)?;
        }
        Ok(reads)
    }

    fn plan_file(
        &mut self,
        file: &FilePlanes<'a>,
        bytes: &'a LocalFile,
        readers: &'a Readers,
        layout: &Layout,
    ) -> Result<()> {
        let location = &file.band.location;
        let header = file.band.header.get()?;
        let reader = reader_of(header, readers, location)?;
        let image = header.image(0).ok_or_else(|| no_image(location))?;
        let mut targets: Vec<Target> = file
            .planes
            .iter()
            .map(|(plane, scene, sample)| Target { plane: *plane, sample: *sample, window: scene.window })
            .collect();
        // What GDAL takes as the mask of a band: the file's mask, else its nodata value, else its
        // alpha band (GDALRasterBand::GetMaskBand).
        let mask = header.mask(0);
        let has_nodata =
            file.planes.first().is_some_and(|(plane, ..)| layout.planes[*plane].nodata.is_some());
        if let Some(mask) = mask {
            let targets = self.validity_targets(&file.planes, mask.dtype.size(), 0, layout);
            self.read_image(
                ImageRead { reader, image: mask, tiles: Vec::new(), location: location.clone(), file: bytes },
                &targets,
            );
        } else if let Some(alpha) = alpha_sample(header, image.dtype).filter(|_| !has_nodata) {
            // It is no mask of itself.
            let colors: Vec<_> =
                file.planes.iter().filter(|(.., sample)| *sample != alpha).copied().collect();
            targets.extend(self.validity_targets(&colors, image.dtype.size(), alpha, layout));
        }
        self.read_image(
            ImageRead { reader, image, tiles: Vec::new(), location: location.clone(), file: bytes },
            &targets,
        );
        Ok(())
    }

    /// One validity plane for each scene that the planes belong to, shared by its bands.
    fn validity_targets(
        &mut self,
        planes: &[(usize, &Scene, u16)],
        sample_size: usize,
        sample: u16,
        layout: &Layout,
    ) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        let mut of_scene: BTreeMap<*const Scene, usize> = BTreeMap::new();
        for (plane, scene, _) in planes {
            let validity = *of_scene.entry(std::ptr::from_ref(*scene)).or_insert_with(|| {
                let index = self.validity.len();
                let samples = vec![0; layout.plane_pixels() * sample_size];
                self.validity.push(ValidityPlane { samples, sample_size });
                targets.push(Target { plane: layout.planes.len() + index, sample, window: scene.window });
                index
            });
            self.planes[*plane].validity = Some(validity);
        }
        targets
    }

    fn read_image(&mut self, mut read: ImageRead<'a>, targets: &[Target]) {
        let plan = plan_image(&read.image, targets);
        for placement in plan.sparse {
            // A sparse tile of a mask or an alpha band leaves its zeros: not valid.
            if let Some(plane) = self.planes.get_mut(placement.plane) {
                plane.sparse.push(placement.window);
            }
        }
        read.tiles = plan.tiles;
        self.images.push(read);
    }

    /// The validity plane of a plane of the array.
    pub fn validity_of(&self, plane: usize) -> Option<&ValidityPlane> {
        self.validity.get(self.planes.get(plane)?.validity?)
    }

    /// The parts of a plane of the array that fall on sparse tiles.
    pub fn sparse_of(&self, plane: usize) -> &[Window] {
        self.planes.get(plane).map_or(&[], |plane| &plane.sparse)
    }
}

fn reader_of<'r>(
    header: &ArchivedRasterHeader,
    readers: &'r Readers,
    location: &Location,
) -> Result<&'r dyn RasterReader> {
    readers.for_format(header.format.as_str()).ok_or_else(|| Error::Raster {
        location: Box::new(location.clone()),
        source: RasterError::Unsupported {
            tag: "format",
            value: header.format.as_str().to_owned(),
            hint: "this build has no reader for it",
        },
    })
}

/// The alpha band that GDAL takes as a mask: the last of two bands or four, of 8 bits or 16.
fn alpha_sample(header: &ArchivedRasterHeader, dtype: DataType) -> Option<u16> {
    let last = match header.bands.len() {
        2 => 1,
        4 => 3,
        _ => return None,
    };
    let is_alpha = header.bands.get(usize::from(last))?.color == ColorInterpretation::Alpha;
    (is_alpha && matches!(dtype, DataType::UInt8 | DataType::UInt16)).then_some(last)
}

fn no_image(location: &Location) -> Error {
    let source = RasterError::CorruptHeader("it has no image".to_owned());
    Error::Raster { location: Box::new(location.clone()), source }
}
