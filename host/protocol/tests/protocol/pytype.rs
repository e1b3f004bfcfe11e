//! The grammar of type expressions.

use soma_protocol::pytype::{PyType, PyTypeError};

#[test]
fn reads_and_prints_one_spelling() {
    let cases = [
        ("str", "str"),
        (" int ", "int"),
        ("list", "list[Any]"),
        ("List[ float ]", "list[float]"),
        ("dict", "dict[str, Any]"),
        ("Dict[str,list[int]]", "dict[str, list[int]]"),
        ("tuple", "tuple[Any, ...]"),
        ("tuple[int]", "tuple[int]"),
        ("Tuple[int, str]", "tuple[int, str]"),
        ("tuple[float,...]", "tuple[float, ...]"),
        ("Optional[int]", "int | None"),
        ("None|int|int", "None | int"),
        ("Union[int, Union[str, None], str]", "int | str | None"),
        ("Union[int]", "int"),
        ("Point{}", "Model{}"),
        ("Point{x:int,y:Optional[int]=null}", "Model{x: int, y: int | None = null}"),
        (
            "P{a: dict = {\"k\": [1, {}]}, b: str = \"},\", c: float=1.5}",
            "Model{a: dict[str, Any] = {\"k\":[1,{}]}, b: str = \"},\", c: float = 1.5}",
        ),
    ];
    for (text, expected) in cases {
        let kind: PyType = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(kind.to_string(), expected, "{text}");
        assert_eq!(expected.parse::<PyType>().unwrap(), kind, "{text} printed and read again");
    }
}

#[test]
fn refuses_what_is_no_type() {
    let cases = [
        "",
        "1",
        "int int",
        "list[",
        "list[int",
        "list[]",
        "dict[int, str]",
        "dict[str]",
        "tuple[...]",
        "tuple[int, int, ...]",
        "Optional",
        "Optional[int, str]",
        "Union[]",
        "int |",
        "P{x}",
        "P{x: int y: int}",
        "P{x: int = }",
        "P{x: int = {\"a\":1,\"a\":2}}",
        "P{x: int, x: str}",
        "P{,}",
        "set[int]",
        "numpy.ndarray",
        "é",
    ];
    for text in cases {
        assert!(text.parse::<PyType>().is_err(), "{text:?} was read");
    }
    assert!(matches!("set".parse::<PyType>(), Err(PyTypeError::Unknown { name, .. }) if name == "set"));
}

#[test]
fn bounds_depth_and_length() {
    let nested = |depth: usize| format!("{}int{}", "list[".repeat(depth), "]".repeat(depth));
    assert!(nested(31).parse::<PyType>().is_ok());
    assert_eq!(nested(32).parse::<PyType>(), Err(PyTypeError::Depth));
    assert_eq!(nested(2500).parse::<PyType>(), Err(PyTypeError::Depth));
    assert_eq!(nested(30_000).parse::<PyType>(), Err(PyTypeError::Long));
}

#[test]
fn travels_as_a_string() {
    let kind: PyType = serde_json::from_str("\"Optional[list[int]]\"").unwrap();
    assert_eq!(serde_json::to_string(&kind).unwrap(), "\"list[int] | None\"");
    assert!(serde_json::from_str::<PyType>("\"set\"").is_err());
}

#[test]
fn bounds_the_number_of_terms() {
    let union = |members: usize| format!("Union[{}]", vec!["int"; members].join(","));
    assert!(union(63).parse::<PyType>().is_ok());
    assert_eq!(union(64).parse::<PyType>(), Err(PyTypeError::Wide));
}
