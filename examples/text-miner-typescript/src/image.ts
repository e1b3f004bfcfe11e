// Images.

import { Invalid, Synapse } from "soma-sdk";

/** Widest and highest image, in pixels. */
export const MOST = 2048;

/** An image for a prompt. */
export class ImageGeneration extends Synapse {
  /** What the image shows. */
  prompt = "";
  /** Width and height in pixels, each 1 to {@link MOST}. */
  size = "512x512";
  /** The answer: an SVG document, in base64. */
  image_data: string | null = null;
}

/**
 * Stands in for an image model: a rectangle of the wanted size in a colour that depends on the prompt only. Throws
 * `Invalid` when `size` is not `<width>x<height>` in range.
 */
export function draw(synapse: ImageGeneration): ImageGeneration {
  const [width, height] = sides(synapse.size);
  const fill = colour(synapse.prompt).toString(16).padStart(6, "0");
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect width="100%" height="100%" fill="#${fill}"/></svg>`;
  synapse.image_data = btoa(svg);
  return synapse;
}

function sides(size: string): [number, number] {
  const found = /^(\d{1,4})x(\d{1,4})$/.exec(size);
  const [width, height] = [Number(found?.[1]), Number(found?.[2])];
  if (!(width >= 1 && width <= MOST && height >= 1 && height <= MOST)) {
    throw new Invalid(`size: want WIDTHxHEIGHT, each 1 to ${MOST}`);
  }
  return [width, height];
}

/** 24 bits of red, green and blue (FNV-1a over the prompt's bytes). */
function colour(prompt: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(prompt)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 8;
}
