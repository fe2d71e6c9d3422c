//! Checks the lengths in Thrift structures before a parser allocates by them.
//!
//! Parquet's metadata are Thrift, in its compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>). The parser makes
//! room for as many elements as a list says it has; a few bytes can say two billion.

/// Structures within structures. Parquet has about seven.
const DEPTH: u8 = 32;

/// Whether a structure is whole, and has as many list elements and bytes of text as it says.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    Walk { bytes }.structure(DEPTH).is_some()
}

struct Walk<'a> {
    bytes: &'a [u8],
}

impl Walk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn structure(&mut self, depth: u8) -> Option<()> {
        loop {
            let head = self.byte()?;
            match head & 0x0f {
                0 => return Some(()),
                // Booleans are in the head.
                kind @ (1 | 2) => self.field_id(head).map(|()| kind)?,
                kind => {
                    self.field_id(head)?;
                    self.value(kind, depth)?;
                    kind
                }
            };
        }
    }

    fn field_id(&mut self, head: u8) -> Option<()> {
        if head >> 4 == 0 { self.varint().map(drop) } else { Some(()) }
    }

    fn value(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let (count, kind) = (head >> 4, head & 0x0f);
                let count = if count == 15 { self.varint()? } else { u64::from(count) };
                if count > self.bytes.len() as u64 {
                    return None;
                }
                (0..count).try_for_each(|_| self.value(kind, depth))
            }
            12 => self.structure(depth),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_not_there() {
        // Field 1: a list of structures, of which there are two that are empty.
        assert!(is_whole(&[0x19, 0x2c, 0, 0, 0]));
        // Of which there are 2³¹ - 1.
        assert!(!is_whole(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]));
        // Text of three bytes, and of more than there is.
        assert!(is_whole(&[0x18, 3, b'a', b'b', b'c', 0]));
        assert!(!is_whole(&[0x18, 9, b'a', b'b', b'c', 0]));
        // Structures without end.
        assert!(!is_whole(&[0x1c; 100]));
    }
}
