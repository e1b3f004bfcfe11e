import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { Invalid } from "soma-sdk";
import { configure, Listener, request } from "soma-sdk/testing";

import { blacklist, priority } from "../src/gate.ts";
import { draw, ImageGeneration } from "../src/image.ts";
import { streaming } from "../src/index.ts";
import { generate, HashedText, MODEL, reverse, TextGeneration } from "../src/text.ts";

const body = (fields: object) => new TextEncoder().encode(JSON.stringify(fields));

test("generates at most max_tokens words", () => {
  for (const [prompt, max_tokens, temperature, text] of [
    ["the quick fox", 100, 0, "THE QUICK FOX"],
    ["the quick fox", 2, 0, "THE QUICK"],
    ["the quick fox", 0, 0, ""],
    ["the quick fox", 100, 0.7, "QUICK FOX THE"],
    ["  straße\n", 100, 2, "STRASSE"],
    ["one\u0085two\ufeffthree", 100, 0, "ONE TWO\ufeffTHREE"],
  ] as const) {
    const synapse = generate(Object.assign(new TextGeneration(), { prompt, max_tokens, temperature }));
    equal(synapse.generated_text, text);
    equal(synapse.model_name, MODEL);
  }
  throws(() => generate(Object.assign(new TextGeneration(), { prompt: " \n" })), Invalid);
});

test("reverses characters and not UTF-16 units", () => {
  equal(reverse(Object.assign(new HashedText(), { prompt: "añ😀b" })).output, "b😀ña");
});

test("draws in the wanted size", () => {
  const ask = (prompt: string, size: string) => atob(draw(Object.assign(new ImageGeneration(), { prompt, size })).image_data ?? "");
  ok(ask("a cat", "640x480").includes('width="640" height="480"'));
  equal(ask("a cat", "640x480"), ask("a cat", "640x480"));
  // The same colour as from the example in Rust.
  ok(ask("a cat", "1x1").includes('fill="#de1474"'));
  for (const size of ["", "512", "0x512", "512x", "512x9999", "-1x1", "1x1x1"]) {
    throws(() => ask("a cat", size), Invalid, size);
  }
});

test("streams word by word", () => {
  for (const [fields, pieces] of [
    [{ prompt: "the quick fox" }, ["THE", " QUICK", " FOX"]],
    [{ prompt: "the quick fox", max_tokens: 2 }, ["THE", " QUICK"]],
  ] as const) {
    const listener = new Listener();
    streaming.forward(request("TextStream"), body(fields), listener);
    deepEqual(listener.heard, pieces);
  }
  const listener = new Listener();
  throws(() => streaming.forward(request("TextStream"), body({ prompt: " " }), listener), { tag: "invalid" });
  deepEqual(listener.heard, []);
});

test("turns away who is on the list", () => {
  const asked = request("TextGeneration");
  equal(blacklist(asked)[0], false);
  configure("deny", '["5Bad", "5Worse"]');
  equal(blacklist(asked)[0], false);
  asked.caller.hotkey = "5Worse";
  equal(blacklist(asked)[0], true);
  configure("deny", "5Worse");
  asked.caller.hotkey = "5Good";
  equal(blacklist(asked)[0], true);
  asked.caller.stake = 12.5;
  equal(priority(asked), 12.5);
});
