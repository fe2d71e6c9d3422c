//! Which records go into which file, in which order, and into which row groups.

use super::partition::Partitioning;
use super::{ExportError, hilbert};
use crate::error::{Error, Result};
use crate::query::{self, Filter};
use crate::store::Collection;
use rasteret_schema::record::{BBOX, DATETIME};
use std::collections::HashMap;
use std::ops::Range;

/// Files of one export. More are of no use: each costs its readers a request and a footer.
const MAX_FILES: usize = 10_000;

/// Rows of a row group. Readers skip whole row groups by their statistics, and read them in parallel: more would
/// hide what is inside, fewer would cost more for their metadata than they save.
pub const GROUP_ROWS: usize = 65_536;

/// The order of an export. Positions are places in this order.
#[derive(Debug)]
pub struct Plan {
    /// Numbers of the records, by position.
    pub records: Vec<u64>,
    /// The files, in the order of their rows.
    pub files: Vec<PlannedFile>,
    /// First and last time.
    pub dates: (i64, i64),
}

/// A file of an export.
#[derive(Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// The folder that it is in, with slashes; an empty one for none.
    pub folder: String,
    /// Positions of its rows.
    pub rows: Range<usize>,
}

/// Rows that are read and encoded at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Their positions.
    pub rows: Range<usize>,
    /// The row groups that they make: number of the file, and positions.
    pub groups: Vec<(usize, Range<usize>)>,
}

/// A record in the order of the export: by file, then along the curve, then by time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    file: u32,
    key: u32,
    time: i64,
    record: u64,
}

impl Plan {
    /// Looks at time, place and partition columns of the records that match; nothing else is read.
    pub fn new(stored: &Collection, filter: &Filter, partitioning: &Partitioning) -> Result<Plan> {
        let mut columns = vec![BBOX, DATETIME];
        columns.extend(partitioning.reads());
        let mut folders: HashMap<String, u32> = HashMap::new();
        let mut entries: Vec<Entry> = Vec::new();
        for batch in query::matching(stored, filter, &columns)? {
            let batch = batch?;
            let boxes = query::bounding_boxes(&batch.batch)?;
            let times = query::time_column(&batch.batch, DATETIME)?;
            partitioning.folders(&batch.batch, |row, folder| {
                let file = match folders.get(folder) {
                    Some(file) => *file,
                    None if folders.len() == MAX_FILES => {
                        let columns = partitioning.columns().iter().map(|column| column.name.clone());
                        let columns = columns.collect();
                        return Err(ExportError::TooManyFiles { columns, limit: MAX_FILES }.into());
                    }
                    None => {
                        // There are fewer than the limit.
                        let file = folders.len() as u32;
                        folders.insert(folder.to_owned(), file);
                        file
                    }
                };
                let record = batch.records.get(row).copied();
                let record =
                    record.ok_or_else(|| Error::InvalidArgument("rows without records".to_owned()))?;
                let key = hilbert::key(boxes.get(row).copied().flatten());
                entries.push(Entry { file, key, time: times.value(row), record });
                Ok(())
            })?;
        }
        // Files come by their names.
        let mut names: Vec<(String, u32)> = folders.into_iter().collect();
        names.sort_unstable();
        let mut ranks = vec![0; names.len()];
        for (rank, (_, file)) in (0..).zip(&names) {
            ranks[*file as usize] = rank;
        }
        for entry in &mut entries {
            entry.file = ranks[entry.file as usize];
        }
        entries.sort_unstable();
        let mut end = 0;
        let files = (0..).zip(names).map(|(rank, (folder, _))| {
            let start = end;
            end = start + entries[start..].partition_point(|entry| entry.file == rank);
            PlannedFile { folder, rows: start..end }
        });
        let files = files.collect();
        let times = || entries.iter().map(|entry| entry.time);
        let dates = times()
            .min()
            .zip(times().max())
            .ok_or_else(|| Error::NothingSelected(format!("no record of {:?} matches", stored.name())))?;
        Ok(Plan { files, dates, records: entries.into_iter().map(|entry| entry.record).collect() })
    }

    /// Cuts the files into row groups of at most so many rows, as evenly as can be, and puts small ones together.
    pub fn tasks(&self, max_rows: usize) -> Vec<Task> {
        let mut tasks: Vec<Task> = Vec::new();
        for (file, PlannedFile { rows, .. }) in self.files.iter().enumerate() {
            let groups = rows.len().div_ceil(max_rows);
            for rows in (0..groups).map(|group| {
                let at = |group: usize| {
                    rows.start + (rows.len() as u128 * group as u128 / groups as u128) as usize
                };
                at(group)..at(group + 1)
            }) {
                match tasks.last_mut() {
                    Some(task) if rows.end - task.rows.start <= max_rows => {
                        task.rows.end = rows.end;
                        task.groups.push((file, rows));
                    }
                    _ => tasks.push(Task { rows: rows.clone(), groups: vec![(file, rows)] }),
                }
            }
        }
        tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(sizes: &[usize]) -> Plan {
        let mut end = 0;
        let files = sizes.iter().map(|size| {
            let start = end;
            end += size;
            PlannedFile { folder: String::new(), rows: start..end }
        });
        let files = files.collect();
        Plan { records: (0..end as u64).collect(), files, dates: (0, 0) }
    }

    proptest! {
        #[test]
        fn tasks_cover_all_rows_once_and_are_small(
            sizes in prop::collection::vec(1usize..50, 1..20),
            max_rows in 1usize..40,
        ) {
            let plan = plan(&sizes);
            let tasks = plan.tasks(max_rows);
            let mut next = 0;
            for task in &tasks {
                prop_assert_eq!(task.rows.start, next);
                prop_assert!(task.rows.len() <= max_rows);
                for (file, rows) in &task.groups {
                    prop_assert!(rows.start == next && !rows.is_empty());
                    let file = &plan.files[*file].rows;
                    prop_assert!(file.start <= rows.start && rows.end <= file.end);
                    next = rows.end;
                }
                prop_assert_eq!(task.rows.end, next);
            }
            prop_assert_eq!(next, sizes.iter().sum::<usize>());
        }
    }
}
