import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { test } from "node:test";

import { Axon, Invalid, Refused, Reply, type Request, type ResponseStream, Synapse, Unavailable } from "../src/index.ts";
import { Listener, request } from "../src/testing.ts";

class Echo extends Synapse {
  text = "";
  times = 1;
  answer: string | null = null;
}

class Other extends Synapse {
  static override route = "another-name";
  text = "";
}

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const json = (body: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(body));

function repeat(echo: Echo): Echo {
  echo.answer = echo.text.repeat(echo.times);
  return echo;
}

/** What a forward hook throws. */
function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (value) {
    return value;
  }
  throw new Error("nothing was thrown");
}

test("reads the declared fields and writes the answer", async () => {
  const { forward } = new Axon().attach(Echo, repeat).attach(Other, (other) => ({ text: `${other.text}!` })).hooks;
  const sent = { text: "aé", times: 2, unknown: 1, toString: "x", constructor: 7 };
  const reply = await forward.forward(request("Echo"), bytes(sent));
  deepEqual(json(reply.body), { text: "aé", times: 2, answer: "aéaé" });
  deepEqual([reply.contentType, reply.status], [undefined, undefined]);
  const other = await forward.forward(request("another-name"), bytes({ text: "b" }));
  deepEqual(json(other.body), { text: "b!" });
});

test("a body cannot change the prototype", async () => {
  let seen: Echo | undefined;
  const { forward } = new Axon().attach(Echo, (echo) => (seen = echo)).hooks;
  await forward.forward(request("Echo"), bytes('{"__proto__": {"injected": true}, "text": "a"}'));
  ok(seen instanceof Echo && !("injected" in seen) && seen.text === "a");
});

test("a function may be async, and gets the request", async () => {
  const later = async (echo: Echo, { caller }: Request) => {
    await Promise.resolve();
    return { answer: echo.text + caller.hotkey };
  };
  const { forward } = new Axon().attach(Echo, later).hooks;
  const reply = await forward.forward({ ...request("Echo"), caller: { ...request("Echo").caller, hotkey: "5F" } }, bytes({ text: "a" }));
  deepEqual(json(reply.body), { answer: "a5F" });
});

test("a reply may be bytes with a media type and a status", async () => {
  const picture = (body: Uint8Array) => new Reply(body.slice(1), { contentType: "image/png", status: 201 });
  const { forward } = new Axon().attachBytes("picture", picture).hooks;
  const reply = await forward.forward(request("picture"), new Uint8Array([1, 2, 3]));
  deepEqual([[...reply.body], reply.contentType, reply.status], [[2, 3], "image/png", 201]);
});

