//! Images.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use soma_sdk::prelude::*;

/// Widest and highest image, in pixels.
pub const MOST: u32 = 2048;

/// An image for a prompt.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImageGeneration {
    /// What the image shows.
    pub prompt: String,
    /// Width and height in pixels, each 1 to [`MOST`]; `512x512` by default.
    pub size: String,
    /// The answer: an SVG document, in base64.
    pub image_data: Option<String>,
}

/// Stands in for an image model: a rectangle of the wanted size in a colour that depends on the prompt only.
///
/// # Errors
/// `Failure::Invalid` when `size` is not `<width>x<height>` in range.
pub fn draw(mut synapse: ImageGeneration) -> Result<ImageGeneration, Failure> {
    let (width, height) =
        size(&synapse.size).ok_or_else(|| Failure::invalid(format!("size: want WIDTHxHEIGHT, each 1 to {MOST}")))?;
    let colour = colour(&synapse.prompt);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#{colour:06x}\"/></svg>"
    );
    synapse.image_data = Some(STANDARD.encode(svg));
    Ok(synapse)
}

fn size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|side| (1..=MOST).contains(side));
    Some((side(width)?, side(height)?))
}

/// 24 bits of red, green and blue (FNV-1a over the prompt's bytes).
fn colour(prompt: &str) -> u32 {
    let hash = prompt.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(prompt: &str, size: &str) -> Result<String, Failure> {
        let synapse = ImageGeneration { prompt: prompt.into(), size: size.into(), image_data: None };
        let data = draw(synapse)?.image_data.unwrap();
        Ok(String::from_utf8(STANDARD.decode(data).unwrap()).unwrap())
    }

    #[test]
    fn draws_in_the_wanted_size() {
        let image = ask("a cat", "640x480").unwrap();
        assert!(image.contains("width=\"640\" height=\"480\""), "{image}");
        assert_eq!(image, ask("a cat", "640x480").unwrap());
        assert_ne!(image, ask("a dog", "640x480").unwrap());
    }

    #[test]
    fn refuses_a_size_out_of_range() {
        for size in ["", "512", "0x512", "512x", "512x9999", "-1x1", "1x1x1"] {
            assert!(matches!(ask("a cat", size), Err(Failure::Invalid(_))), "{size}");
        }
    }
}
