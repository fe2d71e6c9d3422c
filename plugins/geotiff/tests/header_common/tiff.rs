//! TIFF files put together tag by tag, to make what writers don't.

/// Values of a tag.
#[derive(Debug, Clone)]
pub enum Value {
    Byte(Vec<u8>),
    Text(String),
    Short(Vec<u16>),
    Long(Vec<u32>),
    Double(Vec<f64>),
    Long8(Vec<u64>),
    Signed8(Vec<i64>),
}

impl Value {
    fn kind(&self) -> u16 {
        match self {
            Value::Byte(_) => 1,
            Value::Text(_) => 2,
            Value::Short(_) => 3,
            Value::Long(_) => 4,
            Value::Double(_) => 12,
            Value::Long8(_) => 16,
            Value::Signed8(_) => 17,
        }
    }

    fn bytes(&self, big_endian: bool) -> (usize, Vec<u8>) {
        macro_rules! all {
            ($values:expr) => {{
                let bytes = $values
                    .iter()
                    .flat_map(|value| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
                ($values.len(), bytes.collect())
            }};
        }
        match self {
            Value::Byte(values) => (values.len(), values.clone()),
            Value::Text(text) => (text.len() + 1, [text.as_bytes(), b"\0"].concat()),
            Value::Short(values) => all!(values),
            Value::Long(values) => all!(values),
            Value::Double(values) => all!(values),
            Value::Long8(values) => all!(values),
            Value::Signed8(values) => all!(values),
        }
    }
}

/// A directory: tags, and directories that hang below it.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    unsorted: bool,
    tags: Vec<(u16, Value)>,
    below: Vec<Directory>,
}

impl Directory {
    /// An image of one band of 8 bits in one uncompressed strip, whose bytes start at [`DATA`].
    pub fn image(width: u32, height: u32) -> Directory {
        Directory::default()
            .with(256, Value::Long(vec![width]))
            .with(257, Value::Long(vec![height]))
            .with(258, Value::Short(vec![8]))
            .with(259, Value::Short(vec![1]))
            .with(262, Value::Short(vec![1]))
            .with(273, Value::Long(vec![DATA]))
            .with(277, Value::Short(vec![1]))
            .with(278, Value::Long(vec![height]))
            .with(279, Value::Long(vec![width.wrapping_mul(height)]))
    }

    /// Sets a tag.
    pub fn with(mut self, tag: u16, value: Value) -> Directory {
        self = self.without(tag);
        self.tags.push((tag, value));
        self
    }

    /// Adds a tag, though it may be there already.
    pub fn and(mut self, tag: u16, value: Value) -> Directory {
        self.tags.push((tag, value));
        self
    }

    pub fn without(mut self, tag: u16) -> Directory {
        self.tags.retain(|(known, _)| *known != tag);
        self
    }

    /// Writes tags as they were added, not in the order of their codes.
    pub fn unsorted(mut self) -> Directory {
        self.unsorted = true;
        self
    }

    /// Hangs a directory below this one.
    pub fn above(mut self, directory: Directory) -> Directory {
        self.below.push(directory);
        self
    }

    pub fn shorts(self, tag: u16, values: &[u16]) -> Directory {
        self.with(tag, Value::Short(values.to_vec()))
    }

    pub fn longs(self, tag: u16, values: &[u32]) -> Directory {
        self.with(tag, Value::Long(values.to_vec()))
    }

    pub fn doubles(self, tag: u16, values: &[f64]) -> Directory {
        self.with(tag, Value::Double(values.to_vec()))
    }

    pub fn text(self, tag: u16, text: &str) -> Directory {
        self.with(tag, Value::Text(text.to_owned()))
    }

    /// GeoKeys: short values, doubles and texts by their ids.
    pub fn keys(
        self,
        minor: u16,
        shorts: &[(u16, u16)],
        doubles: &[(u16, f64)],
        texts: &[(u16, &str)],
    ) -> Self {
        let mut entries: Vec<[u16; 4]> = shorts.iter().map(|(id, value)| [*id, 0, 1, *value]).collect();
        entries.extend(doubles.iter().enumerate().map(|(at, (id, _))| [*id, 34736, 1, at as u16]));
        let mut all = String::new();
        for (id, text) in texts {
            entries.push([*id, 34737, text.len() as u16 + 1, all.len() as u16]);
            all.push_str(text);
            all.push('|');
        }
        entries.sort();
        let directory = [&[1, 1, minor, entries.len() as u16], entries.concat().as_slice()].concat();
        let doubles: Vec<f64> = doubles.iter().map(|(_, value)| *value).collect();
        let mut result = self.shorts(34735, &directory);
        if !doubles.is_empty() {
            result = result.doubles(34736, &doubles);
        }
        if all.is_empty() { result } else { result.text(34737, &all) }
    }
}

