//! Splits for training: the same scene is in the same split, whatever collection it is in.

use super::TableError;
use super::update::update;
use crate::collection::Collection;
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use md5::{Digest, Md5};
use rasteret_schema::record::{GEOMETRY, ID, SPLIT};
use std::sync::Arc;

/// What decides to which split a record belongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SplitBy {
    /// The bytes of its geometry (WKB): scenes of one footprint, of whatever time or source, are together.
    #[default]
    Geometry,
    /// Its id.
    Id,
}

/// How records are divided: by a hash, so that the same records are always in the same split.
///
/// The hash is the MD5 of what decides, as a big-endian number over 2¹²⁸: a ratio from 0 to 1. The first split
/// has the ratios below its share, the second those below both shares together, and so on. By default these are
/// the splits of the `assign_global_splits` of rasteret's users: 70 % `train`, 15 % `val`, the rest `test`.
///
/// ```
/// use rasteret::share::{SplitBy, Splits};
/// let splits = Splits::new([("train", 0.8)], "test").by(SplitBy::Id).seed(42);
/// assert_eq!(splits.of(b"S2A_43PGQ_20240108_0_L2A")?, "train");
/// # Ok::<(), rasteret::share::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Splits {
    shares: Vec<(String, f64)>,
    rest: String,
    by: SplitBy,
    seed: Option<u64>,
    column: String,
}

impl Default for Splits {
    fn default() -> Self {
        Splits::new([("train", 0.7), ("val", 0.15)], "test")
    }
}

impl Splits {
    /// Splits of these shares, each from 0 to 1, and what the rest belongs to.
    pub fn new<S: Into<String>>(shares: impl IntoIterator<Item = (S, f64)>, rest: impl Into<String>) -> Self {
        Splits {
            shares: shares.into_iter().map(|(name, share)| (name.into(), share)).collect(),
            rest: rest.into(),
            by: SplitBy::default(),
            seed: None,
            column: SPLIT.to_owned(),
        }
    }

    /// What decides to which split a record belongs.
    pub fn by(self, by: SplitBy) -> Self {
        Splits { by, ..self }
    }

    /// Other splits of the same shares for every seed: its eight bytes, least significant first, are hashed
    /// before what decides.
    pub fn seed(self, seed: u64) -> Self {
        Splits { seed: Some(seed), ..self }
    }

    /// The column in which the split's name is kept, instead of `split`.
    pub fn column(self, column: impl Into<String>) -> Self {
        Splits { column: column.into(), ..self }
    }

    /// The split of what has these bytes: a geometry's WKB, or an id.
    ///
    /// # Errors
    ///
    /// [`TableError::Splits`] if shares are not from 0 to 1, or more than 1 together, or names occur twice.
    pub fn of(&self, bytes: &[u8]) -> Result<&str, TableError> {
        self.check()?;
        let place = self.place(bytes);
        Ok(self.names().nth(place).unwrap_or(&self.rest))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.shares.iter().map(|(name, _)| name.as_str()).chain([self.rest.as_str()])
    }

    /// Which of the [`names`](Self::names) it is.
    fn place(&self, bytes: &[u8]) -> usize {
        let mut hash = Md5::new();
        if let Some(seed) = self.seed {
            hash.update(seed.to_le_bytes());
        }
        hash.update(bytes);
        // As Python divides integers: rounded once.
        let ratio = u128::from_be_bytes(hash.finalize().into()) as f64 * 2f64.powi(-128);
        let mut end = 0.0;
        let ends = self.shares.iter().map(|(_, share)| {
            end += share;
            end
        });
        ends.take_while(|end| ratio >= *end).count()
    }

    fn check(&self) -> Result<(), TableError> {
        let invalid = |what: String| Err(TableError::Splits(what));
        if let Some((name, share)) = self.shares.iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return invalid(format!("the share of split {name:?} is {share}, not from 0 to 1"));
        }
        let sum: f64 = self.shares.iter().map(|(_, share)| share).sum();
        // Tenths are not sums of powers of two.
        if sum > 1.0 + 1e-9 {
            return invalid(format!("the shares of the splits are {sum} together, more than 1"));
        }
        let names: Vec<&str> = self.names().collect();
        match names.iter().enumerate().find(|(at, name)| name.is_empty() || names[..*at].contains(name)) {
            Some((_, name)) => invalid(format!("two splits, or one without a name: {name:?}")),
            None => Ok(()),
        }
    }
}