test("exceptions become failures", async () => {
  const cases: [unknown, string, RegExp][] = [
    [new Invalid("no word"), "invalid", /^no word$/],
    [new Refused("not you"), "refused", /^not you$/],
    [new Unavailable("later"), "unavailable", /^later$/],
    [new TypeError("oops"), "internal", /^TypeError: oops \(.*axon/],
    [new Error("outer", { cause: new Error("inner") }), "internal", /^Error: outer .*; caused by Error: inner/],
    ["a text", "internal", /no Error was thrown: a text/],
    [{ toString: () => { throw new Error("again"); } }, "internal", /cannot be described/],
  ];
  for (const [value, tag, text] of cases) {
    const fail = () => { throw value; };
    const { forward } = new Axon().attach(Echo, fail).hooks;
    const failure = thrown(() => forward.forward(request("Echo"), bytes({}))) as { tag: string; val: string };
    equal(failure.tag, tag);
    ok(text.test(failure.val), failure.val);
    ok(!failure.val.includes("\n"), failure.val);
    const late = new Axon().attach(Echo, async () => fail()).hooks.forward;
    await rejects(async () => late.forward(request("Echo"), bytes({})), { tag });
  }
});

test("mistakes of the plugin are internal and say what to do", () => {
  const text = ((_: Echo) => "text") as never;
  const generator = function* (_: Echo) { yield "a"; };
  const plain = new Axon().attach(Echo, repeat).hooks;
  const cases: [() => unknown, RegExp][] = [
    [() => plain.forward.forward(request("Missing"), bytes({})), /route "Missing" that nothing is attached to/],
    [() => plain.forward.forward(request("Echo"), bytes("[1]")), /attachBytes/],
    [() => plain.forward.forward(request("Echo"), bytes("{")), /SyntaxError/],
    [() => plain.forward.forward(request("Echo"), new Uint8Array([0x22, 0xff, 0x22])), /TypeError/],
    [() => plain.streaming.forward(request("Echo"), bytes({}), new Listener()), /has to be a generator/],
    [() => new Axon().attach(Echo, text).hooks.forward.forward(request("Echo"), bytes({})), /return an object/],
    [() => new Axon().attach(Echo, generator).hooks.forward.forward(request("Echo"), bytes({})), /give this route `stream`/],
  ];
  for (const [run, message] of cases) {
    const { tag, val } = thrown(run) as { tag: string; val: string };
    equal(tag, "internal");
    ok(message.test(val), val);
  }
  throws(() => new Axon().attach(Echo, repeat).attach(Echo, repeat), /attached twice/);
});

test("takes every shape of streaming", async () => {
  const shapes = [
    function* (echo: Echo) { yield echo.text; yield new TextEncoder().encode("b"); },
    async function* (echo: Echo) { yield echo.text; await Promise.resolve(); yield "b"; },
    (echo: Echo, _: Request, out: ResponseStream) => { out.write(echo.text); out.write("b"); },
    async (echo: Echo, _: Request, out: ResponseStream) => { out.write(echo.text); await Promise.resolve(); out.write("b"); },
    (echo: Echo) => [echo.text, "b"],
  ];
  for (const shape of shapes) {
    const listener = new Listener();
    await new Axon().attach(Echo, shape).hooks.streaming.forward(request("Echo"), bytes({ text: "a" }), listener);
    deepEqual(listener.heard, ["a", "b"]);
  }
});

test("a stream ends when the caller is gone, and its generator is told", () => {
  let released = 0;
  let ended = false;
  class Counted extends Listener {
    [Symbol.dispose]() { released += 1; }
  }
  const endless = function* () { try { for (;;) yield "a"; } finally { ended = true; } };
  const stubborn = (_: Echo, __: Request, out: ResponseStream) => {
    for (const piece of ["a", "b", "c"]) {
      try { out.write(piece); } catch { /* goes on */ }
    }
  };
  const hasty = new Counted(2);
  const failure = thrown(() => new Axon().attach(Echo, endless).hooks.streaming.forward(request("Echo"), bytes({}), hasty));
  deepEqual(failure, { tag: "unavailable", val: "the caller is gone" });
  ok(ended);
  deepEqual([hasty.heard, released], [["a", "a"], 1]);
  // The host would end a plugin that writes after a refusal.
  let writes = 0;
  const host = { write: () => { writes += 1; throw "limit"; }, [Symbol.dispose]: () => undefined };
  new Axon().attach(Echo, stubborn).hooks.streaming.forward(request("Echo"), bytes({}), host);
  equal(writes, 1);
});

test("gates judge, deny and rank", async () => {
  const allow = { tag: "allow" };
  const deny = (val: string) => ({ tag: "deny", val });
  const poor = (asked: Request): [boolean, string] => [asked.caller.stake < 10, "too little stake"];
  const own = new Axon()
    .gate({ blacklist: poor, priority: (asked) => asked.caller.stake })
    .attach(Echo, repeat, {
      blacklist: () => false,
      verify: (_, echo) => { if (echo.text === "") throw new Refused("no text"); },
      priority: async () => 7,
    })
    .attach(Other, (other) => other).hooks;
  deepEqual(await own.blacklist.check(request("Echo")), allow);
  deepEqual(await own.blacklist.check(request("another-name")), deny("too little stake"));
  deepEqual([await own.priority.rank(request("Echo")), await own.priority.rank(request("x"))], [7, 0]);
  deepEqual(await own.verify.check(request("Echo"), bytes({ text: "a" })), allow);
  deepEqual(await own.verify.check(request("Echo"), bytes({})), deny("no text"));
  deepEqual(await own.verify.check(request("Echo"), bytes("{")), deny("the body cannot be checked"));
  deepEqual(await own.verify.check(request("another-name"), bytes("{")), allow);
  const none = new Axon().hooks;
  deepEqual([await none.blacklist.check(request("x")), await none.priority.rank(request("x"))], [allow, 0]);
});

test("a gate that fails does not open", () => {
  const fail = () => { throw new Error("broken"); };
  const { blacklist, verify, priority } = new Axon().attach(Echo, repeat, { blacklist: fail, verify: fail, priority: fail }).hooks;
  throws(() => blacklist.check(request("Echo")), /broken/);
  throws(() => verify.check(request("Echo"), bytes({})), /broken/);
  throws(() => priority.rank(request("Echo")), /broken/);
});

test("a gate that says not now denies, and an order that does is 0", () => {
  const later = () => { throw new Unavailable("later"); };
  const { blacklist, verify, priority } = new Axon().attach(Echo, repeat, { blacklist: later, verify: later, priority: later }).hooks;
  deepEqual(blacklist.check(request("Echo")), { tag: "deny", val: "later" });
  deepEqual(verify.check(request("Echo"), bytes({})), { tag: "deny", val: "later" });
  equal(priority.rank(request("Echo")), 0);
});

test("init fails with a text", async () => {
  let prepared = 0;
  await new Axon().init(() => { prepared += 1; }).hooks.lifecycle.init();
  equal(prepared, 1);
  const failed = thrown(() => new Axon().init(() => { throw new Error("no model"); }).hooks.lifecycle.init());
  ok(typeof failed === "string" && failed.startsWith("Error: no model"));
});
