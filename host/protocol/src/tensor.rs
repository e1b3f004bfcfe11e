//! Arrays of numbers as version 10 synapses carry them: a JSON object of `buffer`, `dtype` and `shape`.
//!
//! `buffer` is base64 of a MessagePack map with binary keys, which says type and shape once more and holds the
//! elements in C order, little-endian. Both descriptions have to agree here; Python believes the inner one. A single
//! number has the inner shape `[]`, which the outer one writes as `[0]`, like an empty array.
//!
//! # Layout
//! - `msgpack`: the few forms of MessagePack that such a buffer is made of

mod msgpack;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miette::Diagnostic;
use serde_json::{Map, Value, json};
use thiserror::Error;

use self::msgpack::Reader;

/// Most bytes of elements in one tensor: what a request's body may hold at the very most.
pub const LARGEST: usize = 64 << 20;
/// Most dimensions, those of numpy before version 2.
pub const MOST_DIMENSIONS: usize = 32;
/// What the buffer has besides the elements is far below this, in bytes.
const OVERHEAD: usize = 4096;

/// The type of the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE half precision.
    Float16,
    /// IEEE single precision.
    Float32,
    /// IEEE double precision.
    Float64,
    /// 0 to 255.
    UInt8,
    /// -128 to 127.
    Int8,
    /// 16 bits, signed.
    Int16,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// One byte, 0 or 1.
    Bool,
}

/// Each type: its name, numpy's letters for it, bytes of an element.
const TYPES: [(DType, &str, &str, usize); 9] = [
    (DType::Float16, "float16", "<f2", 2),
    (DType::Float32, "float32", "<f4", 4),
    (DType::Float64, "float64", "<f8", 8),
    (DType::UInt8, "uint8", "|u1", 1),
    (DType::Int8, "int8", "|i1", 1),
    (DType::Int16, "int16", "<i2", 2),
    (DType::Int32, "int32", "<i4", 4),
    (DType::Int64, "int64", "<i8", 8),
    (DType::Bool, "bool", "|b1", 1),
];

impl DType {
    /// The type of a name such as `float32` or `torch.float32`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("torch.").unwrap_or(name);
        TYPES.iter().find(|(_, known, ..)| *known == name).map(|(dtype, ..)| *dtype)
    }

    /// numpy's name, e.g. `float32`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Bytes of one element, 1 to 8.
    pub fn size(self) -> usize {
        self.row().3
    }

    fn letters(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Self, &'static str, &'static str, usize) {
        let found = TYPES.iter().find(|(dtype, ..)| *dtype == self).copied();
        found.unwrap_or((self, "bool", "|b1", 1))
    }
}

/// Why an object is no tensor.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
pub enum TensorError {
    /// A field is missing or of another JSON type.
    #[error("tensor field {field} is not {expected}")]
    #[diagnostic(
        code(soma::protocol::tensor_field),
        help("send buffer and dtype as strings and shape as a list of integers")
    )]
    Field {
        /// The field.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// The type of the elements is not one of numpy's plain numbers.
    #[error("tensor dtype {name:?} is not known")]
    #[diagnostic(
        code(soma::protocol::tensor_dtype),
        help("use float16, float32, float64, uint8, int8, int16, int32, int64 or bool, with or without `torch.`")
    )]
    DType {
        /// The name, cut to 40 characters.
        name: String,
    },
    /// The buffer is not the MessagePack that an array is written as.
    #[error("tensor buffer is not an array in messagepack: {problem} at byte {offset}")]
    #[diagnostic(code(soma::protocol::tensor_buffer), help("write the buffer with msgpack-numpy"))]
    Buffer {
        /// What is wrong.
        problem: &'static str,
        /// Where, in the decoded buffer.
        offset: usize,
    },
    /// Two descriptions of the same thing differ.
    #[error("tensor {what} does not fit its buffer")]
    #[diagnostic(
        code(soma::protocol::tensor_mismatch),
        help("take dtype and shape from the array that is in the buffer")
    )]
    Mismatch {
        /// `dtype`, `shape` or `length`.
        what: &'static str,
    },
    /// More than is taken.
    #[error("tensor is larger than {largest} bytes or has more than {MOST_DIMENSIONS} dimensions")]
    #[diagnostic(code(soma::protocol::tensor_size), help("send several smaller tensors"))]
    TooLarge {
        /// The bound, in bytes.
        largest: usize,
    },
}

