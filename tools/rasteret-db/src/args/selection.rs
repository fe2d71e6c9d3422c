//! Which records, and which of their pixels.

use rasteret::{Filter, Result};

/// Where and when.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SpaceAndTime {
    /// Records whose footprint touches this box
    #[arg(short, long, allow_hyphen_values = true, value_name = "W,S,E,N")]
    pub bbox: Option<String>,
    /// Records of this time: 2024-01-01/2024-03-31, open ends as ..
    #[arg(long, value_name = "START/END")]
    pub dates: Option<String>,
}

/// The filters that every command has that takes records.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    #[command(flatten)]
    pub space_and_time: SpaceAndTime,
    /// Records with less cloud cover, in per cent
    #[arg(long, value_name = "N")]
    pub cloud_lt: Option<f64>,
    /// Records of these splits
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub split: Vec<String>,
    #[command(flatten)]
    pub condition: Condition,
}

/// What must be true of a record.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Condition {
    /// Records for which this is true: eo:cloud_cover < 10 AND split = 'train'
    #[arg(long = "where", value_name = "CQL2")]
    pub condition: Option<String>,
}

impl Condition {
    pub fn filter(&self) -> Result<Filter> {
        self.condition.as_deref().map_or_else(|| Ok(Filter::new()), Filter::cql2)
    }
}

impl SpaceAndTime {
    pub fn filter(&self) -> Result<Filter> {
        let mut filter = Filter::new();
        if let Some(bbox) = &self.bbox {
            filter = filter.bbox(rasteret::query::parse_bbox(bbox)?);
        }
        if let Some(dates) = &self.dates {
            filter = filter.dates(dates)?;
        }
        Ok(filter)
    }
}

impl Selection {
    pub fn filter(&self) -> Result<Filter> {
        let mut filter = self.space_and_time.filter()?;
        if let Some(percent) = self.cloud_lt {
            filter = filter.cloud_cover_lt(percent);
        }
        if !self.split.is_empty() {
            filter = filter.splits(&self.split);
        }
        Ok(filter.and(self.condition.filter()?))
    }
}

/// Whose pixels are read.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Bands or aliases of bands, in the order of the output [default: those of the first record]
    #[arg(long, value_delimiter = ',', value_name = "B04,B08")]
    pub bands: Vec<String>,
    /// Leave out records that lack one of the bands; of a table or of samples, only the rows that they cannot have
    #[arg(long)]
    pub skip_missing_bands: bool,
    /// Only the records with these ids
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub ids: Vec<String>,
}

impl Choice {
    /// The records of a selection, of those that were chosen.
    pub fn filter(&self, selection: &Selection) -> Result<Filter> {
        let filter = selection.filter()?;
        Ok(if self.ids.is_empty() { filter } else { filter.ids(&self.ids) })
    }
}
