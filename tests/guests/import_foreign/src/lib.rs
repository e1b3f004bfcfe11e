//! Imports something outside `soma:neuron`.

use soma_sdk::prelude::*;

wit_bindgen::generate!({
    inline: "
        package elsewhere:outside@1.0.0;
        interface door {
            knock: func() -> u32;
        }
        world visitor {
            import door;
        }
    ",
});

fn forward(_: &Request, _: &[u8]) -> Result<Reply, Failure> {
    let knocks = elsewhere::outside::door::knock();
    Ok(Reply { body: format!("{{\"knocks\":{knocks}}}").into_bytes(), content_type: None, status: None })
}

soma_sdk::plugin! {
    forward: forward,
}
