//! The few forms of MessagePack that an array of numbers is written in: one map with the binary keys `nd`, `type`,
//! `kind`, `shape` and `data`, each once.

use super::{MOST_DIMENSIONS, TensorError};

/// An array as its buffer describes it.
pub(super) struct Packed<'a> {
    /// numpy's letters for the type, e.g. `<f4`.
    pub letters: &'a str,
    /// Elements in each dimension.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: &'a [u8],
}

/// Reads a buffer from its start.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The whole buffer, which must be one array.
    pub(super) fn array(mut self) -> Result<Packed<'a>, TensorError> {
        let (mut letters, mut shape, mut data, mut is_array) = (None, None, None, None);
        let mut kind = None;
        for _ in 0..self.map()? {
            let fresh = match self.bytes()? {
                b"nd" => is_array.replace(self.truth()?).is_none(),
                b"type" => letters.replace(self.text()?).is_none(),
                b"kind" => kind.replace(self.bytes()?).is_none(),
                b"shape" => shape.replace(self.shape()?).is_none(),
                b"data" => data.replace(self.bytes()?).is_none(),
                _ => return Err(self.wrong("a key that arrays do not have")),
            };
            if !fresh {
                return Err(self.wrong("a key twice"));
            }
        }
        if self.at != self.bytes.len() {
            return Err(self.wrong("more than one value"));
        }
        if is_array != Some(true) || kind.is_some_and(|kind| !kind.is_empty()) {
            return Err(self.wrong("not a plain array"));
        }
        match (letters, shape, data) {
            (Some(letters), Some(shape), Some(data)) => Ok(Packed { letters, shape, data }),
            _ => Err(self.wrong("type, shape or data is missing")),
        }
    }

    fn map(&mut self) -> Result<usize, TensorError> {
        match self.byte()? {
            byte @ 0x80..=0x8f => Ok(usize::from(byte & 0x0f)),
            0xde => self.length(2),
            _ => Err(self.wrong("not a map")),
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8], TensorError> {
        let length = match self.byte()? {
            0xc4 => self.length(1)?,
            0xc5 => self.length(2)?,
            0xc6 => self.length(4)?,
            _ => return Err(self.wrong("not bytes")),
        };
        self.take(length)
    }

    fn text(&mut self) -> Result<&'a str, TensorError> {
        let length = match self.byte()? {
            byte @ 0xa0..=0xbf => usize::from(byte & 0x1f),
            0xd9 => self.length(1)?,
            _ => return Err(self.wrong("not a short text")),
        };
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.wrong("not utf-8"))
    }

    fn truth(&mut self) -> Result<bool, TensorError> {
        match self.byte()? {
            0xc2 => Ok(false),
            0xc3 => Ok(true),
            _ => Err(self.wrong("not a truth value")),
        }
    }

    fn shape(&mut self) -> Result<Vec<usize>, TensorError> {
        let count = match self.byte()? {
            byte @ 0x90..=0x9f => usize::from(byte & 0x0f),
            0xdc => self.length(2)?,
            _ => return Err(self.wrong("not a list")),
        };
        if count > MOST_DIMENSIONS {
            return Err(self.wrong("too many dimensions"));
        }
        (0..count).map(|_| self.side()).collect()
    }

    fn side(&mut self) -> Result<usize, TensorError> {
        match self.byte()? {
            byte @ 0x00..=0x7f => Ok(usize::from(byte)),
            0xcc => self.length(1),
            0xcd => self.length(2),
            0xce => self.length(4),
            0xcf => self.length(8),
            _ => Err(self.wrong("not an integer of zero or more")),
        }
    }

    /// A big-endian number of `width` bytes, at most 8.
    fn length(&mut self, width: usize) -> Result<usize, TensorError> {
        let number = self.take(width)?.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number).map_err(|_| self.wrong("a number out of range"))
    }

    fn byte(&mut self) -> Result<u8, TensorError> {
        let byte = self.take(1)?.first().copied();
        byte.ok_or_else(|| self.wrong("cut off"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], TensorError> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| self.wrong("cut off"))?;
        self.at += length;
        Ok(taken)
    }

    fn wrong(&self, problem: &'static str) -> TensorError {
        TensorError::Buffer { problem, offset: self.at }
    }
}

/// The buffer of an array, byte for byte as msgpack-numpy writes it.
pub(super) fn write(letters: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len().saturating_add(64));
    out.push(0x85);
    key(&mut out, "nd");
    out.push(0xc3);
    key(&mut out, "type");
    // Letters are three characters.
    out.push(0xa0 | (letters.len() as u8 & 0x1f));
    out.extend_from_slice(letters.as_bytes());
    key(&mut out, "kind");
    bytes(&mut out, b"");
    key(&mut out, "shape");
    match shape.len() {
        count @ 0..=15 => out.push(0x90 | count as u8),
        count => {
            out.push(0xdc);
            out.extend_from_slice(&(count as u16).to_be_bytes());
        }
    }
    for side in shape {
        number(&mut out, *side);
    }
    key(&mut out, "data");
    bytes(&mut out, data);
    out
}

fn key(out: &mut Vec<u8>, name: &str) {
    bytes(out, name.as_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        length @ 0..=0xff => out.extend_from_slice(&[0xc4, length as u8]),
        length @ 0x100..=0xffff => {
            out.push(0xc5);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        // A tensor has at most 64 MiB.
        length => {
            out.push(0xc6);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, value: usize) {
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(value as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend_from_slice(&(value as u32).to_be_bytes());
        }
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&(value as u64).to_be_bytes());
        }
    }
}
