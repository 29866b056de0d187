import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../Sources/Transport/Assets/livelog.js";
import { record, World } from "./world.mjs";

/** A subscription on an open socket, before the server has answered. */
function asked(request = {}) {
  const world = new World();
  const log = connect("ws://example.test/", world.options);
  const deliveries = [];
  const subscription = log.subscribe({ model: "m", ...request }, (delivery) => deliveries.push(delivery));
  world.socket.open();
  return { world, log, subscription, deliveries, socket: world.socket };
}

/** The same, accepted. */
function accepted(request = {}) {
  const all = asked(request);
  all.socket.say({ subscribed: 1, token: "t0", plan: "group" });
  all.deliveries.length = 0;
  return all;
}

function delivery(kind, offsets, token, { live = false, partial = false } = {}) {
  return { kind, records: offsets.map(entered), token, live, partial };
}

const entered = (offset) => record(offset, "entered", offset, { id: offset });

test("the request says what is wanted, and nothing that was not asked for", () => {
  const where = { list_id: 42, state: { "!=": ["done", null], prefix: "a" } };
  for (const [request, sent] of [
    [{}, { from: "now" }],
    [{ where, from: "start" }, { where, from: "start" }],
    [{ from: { offset: 12 } }, { from: { offset: 12 } }],
    [{ from: { time: "2026-11-23T10:00:00Z" } }, { from: { time: "2026-11-23T10:00:00Z" } }],
    [{ from: "abc", catchUp: "latest", budget: 9 }, { from: "abc", catchUp: "latest", budget: 9 }],
    [{ other: 1 }, { from: "now" }],
  ]) {
    assert.deepEqual(asked(request).socket.sent, [{ subscribe: 1, model: "m", ...sent }]);
  }
});

test("records and progress are delivered with their tokens", () => {
  const { socket, subscription, deliveries } = asked();
  const states = [];
  subscription.addEventListener("state", ({ state }) => states.push(state));
  assert.equal(subscription.state, "connecting");
  socket.say(
    { subscribed: 1, token: "t0", plan: "group" }, { changes: 1, token: "t1", records: [entered(4), entered(9)] },
    { covered: 1, token: "t2" }, { covered: 1, token: "t3", live: true },
    { changes: 1, token: "t4", records: [entered(12)] },
  );
  assert.deepEqual(deliveries, [
    delivery("changes", [], "t0"), delivery("changes", [4, 9], "t1"), delivery("changes", [], "t2"),
    delivery("changes", [], "t3", { live: true }), delivery("changes", [12], "t4"),
  ]);
  assert.deepEqual(states, ["loading", "live"]);
  assert.equal(subscription.token, "t4");
});

test("parts are delivered as one with the token after them", () => {
  const { socket, subscription, deliveries } = accepted();
  socket.say(
    { changes: 1, records: [entered(1)], more: true }, { changes: 1, records: [entered(2)], more: true },
    // A sign of life, which stands where the parts began.
    { covered: 1, token: "t0" },
  );
  assert.deepEqual(deliveries, []);
  assert.equal(subscription.token, "t0");
  socket.say({ changes: 1, records: [], token: "t1" });
  assert.deepEqual(deliveries, [delivery("changes", [1, 2], "t1")]);
});

// A server that is still making its answer says so with an empty part. Taken for the beginning of the answer, it
// kept a subscription whose past held nothing of interest from ever being live.
test("a part without records is a sign of life, and nothing else", () => {
  const { socket, subscription, deliveries } = accepted({ catchUp: "latest" });
  const sign = { changes: 1, records: [], more: true };
  socket.say(sign, sign, { covered: 1, token: "t0", live: true });
  assert.deepEqual(deliveries, [delivery("changes", [], "t0", { live: true })]);
  assert.equal(subscription.state, "live");

  const snapshot = asked({ from: "snapshot" });
  snapshot.socket.say({ subscribed: 1, snapshot: "requested" }, { snapshot: 1, records: [], more: true });
  assert.deepEqual(snapshot.deliveries, []);
  snapshot.socket.say(
    { snapshot: 1, records: [entered(1)], more: true }, { snapshot: 1, records: [], more: true },
    { snapshot: 1, records: [entered(2)], token: "t2" },
  );
  assert.deepEqual(snapshot.deliveries, [delivery("snapshot", [1, 2], "t2")]);
});

test("progress to another place is the end of parts", () => {
  const { socket, deliveries } = accepted();
  socket.say({ changes: 1, records: [entered(1)], more: true }, { covered: 1, token: "t1", live: true });
  assert.deepEqual(deliveries, [delivery("changes", [1], "t1", { live: true })]);
});

test("a snapshot is delivered whole", () => {
  const { socket, subscription, deliveries } = asked({ from: "snapshot" });
  socket.say(
    { subscribed: 1, plan: "group", snapshot: "requested" },
    { snapshot: 1, records: [entered(1)], more: true },
    { snapshot: 1, records: [entered(2)], more: true, partial: true }, { covered: 1, token: "x" },
  );
  assert.deepEqual(deliveries, []);
  assert.equal(subscription.token, null);
  socket.say({ snapshot: 1, token: "t2" }, { changes: 1, token: "t3", records: [entered(3)] });
  assert.deepEqual(deliveries, [
    delivery("snapshot", [1, 2], "t2", { partial: true }), delivery("changes", [3], "t3"),
  ]);
});

