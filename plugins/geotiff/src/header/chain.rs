//! The directories of a file: which one is the image, which are its overviews and masks.
//!
//! The rules are those of GDAL (`GTiffDataset::ScanDirectories`): the first directory is the image,
//! whatever it says of itself; overviews and masks follow in the chain or hang below the first
//! directory as SubIFDs. Other pages of a multi-page file are left out, and so are those that only
//! `SubfileType`, of TIFF 5, calls reduced. Where the chain leads nowhere, it ends: what has been
//! found so far is a readable image.

use super::directory::{Directory, Layout};
use super::source::{Needs, Source};
use super::tag::Tag;
use rasteret_schema::RasterError;

/// Directories that are looked at; more are left out.
const MAX_DIRECTORIES: usize = 4096;

/// Overviews that are kept, as in GDAL.
const MAX_OVERVIEWS: usize = 30;

const REDUCED: u64 = 1;
const MASK: u64 = 4;

/// What a directory says about itself at first glance.
#[derive(Debug, Clone, Copy)]
struct Outline {
    /// `NewSubfileType`: bits [`REDUCED`] and [`MASK`].
    flags: u64,
    width: u64,
    height: u64,
    samples: u64,
}

impl Outline {
    /// `None` if values of the directory still have to be fetched.
    fn read(
        source: &Source<'_>,
        directory: &Directory,
        needs: &mut Needs,
    ) -> Result<Option<Outline>, RasterError> {
        if !directory.require(source, Tag::OUTLINE.iter().copied(), needs)? {
            return Ok(None);
        }
        let uint = |tag| directory.uint(source, tag);
        let required = |tag: Tag| match uint(tag)? {
            Some(0) | None => Err(RasterError::CorruptHeader(format!("{} is missing or zero", tag.name()))),
            Some(value) => Ok(value),
        };
        Ok(Some(Outline {
            flags: uint(Tag::NewSubfileType)?.unwrap_or(0),
            width: required(Tag::ImageWidth)?,
            height: required(Tag::ImageLength)?,
            samples: uint(Tag::SamplesPerPixel)?.unwrap_or(1),
        }))
    }

    fn pixels(&self) -> u64 {
        self.width.saturating_mul(self.height)
    }

    fn is_mask_of(&self, image: &Outline, bands: u64) -> bool {
        (self.width, self.height) == (image.width, image.height)
            && (self.samples == 1 || self.samples == bands)
    }
}

/// An image and its validity mask.
#[derive(Debug)]
pub(super) struct Level {
    outline: Outline,
    pub image: Directory,
    pub mask: Option<Directory>,
}

/// The directories of a file that matter.
#[derive(Debug)]
pub(super) struct Chain {
    pub full: Level,
    /// From fine to coarse.
    pub overviews: Vec<Level>,
}

impl Chain {
    /// Walks the chain that starts at `first`, as far as its bytes are at hand. The result is final
    /// if nothing is needed; `None` if not even the first directory is at hand.
    ///
    /// # Errors
    ///
    /// If the first directory is not one, or its values do not lie in the file.
    pub fn scan(
        source: &Source<'_>,
        layout: Layout,
        first: u64,
        needs: &mut Needs,
    ) -> Result<Option<Chain>, RasterError> {
        let Some(image) = Directory::read(source, layout, first, needs)? else { return Ok(None) };
        let at_hand = image.require(source, Tag::ALL.iter().copied(), needs)?;
        let Some(outline) = Outline::read(source, &image, needs)? else { return Ok(None) };
        let sub_directories =
            if at_hand { image.uints(source, Tag::SubIfds, MAX_DIRECTORIES as u64)? } else { Vec::new() };
        let mut next = image.next;
        let mut chain = Chain { full: Level { outline, image, mask: None }, overviews: Vec::new() };

        for offset in &sub_directories {
            match Directory::read(source, layout, *offset, needs) {
                Ok(Some(directory)) => chain.add(source, directory, needs),
                Ok(None) => {}
                Err(_) => break,
            }
        }
        let mut visited = vec![0, first];
        while !visited.contains(&next) && visited.len() + sub_directories.len() <= MAX_DIRECTORIES {
            visited.push(next);
            let Ok(Some(directory)) = Directory::read(source, layout, next, needs) else { break };
            next = directory.next;
            // GDAL has overviews either in the chain or as SubIFDs of the first directory.
            if !directory.has(Tag::SubIfds) {
                chain.add(source, directory, needs);
            }
        }
        chain.overviews.sort_by_key(|level| std::cmp::Reverse(level.outline.pixels()));
        Ok(Some(chain))
    }

    /// Takes a directory in if it is an overview or a mask that goes with the image.
    fn add(&mut self, source: &Source<'_>, directory: Directory, needs: &mut Needs) {
        let Ok(Some(outline)) = Outline::read(source, &directory, needs) else { return };
        let of_image = Tag::ALL.iter().copied().filter(|tag| !tag.is_of_file());
        let full = &self.full.outline;
        let bands = full.samples;
        match (outline.flags & REDUCED != 0, outline.flags & MASK != 0) {
            (true, false) => {
                let fits =
                    outline.samples == bands && outline.width <= full.width && outline.height <= full.height;
                if fits
                    && self.overviews.len() < MAX_OVERVIEWS
                    && directory.require(source, of_image, needs).is_ok()
                {
                    self.overviews.push(Level { outline, image: directory, mask: None });
                }
            }
            (reduced, true) => {
                let levels =
                    if reduced { &mut self.overviews[..] } else { std::slice::from_mut(&mut self.full) };
                let level = levels
                    .iter_mut()
                    .find(|level| level.mask.is_none() && outline.is_mask_of(&level.outline, bands));
                if let Some(level) = level
                    && directory.require(source, of_image, needs).is_ok()
                {
                    level.mask = Some(directory);
                }
            }
            (false, false) => {}
        }
    }
}
