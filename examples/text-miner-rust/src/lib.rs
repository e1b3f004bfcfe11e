//! A miner to copy: two synapses of the Python guide, one whose body the caller signs, and one that streams.
//!
//! There is no model in here. Texts and images are made by simple, repeatable work on the prompt, so that the
//! answers can be checked; put a call to your own model in its place.
//!
//! # Layout
//! - `text`: `TextGeneration` and `HashedText`
//! - `image`: `ImageGeneration`
//! - `stream`: `TextStream`
//! - `gate`: who is served, and in which order

pub mod gate;
pub mod image;
pub mod stream;
pub mod text;

use image::ImageGeneration;
use stream::TextStream;
use text::{HashedText, TextGeneration};

soma_sdk::plugin! {
    forward: {
        TextGeneration => text::generate,
        ImageGeneration => image::draw,
        HashedText => text::reverse,
    },
    streaming: { TextStream => stream::stream },
    blacklist: gate::blacklist,
    priority: gate::priority,
}