/// An array of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl Tensor {
    /// An array of elements in C order, little-endian. The shape `[]` is a single number.
    ///
    /// # Errors
    /// [`TensorError::Mismatch`] when the bytes are not those of the shape, [`TensorError::TooLarge`].
    pub fn new(dtype: DType, shape: Vec<usize>, data: Vec<u8>) -> Result<Self, TensorError> {
        if data.len() > LARGEST || shape.len() > MOST_DIMENSIONS {
            return Err(TensorError::TooLarge { largest: LARGEST });
        }
        let length = shape.iter().try_fold(dtype.size(), |length, side| length.checked_mul(*side));
        if length != Some(data.len()) {
            return Err(TensorError::Mismatch { what: "length" });
        }
        Ok(Self { dtype, shape, data })
    }

    /// Reads the JSON object of a synapse's field, of at most `largest` bytes of elements ([`LARGEST`] if that is less).
    ///
    /// # Errors
    /// [`TensorError`].
    pub fn from_json(object: &Value, largest: usize) -> Result<Self, TensorError> {
        let largest = largest.min(LARGEST);
        let text = |field: &'static str| {
            object.get(field).and_then(Value::as_str).ok_or(TensorError::Field { field, expected: "a string" })
        };
        let (buffer, name) = (text("buffer")?, text("dtype")?);
        let dtype =
            DType::from_name(name).ok_or_else(|| TensorError::DType { name: name.chars().take(40).collect() })?;
        let outer = shape_of(object)?;
        // Four characters are three bytes.
        if buffer.len() / 4 * 3 > largest.saturating_add(OVERHEAD) {
            return Err(TensorError::TooLarge { largest });
        }
        let packed = STANDARD.decode(buffer).map_err(|_| TensorError::Field { field: "buffer", expected: "base64" })?;
        let array = Reader::new(&packed).array()?;
        if array.letters != dtype.letters() {
            return Err(TensorError::Mismatch { what: "dtype" });
        }
        let written = if array.shape.is_empty() { vec![0] } else { array.shape.clone() };
        if written != outer {
            return Err(TensorError::Mismatch { what: "shape" });
        }
        if array.data.len() > largest {
            return Err(TensorError::TooLarge { largest });
        }
        Self::new(dtype, array.shape, array.data.to_vec())
    }

    /// The JSON object for a synapse's field, with numpy's name of the type.
    pub fn to_json(&self) -> Value {
        let packed = msgpack::write(self.dtype.letters(), &self.shape, &self.data);
        let shape = if self.shape.is_empty() { json!([0]) } else { json!(self.shape) };
        let mut object = Map::new();
        object.insert("buffer".to_owned(), Value::from(STANDARD.encode(packed)));
        object.insert("dtype".to_owned(), Value::from(self.dtype.name()));
        object.insert("shape".to_owned(), shape);
        Value::Object(object)
    }

    /// The type of the elements.
    pub const fn dtype(&self) -> DType {
        self.dtype
    }

    /// Elements in each dimension. Empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, C order, little-endian.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The elements as floats, in order. Integers beyond 2^53 lose their last digits; `true` is 1.
    pub fn to_floats(&self) -> Vec<f64> {
        self.data.chunks_exact(self.dtype.size()).map(|element| float(self.dtype, element)).collect()
    }
}

fn shape_of(object: &Value) -> Result<Vec<usize>, TensorError> {
    let wrong = TensorError::Field { field: "shape", expected: "a list of integers" };
    let list = object.get("shape").and_then(Value::as_array).ok_or(wrong.clone())?;
    if list.len() > MOST_DIMENSIONS {
        return Err(TensorError::TooLarge { largest: LARGEST });
    }
    let side = |side: &Value| side.as_u64().and_then(|side| usize::try_from(side).ok());
    list.iter().map(side).collect::<Option<Vec<_>>>().ok_or(wrong)
}

/// One element. The bytes are as many as the type has.
fn float(dtype: DType, element: &[u8]) -> f64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(element) {
        *to = *from;
    }
    let bits = u64::from_le_bytes(bytes);
    match dtype {
        DType::Float16 => half(bits as u16),
        DType::Float32 => f64::from(f32::from_bits(bits as u32)),
        DType::Float64 => f64::from_bits(bits),
        DType::UInt8 => f64::from(bits as u8),
        DType::Int8 => f64::from(bits as i8),
        DType::Int16 => f64::from(bits as i16),
        DType::Int32 => f64::from(bits as i32),
        DType::Int64 => bits as i64 as f64,
        DType::Bool => f64::from(u8::from(bits != 0)),
    }
}

/// IEEE half precision: 1 bit of sign, 5 of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    match i32::from(bits >> 10 & 0x1f) {
        0 => sign * fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}