/// Where the pixels start.
pub const DATA: u32 = 64;

/// A file.
#[derive(Debug, Clone)]
pub struct Tiff {
    pub big_endian: bool,
    pub big_tiff: bool,
    /// Bytes of pixels, all alike.
    pub data: usize,
    /// Bytes between a directory and its arrays.
    pub gap: usize,
    /// What the last directory says that the next one's offset is.
    pub last: u64,
}

impl Default for Tiff {
    fn default() -> Self {
        Tiff { big_endian: false, big_tiff: false, data: 1 << 16, gap: 0, last: 0 }
    }
}

impl Tiff {
    /// The file's bytes: header, pixels, then the directories, each with its arrays behind it.
    pub fn bytes(&self, chain: &[Directory]) -> Vec<u8> {
        let mut bytes = match (self.big_endian, self.big_tiff) {
            (false, false) => b"II*\0".to_vec(),
            (true, false) => b"MM\0*".to_vec(),
            (false, true) => b"II+\0\x08\0\0\0".to_vec(),
            (true, true) => b"MM\0+\0\x08\0\0".to_vec(),
        };
        let mut link = bytes.len();
        bytes.resize(DATA as usize, 0);
        bytes.resize(DATA as usize + self.data, 7);
        for directory in chain {
            let (start, next) = self.append(&mut bytes, directory);
            self.put(&mut bytes, link, start as u64);
            link = next;
        }
        self.put(&mut bytes, link, self.last);
        bytes
    }

    /// Appends what hangs below a directory, then itself; returns where it starts, and where the next
    /// one's offset goes.
    fn append(&self, bytes: &mut Vec<u8>, directory: &Directory) -> (usize, usize) {
        let mut tags = directory.tags.clone();
        let below: Vec<u64> =
            directory.below.iter().map(|below| self.append(bytes, below).0 as u64).collect();
        if !below.is_empty() {
            let short = below.iter().map(|offset| *offset as u32).collect();
            tags.push((330, if self.big_tiff { Value::Long8(below) } else { Value::Long(short) }));
        }
        if !directory.unsorted {
            tags.sort_by_key(|(tag, _)| *tag);
        }
        let start = bytes.len();
        let word = self.word();
        let count_size = if self.big_tiff { 8 } else { 2 };
        let entries = start + count_size;
        let link = entries + tags.len() * (4 + 2 * word);
        let mut arrays = link + word + self.gap;
        bytes.resize(arrays, 0);
        self.put_sized(bytes, start, tags.len() as u64, count_size);
        for (index, (tag, value)) in tags.iter().enumerate() {
            let at = entries + index * (4 + 2 * word);
            let (count, value_bytes) = value.bytes(self.big_endian);
            self.put_sized(bytes, at, (*tag).into(), 2);
            self.put_sized(bytes, at + 2, value.kind().into(), 2);
            self.put(bytes, at + 4, count as u64);
            if value_bytes.len() <= word {
                bytes[at + 4 + word..at + 4 + word + value_bytes.len()].copy_from_slice(&value_bytes);
            } else {
                self.put(bytes, at + 4 + word, arrays as u64);
                bytes.extend(value_bytes);
                bytes.resize(bytes.len().next_multiple_of(2) + self.gap, 0);
                arrays = bytes.len();
            }
        }
        (start, link)
    }

    fn word(&self) -> usize {
        if self.big_tiff { 8 } else { 4 }
    }

    fn put(&self, bytes: &mut [u8], at: usize, value: u64) {
        self.put_sized(bytes, at, value, self.word());
    }

    fn put_sized(&self, bytes: &mut [u8], at: usize, value: u64, size: usize) {
        let value = if self.big_endian {
            value.to_be_bytes()[8 - size..].to_vec()
        } else {
            value.to_le_bytes()[..size].to_vec()
        };
        bytes[at..at + size].copy_from_slice(&value);
    }
}