/// What assigning splits did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSummary {
    /// How many records each split has, in the order of the shares.
    pub records: Vec<(String, u64)>,
}

impl Collection {
    /// Writes to which split each record belongs into a column, in one transaction. Records that are not of
    /// this view keep what they have.
    ///
    /// ```no_run
    /// # fn splits(db: rasteret::Database) -> rasteret::Result<()> {
    /// use rasteret::share::Splits;
    /// for name in ["sentinel-2", "landsat"] {
    ///     db.collection(name)?.assign_splits(&Splits::default())?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Splits::of`]; [`Error::Unfinished`] if records may be missing; if a record has no geometry, by which it
    /// would be assigned; if the column is one that every record has; if the database is not open for writing.
    pub fn assign_splits(&self, splits: &Splits) -> Result<SplitSummary> {
        splits.check()?;
        let names: Vec<&str> = splits.names().collect();
        let mut counts = vec![0; names.len()];
        let schema = Schema::new(vec![Field::new(&splits.column, DataType::Utf8, true)]);
        let values = Arc::new(StringArray::from(names.clone())) as ArrayRef;
        let values = RecordBatch::try_new(Arc::new(schema), vec![values])?;
        let read: &[&str] = match splits.by {
            SplitBy::Geometry => &[ID, GEOMETRY],
            SplitBy::Id => &[ID],
        };
        update(self, &values, read, |rows| {
            let places = places(splits, rows)?;
            places.iter().for_each(|place| counts[*place] += 1);
            Ok(places.into_iter().map(Some).collect())
        })?;
        Ok(SplitSummary { records: names.into_iter().map(str::to_owned).zip(counts).collect() })
    }
}

fn places(splits: &Splits, rows: &RecordBatch) -> Result<Vec<usize>> {
    let ids = crate::query::text_column(rows, ID)?;
    if splits.by == SplitBy::Id {
        return Ok((0..ids.len()).map(|row| splits.place(ids.value(row).as_bytes())).collect());
    }
    let geometries = rows.column_by_name(GEOMETRY).and_then(|column| column.as_binary_opt::<i32>());
    let missing = |row: usize| {
        let id = ids.value(row);
        Error::from(TableError::Splits(format!("record {id:?} has no geometry to be split by; split by id")))
    };
    let place = |row: usize| {
        let geometry =
            geometries.filter(|geometries| geometries.is_valid(row)).ok_or_else(|| missing(row))?;
        Ok(splits.place(geometry.value(row)))
    };
    (0..rows.num_rows()).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_hash() {
        let splits = Splits::default();
        let mut counts = [0; 3];
        for number in 0..10_000u32 {
            counts[splits.place(&number.to_be_bytes())] += 1;
        }
        assert!((6_800..7_200).contains(&counts[0]), "{counts:?}");
        assert!((1_350..1_650).contains(&counts[1]), "{counts:?}");
        let everything = Splits::new([("all", 1.0)], "none");
        assert!((0..1000u32).all(|number| everything.place(&number.to_be_bytes()) == 0));
        let salted = Splits::default().seed(7);
        assert!((0..100u32).any(|n| salted.place(&n.to_be_bytes()) != splits.place(&n.to_be_bytes())));
    }

    #[test]
    fn nonsense_is_refused() {
        for splits in [
            Splits::new([("train", 1.1)], "test"),
            Splits::new([("train", f64::NAN)], "test"),
            Splits::new([("train", -0.1)], "test"),
            Splits::new([("train", 0.7), ("val", 0.4)], "test"),
            Splits::new([("train", 0.7), ("test", 0.1)], "test"),
            Splits::new([("", 0.7)], "test"),
        ] {
            assert!(matches!(splits.of(b""), Err(TableError::Splits(_))), "{splits:?}");
        }
        assert!(Splits::new([("a", 0.7), ("b", 0.2), ("c", 0.1)], "d").of(b"").is_ok());
    }
}
