use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_are_an_order_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        json in "[{}\\[\\]\":,a-z0-9 ]{0,40}",
        query in "(code|route|hotkey|limit|=|&|%|[0-9a-f]|-|\\+){0,12}",
    ) {
        for body in [bytes.as_slice(), json.as_bytes()] {
            let _ = serde_json::from_slice::<SwapOrder>(body);
            let _ = serde_json::from_slice::<Problem>(body);
        }
        if let Ok(uri) = format!("/requests?{query}").parse::<http::Uri>() {
            let _ = Query::<Filter>::try_from_uri(&uri);
        }
        let order = format!("{{\"plugin\":{}}}", serde_json::to_string(&json).unwrap());
        prop_assert_eq!(serde_json::from_str::<SwapOrder>(&order).unwrap().plugin, PathBuf::from(json));
    }
}
