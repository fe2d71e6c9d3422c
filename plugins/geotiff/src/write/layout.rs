//! The start of the file: everything before the first block.

use super::ByteOrder;
use super::ifd::Field;

/// Width of offsets and order of bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub big_tiff: bool,
    pub byte_order: ByteOrder,
}

impl Format {
    /// Bytes of an offset, and of a value that lies in its entry.
    fn offset_size(self) -> usize {
        if self.big_tiff { 8 } else { 4 }
    }

    /// Bytes of the number of entries, and of an entry.
    fn entry_sizes(self) -> (usize, usize) {
        if self.big_tiff { (8, 20) } else { (2, 12) }
    }

    /// The file's first bytes, up to the offset of the first directory.
    fn signature(self) -> Vec<u8> {
        let mut out = match self.byte_order {
            ByteOrder::Little => b"II".to_vec(),
            ByteOrder::Big => b"MM".to_vec(),
        };
        if self.big_tiff {
            [43, 8, 0].into_iter().for_each(|number| self.byte_order.put(&mut out, number, 2));
        } else {
            self.byte_order.put(&mut out, 42, 2);
        }
        out
    }
}

/// Signature, ghost area, each directory with its values behind it, then the arrays of block
/// offsets and sizes of all directories. The length depends on the numbers of values only, not on
/// the values.
pub(super) fn lay_out(format: Format, ghost: &str, directories: &[Vec<Field>]) -> Vec<u8> {
    let (count_size, entry_size) = format.entry_sizes();
    let inline = format.offset_size();
    let order = format.byte_order;

    let mut out = format.signature();
    let first = even(out.len() + inline + ghost.len());
    order.put(&mut out, first as u64, inline);
    out.extend_from_slice(ghost.as_bytes());

    let mut tables: Vec<Vec<Entry>> = directories
        .iter()
        .map(|fields| fields.iter().map(|field| Entry::new(field, order)).collect())
        .collect();
    let mut starts = Vec::new();
    let mut end = first;
    for table in &mut tables {
        starts.push(end);
        end += count_size + table.len() * entry_size + inline;
        let mut values: Vec<&mut Entry> =
            table.iter_mut().filter(|entry| !entry.field.is_block_array()).collect();
        values.sort_by_key(|entry| entry.field.rank());
        values.into_iter().for_each(|entry| entry.place(&mut end, inline));
    }
    let arrays = tables.iter_mut().flatten().filter(|entry| entry.field.is_block_array());
    arrays.for_each(|entry| entry.place(&mut end, inline));

    out.resize(end, 0);
    for (index, table) in tables.into_iter().enumerate() {
        let mut bytes = Vec::new();
        order.put(&mut bytes, table.len() as u64, count_size);
        for Entry { field, mut value, position } in table {
            let (code, count) = field.value.kind();
            order.put(&mut bytes, field.tag.into(), 2);
            order.put(&mut bytes, code.into(), 2);
            order.put(&mut bytes, count, inline);
            if let Some(position) = position {
                order.put(&mut bytes, position as u64, inline);
                out[position..position + value.len()].copy_from_slice(&value);
            } else {
                value.resize(inline, 0);
                bytes.extend(value);
            }
        }
        order.put(&mut bytes, starts.get(index + 1).map_or(0, |next| *next as u64), inline);
        out[starts[index]..starts[index] + bytes.len()].copy_from_slice(&bytes);
    }
    out
}

/// A field on its way into the file.
struct Entry<'a> {
    field: &'a Field,
    value: Vec<u8>,
    /// Where the value lies, unless it lies in the entry.
    position: Option<usize>,
}

impl<'a> Entry<'a> {
    fn new(field: &'a Field, order: ByteOrder) -> Self {
        Entry { field, value: field.value.to_bytes(order), position: None }
    }

    fn place(&mut self, end: &mut usize, inline: usize) {
        if self.value.len() > inline {
            self.position = Some(*end);
            *end = even(*end + self.value.len());
        }
    }
}

/// The next even position: values and directories start on a word boundary.
fn even(position: usize) -> usize {
    position.next_multiple_of(2)
}
