import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../Sources/Transport/Assets/livelog.js";
import { World } from "./world.mjs";

const url = "ws://example.test/ws/subscribe/";

/** A client with one subscription on an open socket that the server has accepted. */
function started(world = new World()) {
  const log = connect(url, world.options);
  const deliveries = [];
  const subscription = log.subscribe({ model: "m" }, (delivery) => deliveries.push(delivery));
  world.socket.open().say({ subscribed: 1, token: "t0", plan: "group" });
  return { world, log, subscription, deliveries };
}

test("the URL of the server may be that of HTTP", () => {
  for (const [given, used] of [
    [url, url],
    ["http://h:8080/ws/subscribe/", "ws://h:8080/ws/subscribe/"],
    ["https://h/base/ws/subscribe/", "wss://h/base/ws/subscribe/"],
    [new URL("wss://h/x"), "wss://h/x"],
  ]) {
    const world = new World();
    connect(given, world.options).subscribe({ model: "m" }, () => {});
    assert.equal(world.socket.url, used);
    assert.deepEqual(world.socket.protocols, ["livelog.v1"]);
  }
  // This module did not come from a server.
  assert.throws(() => connect(undefined, new World().options), TypeError);
});

test("nothing is connected before the first subscription", () => {
  const world = new World();
  const log = connect(url, world.options);
  assert.equal(world.sockets.length, 0);
  log.subscribe({ model: "m" }, () => {});
  assert.equal(world.sockets.length, 1);
});

test("subscriptions share one socket", () => {
  const { world, log } = started();
  log.collection({ model: "n" });
  log.subscribe({ model: "o", from: "start" }, () => {});
  assert.equal(world.sockets.length, 1);
  assert.deepEqual(world.socket.sent, [
    { subscribe: 1, model: "m", from: "now" },
    { subscribe: 2, model: "n", from: "snapshot" },
    { subscribe: 3, model: "o", from: "start" },
  ]);
});

test("a lost connection is made again, and each subscription resumes from its token", () => {
  const { world, log, subscription } = started();
  const other = log.subscribe({ model: "n", from: "start" }, () => {});
  world.socket.say({ changes: 1, token: "t1", records: [] });
  world.socket.drop();
  assert.equal(subscription.state, "reconnecting");
  assert.equal(other.state, "connecting");
  world.clock.advance(500);
  assert.equal(world.sockets.length, 2);
  world.socket.open();
  assert.deepEqual(world.socket.sent, [
    { subscribe: 1, model: "m", from: "t1" },
    { subscribe: 2, model: "n", from: "start" },
  ]);
});

test("waits double up to 30 s, are random, and begin again once something was live", () => {
  const { world } = started();
  const waits = () => {
    world.socket.drop();
    const [wait] = world.clock.waits;
    world.clock.advance(wait);
    return wait;
  };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map(waits),
    [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000],
  );
  // To be accepted is not enough: a server that then drops each connection is still failing.
  world.socket.open().say({ subscribed: 1, token: "t0" });
  assert.equal(waits(), 30_000);
  world.chance = 0.25;
  assert.equal(waits(), 7500);
  world.socket.open().say({ subscribed: 1, token: "t0" }, { covered: 1, token: "t0", live: true });
  world.chance = 1;
  assert.equal(waits(), 500);
});

test("the range of a close code says whether to come back", () => {
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 3000, 4000, 4408, 4429, 4499]) {
    const { world, subscription } = started();
    world.socket.drop(code, "why");
    assert.equal(subscription.state, "reconnecting", `after ${code}`);
    world.clock.advance(500);
    assert.equal(world.sockets.length, 2, `after ${code}`);
  }
  for (const code of [1002, 1003, 1007, 1008, 1009, 1010, 4500, 4999]) {
    const { world, subscription } = started();
    world.socket.drop(code, "why");
    assert.equal(subscription.state, "failed");
    assert.equal(subscription.error.code, "refused");
    assert.match(subscription.error.message, new RegExp(`code ${code}: why`));
    world.clock.advance(3_600_000);
    assert.equal(world.sockets.length, 1, `after ${code}`);
  }
});

