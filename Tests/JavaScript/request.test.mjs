// What a page may ask for: a request is read once, and refused before it can harm the subscriptions beside it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../Sources/Transport/Assets/livelog.js";
import { World } from "./world.mjs";

/** A client whose first subscription is on an open socket. */
function opened() {
  const world = new World();
  const log = connect("ws://example.test/", world.options);
  const first = log.subscribe({ model: "first" }, () => {});
  world.socket.open().say({ subscribed: 1, token: "t0" }, { covered: 1, token: "t0", live: true });
  return { world, log, first };
}

// A page kept its filter in a variable and changed it for the next list. After the next lost connection the first
// list's subscription went on with the second list's filter, from a token of the first.
test("what the page does to its request afterwards changes nothing", () => {
  const { world, log } = opened();
  const where = { list_id: { in: [1, 2] } };
  log.collection({ model: "m", where });
  where.list_id.in.push(3);
  where.owner = 7;
  world.socket.drop();
  world.clock.advance(500);
  world.socket.open();
  assert.deepEqual(world.socket.sent[1], {
    subscribe: 2, model: "m", where: { list_id: { in: [1, 2] } }, from: "snapshot",
  });
});

// A request that could not be written as JSON threw whenever the socket opened, before those behind it had been
// sent, and so on every connection. One with an undefined value was sent without the condition: it asked
// for all instances of the model.
test("what JSON does not have is refused by name, and harms nobody", () => {
  const cycle = {};
  cycle.a = cycle;
  for (const [where, words] of [
    [{ list_id: undefined }, "where.list_id is undefined, which JSON does not have"],
    [{ list_id: { in: [1, undefined] } }, "where.list_id.in[1] is undefined, which JSON does not have"],
    [{ list_id: { in: new Array(1) } }, "where.list_id.in[0] is undefined, which JSON does not have"],
    [{ total: { "<": NaN } }, "where.total.< is NaN, which JSON does not have"],
    [{ total: Infinity }, "where.total is Infinity, which JSON does not have"],
    [{ id: 5n }, "where.id is a bigint, which JSON does not have"],
    [{ id: Symbol("s") }, "where.id is a symbol, which JSON does not have"],
    [{ id: () => 1 }, "where.id is a function, which JSON does not have"],
    [{ toJSON: () => ({}) }, "where.toJSON is a function, which JSON does not have"],
    [new Map([["list_id", 42]]), "where is an object of a class, which JSON does not have"],
    [{ since: new Date(0) }, "where.since is an object of a class, which JSON does not have"],
    [{ name: "\ud800" }, "where.name has half of a surrogate pair"],
    [{ "\udc00": 1 }, "a name in where has half of a surrogate pair"],
    [{ a: cycle }, /^where\.a\.a.* is nested too deeply$/],
  ]) {
    const { world, log, first } = opened();
    assert.throws(() => log.subscribe({ model: "m", where }, () => {}), { name: "TypeError", message: words });
    assert.throws(() => log.collection({ model: "m", where }), TypeError);
    assert.equal(world.socket.sent.length, 1);
    world.socket.drop();
    world.clock.advance(500);
    world.socket.open();
    assert.deepEqual(world.socket.sent, [{ subscribe: 1, model: "first", from: "t0" }]);
    assert.equal(first.error, null);
  }
  const { log } = opened();
  for (const request of [{}, undefined, { model: 7 }, { model: "m", from: { offset: NaN } }, { model: "m", budget: 1n },
    { model: "m", afterReset: "now" }]) {
    assert.throws(() => log.subscribe(request, () => {}), TypeError);
  }
});

test("a request that JSON has as it is goes to the server as it is", () => {
  const { world, log } = opened();
  const where = Object.assign(Object.create(null), { a: "\ud83d\ude00", b: { in: [1.5, null, true, ""] }, c: -0 });
  Object.defineProperty(where, "__proto__", { value: 1, enumerable: true });
  log.subscribe({ model: "m", where, budget: undefined }, () => {});
  const sent = world.socket.sent[1];
  assert.deepEqual(Object.entries(sent.where), [
    ["a", "\ud83d\ude00"], ["b", { in: [1.5, null, true, ""] }], ["c", 0], ["__proto__", 1],
  ]);
  assert.deepEqual(Object.keys(sent), ["subscribe", "model", "where", "from"]);
});

// One list of 20,000 numbers made a message over 64 KiB. The server closed the connection with 1009, and with it
// failed everything else on the page.
test("a request that is too large is refused before it is sent", () => {
  const { world, log, first } = opened();
  const words = "\u00e9".repeat(32 << 10);
  assert.throws(
    () => log.subscribe({ model: "m", where: { name: words } }, () => {}),
    /^RangeError: the request has \d+ bytes, and a server takes 65536: ask for less at once$/,
  );
  assert.equal(world.socket.sent.length, 1);
  log.subscribe({ model: "m", where: { name: words.slice(200) } }, () => {});
  assert.equal(world.socket.sent.length, 2);
  assert.equal(first.state, "live");
});

test("a subscription without a handler is refused at once", () => {
  const { world, log } = opened();
  for (const handler of [undefined, {}, "print"]) {
    assert.throws(() => log.subscribe({ model: "m" }, handler), { name: "TypeError", message: /handler/ });
  }
  assert.equal(world.socket.sent.length, 1);
});

// The server cannot always read the number of a request that it refuses, and says `"error":null`. Dropped by the
// client, that left the subscription connecting for ever.
test("a refusal without a number is that of the oldest request without an answer", () => {
  const { world, log, first } = opened();
  const second = log.subscribe({ model: "second" }, () => {});
  const third = log.subscribe({ model: "third" }, () => {});
  world.socket.say({ error: null, code: "too-many-values", message: "no" });
  assert.deepEqual([first.state, second.state, third.state], ["live", "failed", "connecting"]);
  assert.equal(second.error.code, "too-many-values");
  assert.equal(second.error.message, "no");
  // What was closed has its answer too.
  third.close();
  const fourth = log.subscribe({ model: "fourth" }, () => {});
  world.socket.say({ error: null, code: "too-many-values", message: "no" });
  assert.equal(fourth.state, "connecting");
  world.socket.say({ subscribed: 4, token: "u" });
  assert.equal(fourth.state, "loading");
});

test("a refusal that belongs to no request is reported", () => {
  const { world, first } = opened();
  const reported = [];
  const had = Object.getOwnPropertyDescriptor(globalThis, "reportError");
  globalThis.reportError = (error) => reported.push([error.code, error.message]);
  try {
    world.socket.say({ error: null, code: "unknown-message", message: "what?" });
  } finally {
    if (had) Object.defineProperty(globalThis, "reportError", had);
    else delete globalThis.reportError;
  }
  assert.deepEqual(reported, [["unknown-message", "what?"]]);
  assert.equal(first.state, "live");
});
