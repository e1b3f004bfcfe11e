import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { line } from "../src/format.ts";
import { type Absence, clock, config, metagraph, NoMetagraph, random, Unavailable } from "../src/index.ts";
import { configure, neuron, register, registerNobody } from "../src/testing.ts";

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

test("without a chain everything says so", () => {
  const absences: Absence[] = ["offline", "unread", "no-request"];
  for (const absence of absences) {
    registerNobody(absence);
    const looks = [metagraph.current, () => metagraph.byUid(0), () => metagraph.byHotkey("5F"), metagraph.neurons];
    for (const look of looks) {
      throws(look, (thrown: unknown) => {
        ok(thrown instanceof NoMetagraph && thrown instanceof Unavailable);
        deepEqual([thrown.absence, thrown.message], [absence, "the metagraph is not there at the moment"]);
        return thrown.why !== absence;
      });
    }
  }
});

test("neurons are found by uid and hotkey and come in order over all pages", () => {
  const uids = Array.from({ length: 600 }, (_, uid) => uid);
  register(uids.toReversed().map((uid) => neuron(uid, `5-${uid}`, uid)), { ownUid: 3 });
  deepEqual(metagraph.current(), { netuid: 1, block: 1000, size: 600, ownUid: 3 });
  equal(metagraph.byUid(599)?.hotkey, "5-599");
  for (const uid of [600, -1, 65536, 1.5, NaN]) {
    equal(metagraph.byUid(uid), undefined);
  }
  equal(metagraph.byHotkey("5-7")?.stake, 7);
  equal(metagraph.byHotkey("7"), undefined);
  deepEqual(Array.from(metagraph.neurons(), ({ uid }) => uid), uids);
  register([]);
  deepEqual([...metagraph.neurons()], []);
  registerNobody("offline");
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