test("the network's return and a look at the page end the wait", () => {
  for (const wake of [
    (world) => world.window.dispatchEvent(new Event("online")),
    (world) => world.document.dispatchEvent(new Event("visibilitychange")),
  ]) {
    const { world } = started();
    wake(world);
    assert.equal(world.sockets.length, 1, "a good connection is left alone");
    world.socket.drop();
    wake(world);
    assert.equal(world.sockets.length, 2);
    world.clock.advance(39_999);
    assert.equal(world.sockets.length, 2, "the wait is over, and not only overtaken");
  }
});

// A laptop woke up, began to connect before its network was there, and sat for 40 s on an attempt without a route.
test("the network's return ends an attempt that was begun without it", () => {
  const world = new World();
  connect(url, world.options).subscribe({ model: "m" }, () => {});
  world.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(world.sockets.length, 1, "a look at the page does not");
  world.window.dispatchEvent(new Event("online"));
  assert.equal(world.sockets.length, 2);
  assert.ok(world.sockets[0].isClosed);
  world.socket.open();
  world.window.dispatchEvent(new Event("online"));
  assert.equal(world.sockets.length, 2);
});

// With a wrong port in the URL nothing ever happened, and nothing said why.
test("a connection that cannot be made says so", () => {
  const world = new World();
  const log = connect(url, world.options);
  const losses = [];
  for (const follower of [log.subscribe({ model: "m" }, () => {}), log.collection({ model: "n" })]) {
    assert.equal(follower.lastFailure, null);
    follower.addEventListener("lost", ({ code, reason, wait }) => {
      losses.push([code, reason, wait]);
      assert.deepEqual(follower.lastFailure, { code, reason, wait });
      assert.equal(follower.state, "connecting");
    });
  }
  world.socket.drop(1006);
  assert.deepEqual(losses, [[1006, "", 500], [1006, "", 500]]);
  world.clock.advance(500);
  world.socket.drop(1013, "come back later");
  assert.deepEqual(losses.slice(2), [[1013, "come back later", 1000], [1013, "come back later", 1000]]);
  world.clock.advance(1000);
  world.socket.open();
  const follower = log.subscribe({ model: "o" }, () => {});
  assert.equal(follower.lastFailure, null);
  world.socket.drop(1001);
  assert.equal(follower.lastFailure.code, 1001);
  world.clock.advance(2000);
  world.socket.open().say({ subscribed: 3, token: "t" });
  assert.equal(follower.lastFailure, null, "there is a connection");
});

// A page's policy changed, and the socket could no longer be made: thrown in a timer, that was the last attempt.
test("a socket that cannot be made again is tried later", () => {
  const world = new World();
  const { WebSocket, ...options } = world.options;
  let isForbidden = false;
  class Fickle extends WebSocket {
    constructor(...parameters) {
      if (isForbidden) throw new Error("not now");
      super(...parameters);
    }
  }
  const subscription = connect(url, { ...options, WebSocket: Fickle }).subscribe({ model: "m" }, () => {});
  isForbidden = true;
  world.socket.open().drop();
  world.clock.advance(500);
  assert.deepEqual(subscription.lastFailure, { code: 1006, reason: "Error: not now", wait: 1000 });
  isForbidden = false;
  world.clock.advance(1000);
  assert.equal(world.sockets.length, 2);
});

test("a page that is hidden wakes nothing", () => {
  const { world } = started();
  world.socket.drop();
  world.document.visibilityState = "hidden";
  world.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(world.sockets.length, 1);
});

test("40 s without a word are the end of a connection", () => {
  const { world, subscription } = started();
  for (let count = 0; count < 10; count += 1) {
    world.clock.advance(39_000);
    world.socket.say({ covered: 1, token: "t0" });
  }
  world.clock.advance(39_999);
  assert.equal(world.sockets.length, 1);
  assert.equal(subscription.state, "loading");
  const dead = world.socket;
  world.clock.advance(1);
  assert.equal(subscription.state, "reconnecting");
  assert.ok(dead.isClosed);
  world.clock.advance(500);
  assert.equal(world.sockets.length, 2);
  // What the dead one still says is not heard.
  dead.drop(1002);
  dead.say({ changes: 1, token: "t9", records: [] });
  assert.equal(subscription.token, "t0");
  assert.equal(subscription.state, "reconnecting");
});

