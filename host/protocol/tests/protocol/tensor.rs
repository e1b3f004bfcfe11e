//! Tensors against what msgpack and msgpack-numpy wrote for bittensor 10.5.0.

use proptest::prelude::*;
use serde_json::{Value, json};
use soma_protocol::tensor::{DType, LARGEST, Tensor, TensorError};

use crate::vector;

fn cases() -> Vec<Value> {
    vector(include_str!("../vectors/tensor.json"))["cases"].as_array().unwrap().clone()
}

/// The elements of nested lists, in order.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(flat).collect(),
        Value::Bool(truth) => vec![f64::from(u8::from(*truth))],
        number => vec![number.as_f64().unwrap()],
    }
}

#[test]
fn reads_and_writes_what_python_wrote() {
    let cases = cases();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let wire = &case["wire"];
        let tensor = Tensor::from_json(wire, LARGEST).unwrap();
        assert_eq!(tensor.to_floats(), flat(&case["values"]), "{wire}");
        assert_eq!(hex::encode(tensor.data()), case["msgpack_generic"]["data"].as_str().unwrap());
        assert_eq!(json!(tensor.shape()), case["msgpack_generic"]["shape"]);
        assert_eq!(&tensor.to_json(), wire);
        let mut torch = wire.clone();
        torch["dtype"] = json!(format!("torch.{}", wire["dtype"].as_str().unwrap()));
        assert_eq!(Tensor::from_json(&torch, LARGEST).unwrap(), tensor);
    }
}

#[test]
fn refuses_what_two_readers_could_take_for_two_things() {
    let good = cases()[0]["wire"].clone();
    let with = |field: &str, value: Value| {
        let mut wire = good.clone();
        wire[field] = value;
        Tensor::from_json(&wire, LARGEST).unwrap_err()
    };
    assert_eq!(with("dtype", json!("int32")), TensorError::Mismatch { what: "dtype" });
    assert_eq!(with("shape", json!([4])), TensorError::Mismatch { what: "shape" });
    assert_eq!(with("dtype", json!("complex64")), TensorError::DType { name: "complex64".into() });
    assert_eq!(with("shape", json!([-1])), TensorError::Field { field: "shape", expected: "a list of integers" });
    assert_eq!(with("buffer", json!("%")), TensorError::Field { field: "buffer", expected: "base64" });
    assert_eq!(with("buffer", json!(5)), TensorError::Field { field: "buffer", expected: "a string" });
    assert!(matches!(with("buffer", json!("gA==")), TensorError::Buffer { .. }), "an empty map");
    assert_eq!(with("shape", json!(vec![1; 33])), TensorError::TooLarge { largest: LARGEST });
}

#[test]
fn is_bounded() {
    let tensor = Tensor::new(DType::UInt8, vec![100], vec![7; 100]).unwrap();
    assert!(Tensor::from_json(&tensor.to_json(), 100).is_ok());
    assert_eq!(Tensor::from_json(&tensor.to_json(), 99), Err(TensorError::TooLarge { largest: 99 }));
    let wrapping = Tensor::new(DType::Float64, vec![usize::MAX, 2], Vec::new());
    assert_eq!(wrapping, Err(TensorError::Mismatch { what: "length" }));
}

#[test]
fn halves_are_read_to_the_last_bit() {
    for (bits, value) in [
        (0x3c00_u16, 1.0),
        (0xc000, -2.0),
        (0x7bff, 65504.0),
        (0x0400, 2_f64.powi(-14)),
        (0x0001, 2_f64.powi(-24)),
        (0x8000, -0.0),
        (0x7c00, f64::INFINITY),
    ] {
        let tensor = Tensor::new(DType::Float16, Vec::new(), bits.to_le_bytes().to_vec()).unwrap();
        assert_eq!(tensor.to_floats(), [value], "{bits:#x}");
    }
}

fn dtypes() -> impl Strategy<Value = DType> {
    let names = ["float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"];
    proptest::sample::select(names.to_vec()).prop_map(|name| DType::from_name(name).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(dtype in dtypes(), shape in proptest::collection::vec(0_usize..300, 0..3), byte in any::<u8>()) {
        let length = shape.iter().product::<usize>() * dtype.size();
        let tensor = Tensor::new(dtype, shape, vec![byte; length]).unwrap();
        prop_assert_eq!(Tensor::from_json(&tensor.to_json(), LARGEST).unwrap(), tensor);
    }

    #[test]
    fn any_buffer_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        use base64::Engine;
        let buffer = base64::engine::general_purpose::STANDARD.encode(bytes);
        let _ = Tensor::from_json(&json!({"buffer": buffer, "dtype": "float32", "shape": [2, 2]}), LARGEST);
    }

    #[test]
    fn a_changed_buffer_is_read_or_refused(at in 0_usize..56, byte in any::<u8>()) {
        use base64::Engine;
        let engine = base64::engine::general_purpose::STANDARD;
        let mut wire = cases()[0]["wire"].clone();
        let mut packed = engine.decode(wire["buffer"].as_str().unwrap()).unwrap();
        packed[at] = byte;
        wire["buffer"] = json!(engine.encode(packed));
        let _ = Tensor::from_json(&wire, LARGEST);
    }
}
