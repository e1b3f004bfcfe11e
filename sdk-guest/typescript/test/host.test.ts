import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { line } from "../src/format.ts";
import { clock, config, random } from "../src/index.ts";
import { configure } from "../src/testing.ts";

test("reads settings and names a bad one", () => {
  equal(config.get("allow"), undefined);
  equal(config.texts("allow"), undefined);
  configure("allow", '["5F", "5G"]');
  deepEqual(config.texts("allow"), ["5F", "5G"]);
  for (const text of ["5F", '"5F"', "[1]"]) {
    configure("allow", text);
    throws(() => config.texts("allow"), /"allow"/, text);
  }
  configure("allow", undefined);
  equal(config.json("allow"), undefined);
});

test("chooses every value below the bound", () => {
  const seen = new Set(Array.from({ length: 1000 }, () => random.below(6)));
  deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5]);
  equal(random.below(1), 0);
  ok(random.below(2 ** 32) < 2 ** 32);
  for (const bound of [0, -1, 1.5, 2 ** 32 + 1, NaN]) {
    throws(() => random.below(bound), /bound/);
  }
  for (const value of Array.from({ length: 100 }, random.unit)) {
    ok(value >= 0 && value < 1);
  }
  equal(random.bytes(0).length, 0);
  for (const len of [-1, 65537, 1.5]) {
    throws(() => random.bytes(len), /0 to 65536/);
  }
  ok(Math.abs(clock.nowMs() - Date.now()) < 1000);
});

test("a line shows what console.log would", () => {
  const circle: Record<string, unknown> = { name: "a" };
  circle["self"] = circle;
  const shared = { x: 1 };
  const cases: [unknown[], string][] = [
    [["a", 1, true, null, undefined], "a 1 true null undefined"],
    [[{ b: [1, "c"] }], '{"b":[1,"c"]}'],
    [[10n, { big: 10n }], '10n {"big":"10n"}'],
    [[new Map([["k", new Set([1])]])], '[["k",[1]]]'],
    [[circle], '{"name":"a","self":"[circular]"}'],
    [[{ one: shared, two: shared }], '{"one":{"x":1},"two":{"x":1}}'],
    [[new Uint8Array(3), { bytes: new Uint8Array(2) }], '"[3 bytes]" {"bytes":"[2 bytes]"}'],
    [[function named() {}, Symbol("s")], "[function named] Symbol(s)"],
    [[{ get bad() { throw new Error("x"); } }], "[an object that cannot be shown]"],
    [[{ toJSON: () => undefined }], "undefined"],
  ];
  for (const [parts, expected] of cases) {
    equal(line(parts), expected);
  }
  ok(/^Error: x \(/.test(line([new Error("x")])));
  equal(line(["a".repeat(100_000)]).length, 4096);
});
