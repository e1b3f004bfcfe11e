//! Exports the blacklist hook with its function, but the function has another shape.

use soma_sdk::prelude::*;

mod shape {
    wit_bindgen::generate!({
        inline: "
            package soma:neuron@0.1.0;
            interface blacklist {
                check: func(ip: string) -> bool;
            }
            world shape {
                export blacklist;
            }
        ",
    });

    struct Shape;

    impl exports::soma::neuron::blacklist::Guest for Shape {
        fn check(ip: String) -> bool {
            !ip.is_empty()
        }
    }

    export!(Shape);
}

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: body.to_vec(), content_type: None, status: None })
}

soma_sdk::plugin! {
    forward: forward,
}