test("parts are forgotten with their connection", () => {
  for (const [request, first, from] of [
    [{ from: "snapshot" }, { subscribed: 1, snapshot: "requested" }, "snapshot"],
    [{ from: "t0" }, { subscribed: 1, token: "t0" }, "t0"],
  ]) {
    const { world, deliveries } = asked(request);
    const kind = from === "snapshot" ? "snapshot" : "changes";
    world.socket.say(first, { [kind]: 1, records: [entered(1)], more: true });
    world.socket.drop();
    world.clock.advance(500);
    world.socket.open();
    assert.equal(world.socket.sent[0].from, from);
    world.socket.say(first, { [kind]: 1, records: [entered(2)], token: "t2" });
    assert.deepEqual(deliveries.at(-1), delivery(kind, [2], "t2"));
  }
});

test("a handler may close its subscription", () => {
  const world = new World();
  const log = connect("ws://example.test/", world.options);
  const subscription = log.subscribe({ model: "m" }, ({ live }) => live && subscription.close());
  world.socket.open().say({ subscribed: 1, token: "t0" }, { covered: 1, token: "t1", live: true });
  assert.equal(subscription.state, "closed");
  assert.deepEqual(world.socket.sent.at(-1), { unsubscribe: 1 });
});

test("a listener may close the subscription before its first delivery", () => {
  const { socket, subscription, deliveries } = asked();
  subscription.addEventListener("state", () => subscription.close());
  socket.say({ subscribed: 1, token: "t0" });
  assert.deepEqual(deliveries, []);
  assert.equal(subscription.token, null);
});

test("what comes for a closed subscription is not delivered", () => {
  const { socket, subscription, deliveries } = accepted();
  subscription.close();
  subscription.close();
  socket.say({ changes: 1, token: "t1", records: [entered(1)] }, { unsubscribed: 1 });
  assert.deepEqual(deliveries, []);
  assert.equal(subscription.state, "closed");
  assert.equal(socket.sent.length, 2);
});

test("a reset is answered with a snapshot if the page wants that", () => {
  const { socket, subscription, deliveries, world } = accepted({ from: "old", afterReset: "snapshot" });
  socket.say({ reset: 1, reason: "retained", message: "gone" });
  assert.equal(subscription.state, "reconnecting");
  world.clock.advance(500);
  assert.deepEqual(socket.sent.at(-1), { subscribe: 2, model: "m", from: "snapshot" });
  socket.say({ subscribed: 2, snapshot: "requested" }, { snapshot: 2, records: [entered(7)], token: "t9" });
  assert.deepEqual(deliveries, [delivery("snapshot", [7], "t9")]);
  assert.equal(subscription.token, "t9");
});

test("the error of a reset says what to do about it", () => {
  for (const [reason, advice] of [
    ["retained", /^the subscription cannot go on from its place and has to take a snapshot: gone$/],
    ["offset-ahead", /^the subscription has to ask for an offset that exists: gone$/],
    ["snapshot-too-large", /^the subscription has to ask for a smaller set: gone$/],
  ]) {
    const { socket, subscription } = asked();
    socket.say({ reset: 1, reason, message: "gone" });
    assert.match(subscription.error.message, advice);
  }
});

test("a reset ends the subscription and tells why", () => {
  const { socket, subscription, world } = accepted();
  const errors = [];
  subscription.addEventListener("state", ({ state, error }) => errors.push([state, error]));
  socket.say({ reset: 1, reason: "retained", message: "gone" });
  assert.equal(subscription.error.code, "reset");
  assert.equal(subscription.error.reason, "retained");
  assert.deepEqual(errors, [["failed", subscription.error]]);
  // The server has ended it by itself.
  assert.equal(socket.sent.length, 1);
  world.clock.advance(1000);
  assert.equal(socket.closedWith, 1000);
});

test("an error ends its subscription and no other", () => {
  const { socket, subscription, log } = accepted();
  const other = log.subscribe({ model: "n" }, () => {});
  socket.say({ error: 1, code: "invalid-filter", message: "no" }, { subscribed: 2, token: "u" });
  assert.equal(subscription.state, "failed");
  assert.equal(subscription.error.code, "invalid-filter");
  assert.equal(other.state, "loading");
});

test("each connection is accepted by itself", () => {
  const { world, socket, subscription } = accepted();
  socket.drop();
  world.clock.advance(500);
  world.socket.open().say({ changes: 1, token: "t1", records: [entered(1)] });
  assert.equal(subscription.error.code, "protocol-violation");
  assert.equal(subscription.token, "t0");
});

test("a server that breaks the protocol is not followed", () => {
  for (const [name, ...messages] of [
    ["changes too early", { changes: 1, token: "t", records: [] }],
    ["a snapshot too early", { snapshot: 1, token: "t", records: [] }],
    ["progress too early", { covered: 1, token: "t" }],
    ["no token at the beginning", { subscribed: 1 }],
    ["no records", { subscribed: 1, token: "t0" }, { changes: 1, token: "t" }],
    ["no token", { subscribed: 1, token: "t0" }, { changes: 1, records: [] }],
    ["a snapshot without a token", { subscribed: 1, snapshot: "requested" }, { snapshot: 1, records: [] }],
    ["changes in a snapshot", { subscribed: 1, snapshot: "budget" }, { changes: 1, records: [], token: "t" }],
    [
      "a snapshot in changes", { subscribed: 1, token: "t0" }, { changes: 1, records: [entered(1)], more: true },
      { snapshot: 1, records: [], token: "t" },
    ],
    ["an unasked end", { subscribed: 1, token: "t0" }, { unsubscribed: 1 }],
  ]) {
    const { socket, subscription } = asked();
    socket.say(...messages);
    assert.equal(subscription.error?.code, "protocol-violation", name);
    assert.deepEqual(socket.sent.at(-1), { unsubscribe: 1 }, name);
  }
});
