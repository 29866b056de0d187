// Handlers that take their time, or fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../Sources/Transport/Assets/livelog.js";
import { record, World } from "./world.mjs";

/** Lets what waits for promises run. */
const settle = () => new Promise((done) => setImmediate(done));

/** A subscription whose handler is done with a delivery when the test says so. */
function slow(request = {}) {
  const world = new World();
  const log = connect("ws://example.test/", world.options);
  const works = [];
  const subscription = log.subscribe({ model: "m", ...request }, ({ token }) =>
    new Promise((resolve, reject) => works.push({ token, resolve, reject })));
  world.socket.open().say({ subscribed: 1, token: "t0" });
  return { world, log, subscription, works, tokens: () => works.map(({ token }) => token) };
}

/** Runs `body` and returns what was reported meanwhile. */
async function reports(body) {
  const reported = [];
  const had = Object.getOwnPropertyDescriptor(globalThis, "reportError");
  globalThis.reportError = (error) => reported.push(error.message);
  try {
    await body();
    await settle();
  } finally {
    if (had) Object.defineProperty(globalThis, "reportError", had);
    else delete globalThis.reportError;
  }
  return reported;
}

// A handler wrote each delivery to a database and then its token. Called again before it was done, it stored the
// token of the next delivery, failed with the first, and so lost it.
test("a delivery waits until the handler is done with the one before", async () => {
  const { world, subscription, works, tokens } = slow();
  world.socket.say({ changes: 1, token: "t1", records: [] }, { covered: 1, token: "t2", live: true });
  assert.deepEqual(tokens(), ["t0"]);
  assert.equal(subscription.token, null);
  works[0].resolve();
  await settle();
  assert.deepEqual(tokens(), ["t0", "t1"]);
  assert.equal(subscription.token, "t0");
  assert.equal(subscription.state, "loading");
  works[1].resolve();
  await settle();
  works[2].resolve();
  await settle();
  assert.equal(subscription.token, "t2");
  assert.equal(subscription.state, "live");
});

test("a handler that throws or rejects ends the subscription before the delivery that it could not take", async () => {
  for (const fail of [
    () => { throw new Error("no room"); },
    () => Promise.reject(new Error("no room")),
  ]) {
    const world = new World();
    const seen = [];
    const subscription = connect("ws://example.test/", world.options).subscribe({ model: "m" }, ({ token }) => {
      seen.push(token);
      if (token === "t1") return fail();
    });
    const reported = await reports(() => world.socket.open().say(
      { subscribed: 1, token: "t0" }, { changes: 1, token: "t1", records: [] },
      { changes: 1, token: "t2", records: [] },
    ));
    assert.deepEqual(seen, ["t0", "t1"]);
    assert.deepEqual(reported, ["no room"]);
    assert.equal(subscription.state, "failed");
    assert.equal(subscription.error.code, "handler");
    assert.equal(subscription.error.message, "the handler failed: no room");
    assert.equal(subscription.error.cause.message, "no room");
    assert.equal(subscription.token, "t0");
    assert.deepEqual(world.socket.sent.at(-1), { unsubscribe: 1 });
  }
});

test("a connection that is lost meanwhile resumes after what waits", async () => {
  const { world, subscription, works, tokens } = slow();
  world.socket.say({ changes: 1, token: "t1", records: [] }, { covered: 1, token: "t2", live: true });
  world.socket.drop();
  world.clock.advance(500);
  world.socket.open();
  assert.equal(world.socket.sent[0].from, "t2");
  for (let count = 0; count < 3; count += 1) {
    works[count].resolve();
    await settle();
  }
  assert.deepEqual(tokens(), ["t0", "t1", "t2"]);
  assert.equal(subscription.token, "t2");
  // That was live on another connection.
  assert.equal(subscription.state, "reconnecting");
});

test("what waits is dropped when the subscription is closed, and the token is that of what was done", async () => {
  const { world, subscription, works, tokens } = slow();
  world.socket.say({ changes: 1, token: "t1", records: [] });
  subscription.close();
  works[0].resolve();
  await settle();
  assert.deepEqual(tokens(), ["t0"]);
  assert.equal(subscription.token, "t0");
  assert.equal(subscription.state, "closed");
});

test("a handler that fails after the subscription was closed is reported", async () => {
  const { subscription, works } = slow();
  subscription.close();
  assert.deepEqual(await reports(() => works[0].reject(new Error("late"))), ["late"]);
  assert.equal(subscription.state, "closed");
  assert.equal(subscription.error, null);
});

// A page that wrote each change to a slow disk kept the whole backlog of a busy log in memory.
test("with too many deliveries waiting, what follows waits in the log", async () => {
  const { world, subscription, works } = slow();
  for (let number = 1; number <= 100; number += 1) {
    world.socket.say({ changes: 1, token: `t${number}`, records: [record(number, "entered", number, {})] });
  }
  assert.deepEqual(world.socket.sent.slice(1), [{ unsubscribe: 1 }]);
  world.socket.say({ unsubscribed: 1 });
  // Who has asked for nothing is not told that the server lives.
  world.clock.advance(3_600_000);
  assert.equal(world.sockets.length, 1);
  let done = 0;
  while (done < works.length) {
    works[done].resolve();
    done += 1;
    await settle();
  }
  assert.equal(done, 66, "one with the handler, 65 waiting");
  assert.equal(subscription.token, "t65");
  assert.deepEqual(world.socket.sent.at(-1), { subscribe: 2, model: "m", from: "t65" });
  world.socket.say({ subscribed: 2, token: "t65" }, { covered: 2, token: "t65", live: true });
  for (; done < 68; done += 1) {
    works[done].resolve();
    await settle();
  }
  assert.equal(subscription.state, "live");
});

test("a connection that is made while deliveries wait is not asked", async () => {
  const { world, works } = slow();
  for (let number = 1; number <= 66; number += 1) world.socket.say({ covered: 1, token: `t${number}` });
  world.socket.drop();
  world.clock.advance(500);
  world.socket.open();
  assert.deepEqual(world.socket.sent, []);
  for (let done = 0; done < 66; done += 1) {
    works[done].resolve();
    await settle();
  }
  assert.deepEqual(world.socket.sent, [{ subscribe: 1, model: "m", from: "t65" }]);
});
