//! Bodies that are compressed on their way: JSON becomes a tenth of its size.

use super::super::ByteSourceError;
use super::super::retry::Failure;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use std::io::{self, Write};

/// Receives a body, and holds no more of it than it may.
pub struct Decoder(Body);

enum Body {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

/// Bytes up to a number.
struct Capped {
    bytes: Vec<u8>,
    max_bytes: u64,
    is_full: bool,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() as u64).saturating_add(bytes.len() as u64) > self.max_bytes {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Decoder {
    /// For a body with these headers, of so many bytes at most when it is decoded.
    pub fn new(headers: &HeaderMap, max_bytes: u64) -> Result<Self, ByteSourceError> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
        let capped = Capped { bytes: Vec::new(), max_bytes, is_full: false };
        let encoding = text(CONTENT_ENCODING).to_ascii_lowercase();
        match encoding.as_str() {
            "" | "identity" => {
                if text(CONTENT_LENGTH).parse().is_ok_and(|length: u64| length > max_bytes) {
                    return Err(ByteSourceError::TooLarge { max_bytes });
                }
                Ok(Decoder(Body::Plain(capped)))
            }
            "gzip" | "x-gzip" => Ok(Decoder(Body::Gzip(Box::new(MultiGzDecoder::new(capped))))),
            _ => {
                let what = "the body is compressed by another method than gzip, which was not asked for";
                Err(ByteSourceError::WrongResponse(what.to_owned()))
            }
        }
    }

    /// Takes the next bytes of the body.
    pub fn add(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        match &mut self.0 {
            Body::Plain(capped) => capped.write_all(chunk).map_err(|error| failed(capped, &error)),
            Body::Gzip(decoder) => {
                decoder.write_all(chunk).map_err(|error| failed(decoder.get_ref(), &error))
            }
        }
    }

    /// All that was received, decoded.
    pub fn finish(self) -> Result<Vec<u8>, Failure> {
        match self.0 {
            Body::Plain(capped) => Ok(capped.bytes),
            Body::Gzip(mut decoder) => {
                decoder.try_finish().map_err(|error| failed(decoder.get_ref(), &error))?;
                Ok(std::mem::take(&mut decoder.get_mut().bytes))
            }
        }
    }
}

fn failed(capped: &Capped, error: &io::Error) -> Failure {
    if capped.is_full {
        return Failure::Final(ByteSourceError::TooLarge { max_bytes: capped.max_bytes });
    }
    // It may have been damaged, or cut off, on its way.
    Failure::Transient(format!("the body cannot be decompressed: {error}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(encoding: &'static str, body: &[u8], max_bytes: u64) -> Result<Vec<u8>, Failure> {
        let headers = [(CONTENT_ENCODING, HeaderValue::from_static(encoding))].into_iter().collect();
        let mut decoder = Decoder::new(&headers, max_bytes).map_err(Failure::Final)?;
        for chunk in body.chunks(7) {
            decoder.add(chunk)?;
        }
        decoder.finish()
    }

    #[test]
    fn bodies_are_what_was_sent() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let size = text.len() as u64;
        assert_eq!(decode("identity", &text, size).unwrap(), text);
        assert_eq!(decode("GZIP", &gzip(&text), size).unwrap(), text);
        let twice = [gzip(b"one"), gzip(b"two")].concat();
        assert_eq!(decode("x-gzip", &twice, 6).unwrap(), b"onetwo");
    }

    #[test]
    fn no_more_is_held_than_may_be() {
        let zeros = vec![0; 50 << 20];
        for (encoding, body) in [("identity", &zeros), ("gzip", &gzip(&zeros))] {
            let failure = decode(encoding, body, 1 << 20).unwrap_err();
            assert!(
                matches!(failure, Failure::Final(ByteSourceError::TooLarge { max_bytes: 1_048_576 })),
                "{encoding}: {failure:?}"
            );
        }
    }

    #[test]
    fn damaged_bodies() {
        let mut damaged = gzip(b"some text that is compressed");
        let cut = &damaged.clone()[..20];
        damaged[15] ^= 0xFF;
        for body in [&damaged[..], cut, b"no gzip at all"] {
            assert!(matches!(decode("gzip", body, 1000), Err(Failure::Transient(..))));
        }
        assert!(matches!(decode("br", b"", 10), Err(Failure::Final(ByteSourceError::WrongResponse(_)))));
    }
}