// A snapshot of 20 MB on a slow link takes minutes, and is heard only when it is whole. Each connection was given up
// after 40 s of it, and the next one began with the same snapshot.
test("after a silence without anything new the next connection gets twice the time", () => {
  const { world, log, subscription } = started();
  const other = log.subscribe({ model: "big", from: "snapshot" }, () => {});
  /** Opens the next socket, of whose subscriptions only the first one is answered. */
  const open = () => {
    world.clock.advance(30_000);
    world.socket.open().say({ subscribed: 1, token: "t0" }, { covered: 1, token: "t0", live: true });
    return world.socket;
  };
  for (const limit of [40, 80, 160, 320, 640, 1280, 2560, 2560]) {
    const socket = limit === 40 ? world.socket : open();
    world.clock.advance(limit * 1000 - 1);
    assert.ok(!socket.isClosed, `before ${limit} s`);
    world.clock.advance(1);
    assert.ok(socket.isClosed, `after ${limit} s`);
    assert.equal(other.lastFailure.reason, `nothing was heard from the server for ${limit} s`);
  }
  const socket = open();
  world.clock.advance(2_000_000);
  socket.say({ subscribed: 2, snapshot: "requested" }, { snapshot: 2, records: [], token: "t9" });
  assert.equal(other.token, "t9");
  world.clock.advance(39_999);
  assert.ok(!socket.isClosed);
  world.clock.advance(1);
  assert.ok(socket.isClosed, "a token makes the limit what it was");
  assert.equal(subscription.state, "reconnecting");
});

test("an attempt to connect that is not answered is given up", () => {
  const world = new World();
  connect(url, world.options).subscribe({ model: "m" }, () => {});
  world.clock.advance(40_000);
  assert.ok(world.sockets[0].isClosed);
  world.clock.advance(500);
  assert.equal(world.sockets.length, 2);
  // One that is answered late has all its time from then on.
  world.clock.advance(39_000);
  const late = world.socket.open();
  world.clock.advance(39_999);
  assert.ok(!late.isClosed);
});

test("a subscription's number is that of its connection", () => {
  const { world, log, subscription } = started();
  const other = log.subscribe({ model: "n" }, () => {});
  world.socket.drop();
  subscription.close();
  world.clock.advance(500);
  world.socket.open();
  other.close();
  assert.deepEqual(world.socket.sent, [{ subscribe: 1, model: "n", from: "now" }, { unsubscribe: 1 }]);
});

test("after the machine slept, a look at the page finds the dead connection at once", () => {
  const { world } = started();
  world.clock.sleep(3_600_000);
  world.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(world.sockets.length, 2);
  assert.ok(world.sockets[0].isClosed);
});

test("a clock that is set back does not hide silence", () => {
  const { world } = started();
  world.clock.sleep(-3_600_000);
  world.window.dispatchEvent(new Event("online"));
  world.clock.advance(39_999);
  assert.equal(world.sockets.length, 1);
  world.clock.advance(501);
  assert.equal(world.sockets.length, 2);
});

test("messages that are not known are ignored", () => {
  const { world, subscription, deliveries } = started();
  world.socket.say(
    { something: "new" }, { changes: "1", token: "x" }, { changes: 99, token: "x" }, [1], 7, null, "text",
  );
  assert.equal(subscription.state, "loading");
  assert.equal(deliveries.length, 1);
});

test("a server that does not speak the protocol is given up", () => {
  const other = new World();
  other.protocol = "";
  const subscription = connect(url, other.options).subscribe({ model: "m" }, () => {});
  other.socket.open();
  assert.equal(subscription.error.code, "refused");
  assert.deepEqual(other.socket.sent, []);
  assert.ok(other.socket.isClosed);

  const { world, subscription: second } = started();
  world.socket.sayText("not JSON");
  assert.equal(second.error.code, "protocol-violation");
  assert.ok(world.socket.isClosed);
  world.clock.advance(3_600_000);
  assert.equal(world.sockets.length, 1);
});

