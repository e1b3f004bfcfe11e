//! What wit-bindgen makes of the contract: one set of bindings for the imports and shared shapes, and one for
//! each hook, so that a hook that a plugin does not name is not exported.

#![allow(
    missing_docs,
    unsafe_code,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated code; its documentation is the contract's"
)]

pub mod sdk {
    wit_bindgen::generate!({
        world: "sdk",
        path: "wit",
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

pub mod forward {
    wit_bindgen::generate!({
        world: "forward-hook",
        path: "wit",
        with: { "soma:neuron/types@0.1.0": crate::bindings::sdk::soma::neuron::types },
        pub_export_macro: true,
        export_macro_name: "export_forward",
    });
}

pub mod blacklist {
    wit_bindgen::generate!({
        world: "blacklist-hook",
        path: "wit",
        with: { "soma:neuron/types@0.1.0": crate::bindings::sdk::soma::neuron::types },
        pub_export_macro: true,
        export_macro_name: "export_blacklist",
    });
}

pub mod priority {
    wit_bindgen::generate!({
        world: "priority-hook",
        path: "wit",
        with: { "soma:neuron/types@0.1.0": crate::bindings::sdk::soma::neuron::types },
        pub_export_macro: true,
        export_macro_name: "export_priority",
    });
}

pub mod streaming {
    wit_bindgen::generate!({
        world: "streaming-hook",
        path: "wit",
        with: {
            "soma:neuron/types@0.1.0": crate::bindings::sdk::soma::neuron::types,
            "soma:neuron/response@0.1.0": crate::bindings::sdk::soma::neuron::response,
        },
        pub_export_macro: true,
        export_macro_name: "export_streaming",
    });
}

pub mod verify {
    wit_bindgen::generate!({
        world: "verify-hook",
        path: "wit",
        with: { "soma:neuron/types@0.1.0": crate::bindings::sdk::soma::neuron::types },
        pub_export_macro: true,
        export_macro_name: "export_verify",
    });
}

pub mod lifecycle {
    wit_bindgen::generate!({
        world: "lifecycle-hook",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
    });
}
