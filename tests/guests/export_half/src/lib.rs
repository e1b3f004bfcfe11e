//! Exports an interface with the name of the blacklist hook, but without its function.

use soma_sdk::prelude::*;

mod half {
    wit_bindgen::generate!({
        inline: "
            package soma:neuron@0.1.0;
            interface blacklist {
                allows: func(ip: string) -> bool;
            }
            world half {
                export blacklist;
            }
        ",
    });

    struct Half;

    impl exports::soma::neuron::blacklist::Guest for Half {
        fn allows(ip: String) -> bool {
            !ip.is_empty()
        }
    }

    export!(Half);
}

fn forward(_: &Request, body: &[u8]) -> Result<Reply, Failure> {
    Ok(Reply { body: body.to_vec(), content_type: None, status: None })
}

soma_sdk::plugin! {
    forward: forward,
}