test("the socket outlives its last subscription by a second", () => {
  const { world, log, subscription } = started();
  subscription.close();
  assert.deepEqual(world.socket.sent.at(-1), { unsubscribe: 1 });
  world.clock.advance(999);
  const next = log.subscribe({ model: "n" }, () => {});
  world.clock.advance(10_000);
  assert.ok(!world.socket.isClosed);
  assert.deepEqual(world.socket.sent.at(-1), { subscribe: 2, model: "n", from: "now" });
  next.close();
  world.clock.advance(1000);
  assert.equal(world.socket.closedWith, 1000);
  assert.deepEqual(world.clock.waits, []);
  log.subscribe({ model: "o" }, () => {});
  assert.equal(world.sockets.length, 2);
});

test("without subscriptions there is no reconnecting", () => {
  const { world, subscription } = started();
  world.socket.drop();
  subscription.close();
  assert.equal(subscription.state, "closed");
  world.clock.advance(3_600_000);
  world.window.dispatchEvent(new Event("online"));
  assert.equal(world.sockets.length, 1);
  assert.deepEqual(world.clock.waits, []);
});

test("closing the log closes everything", () => {
  const { world, log, subscription } = started();
  const collection = log.collection({ model: "n" });
  assert.deepEqual([world.window.listeners, world.document.listeners], [1, 1]);
  log.close();
  assert.deepEqual([subscription.state, collection.state], ["closed", "closed"]);
  assert.equal(world.socket.closedWith, 1000);
  assert.deepEqual(world.clock.waits, []);
  assert.deepEqual([world.window.listeners, world.document.listeners], [0, 0]);
});

// A listener replaced each subscription that was closed. Closing the log then left one that nobody could close.
test("a closed log takes no more subscriptions, from a listener neither", () => {
  const { world, log, subscription } = started();
  const errors = [];
  subscription.addEventListener("state", () => {
    try {
      log.subscribe({ model: "n" }, () => {});
    } catch (error) {
      errors.push(error.code);
    }
  });
  log.close();
  assert.deepEqual(errors, ["closed"]);
  assert.throws(() => log.collection({ model: "n" }), { code: "closed", message: "the log is closed" });
  assert.deepEqual(world.clock.waits, []);
  assert.equal(world.sockets.length, 1);
  assert.ok(world.socket.isClosed);
});

test("a listener may close and subscribe while a connection is lost", () => {
  const { world, log, subscription } = started();
  const other = log.subscribe({ model: "n" }, () => {});
  subscription.addEventListener("state", () => {
    other.close();
    if (world.sockets.length === 1 && subscription.state === "reconnecting") {
      log.subscribe({ model: "o" }, () => {});
    }
  });
  world.socket.drop();
  assert.equal(other.state, "closed");
  assert.equal(world.sockets.length, 1, "the wait holds for new subscriptions too");
  world.clock.advance(500);
  world.socket.open();
  assert.deepEqual(world.socket.sent.map(({ model }) => model), ["m", "o"]);
});

test("what a listener closes while all fail has not failed", () => {
  const { world, log, subscription } = started();
  const other = log.subscribe({ model: "n" }, () => {});
  subscription.addEventListener("state", () => other.close());
  world.socket.drop(1008);
  assert.deepEqual([subscription.state, other.state], ["failed", "closed"]);
  assert.equal(other.error, null);
});

test("where there is no WebSocket, a subscription says so", () => {
  const { WebSocket, ...options } = new World().options;
  const had = globalThis.WebSocket;
  delete globalThis.WebSocket;
  try {
    assert.throws(() => connect(url, options).subscribe({ model: "m" }, () => {}), /no WebSocket here/);
  } finally {
    if (had) globalThis.WebSocket = had;
  }
});

test("a URL that the page may not open leaves nothing behind", () => {
  const world = new World();
  class Forbidden {
    constructor() {
      throw new Error("not from here");
    }
  }
  const log = connect(url, { ...world.options, WebSocket: Forbidden });
  for (let count = 0; count < 2; count += 1) {
    assert.throws(() => log.subscribe({ model: "m" }, () => {}), /not from here/);
  }
  assert.deepEqual([world.window.listeners, world.document.listeners], [0, 0]);
  assert.deepEqual(world.clock.waits, []);
});
