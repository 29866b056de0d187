import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../../Sources/Transport/Assets/livelog.js";
import { randomNumbers, record, World } from "./world.mjs";

/** A collection on an open socket, and what it says about itself. */
function opened(request = {}) {
  const world = new World();
  const log = connect("ws://example.test/", world.options);
  const collection = log.collection({ model: "m", ...request });
  const events = [];
  collection.addEventListener("change", (event) => events.push(event.changes));
  collection.addEventListener("state", (event) => events.push(event.state));
  world.socket.open();
  return { world, collection, events };
}

/** The same with these instances by key, and live. */
function live(instances) {
  const all = opened();
  const records = Object.entries(instances).map(([key, instance], index) => record(index, "entered", key, instance));
  all.world.socket.say(
    { subscribed: 1, plan: "group", snapshot: "requested" }, { snapshot: 1, records, token: "t0" },
    { covered: 1, token: "t0", live: true },
  );
  all.events.length = 0;
  return all;
}

const contents = (collection) => Object.fromEntries(collection.items);

test("a collection is filled by a snapshot and followed from there", () => {
  const { world, collection, events } = opened({ where: { list_id: 42 } });
  assert.deepEqual(world.socket.sent, [
    { subscribe: 1, model: "m", where: { list_id: 42 }, from: "snapshot" },
  ]);
  world.socket.say(
    { subscribed: 1, plan: "group", snapshot: "requested" },
    { snapshot: 1, records: [record(1, "entered", "a", { n: 1 })], more: true },
  );
  assert.equal(collection.size, 0);
  world.socket.say(
    { snapshot: 1, records: [record(2, "entered", "b", { n: 2 })], token: "t2", partial: true },
    { covered: 1, token: "t2", live: true },
    {
      changes: 1, token: "t6", records: [
        record(3, "updated", "a", { n: 3 }), record(4, "left", "b"), record(5, "deleted", "c", { n: 0 }),
        record(6, "entered", 7, { n: 6 }),
      ],
    },
  );
  assert.deepEqual(events, [
    "loading",
    [
      { type: "inserted", key: "a", item: { n: 1 }, previous: undefined },
      { type: "inserted", key: "b", item: { n: 2 }, previous: undefined },
    ],
    "live",
    [
      { type: "updated", key: "a", item: { n: 3 }, previous: { n: 1 } },
      { type: "removed", key: "b", item: undefined, previous: { n: 2 } },
      { type: "inserted", key: 7, item: { n: 6 }, previous: undefined },
    ],
  ]);
  assert.deepEqual([...collection.items], [["a", { n: 3 }], [7, { n: 6 }]]);
  assert.deepEqual([...collection], [{ n: 3 }, { n: 6 }]);
  assert.equal(collection.token, "t6");
  assert.ok(collection.partial);
});

test("the items stay until what was missed is complete, and then change at once", () => {
  const { world, collection, events } = live({ a: { n: 1 }, b: { n: 2 } });
  const a = collection.items.get("a");
  world.socket.drop();
  world.clock.advance(500);
  world.socket.open().say(
    { subscribed: 1, plan: "group", snapshot: "budget" },
    { snapshot: 1, records: [record(1, "entered", "a", { n: 1 })], more: true },
  );
  assert.equal(world.socket.sent[0].from, "t0");
  assert.deepEqual(contents(collection), { a: { n: 1 }, b: { n: 2 } });
  world.socket.say({ snapshot: 1, records: [record(9, "entered", "c", { n: 3 })], token: "t9" });
  assert.deepEqual(contents(collection), { a: { n: 1 }, c: { n: 3 } });
  assert.equal(collection.items.get("a"), a, "what did not change is the same object");
  assert.deepEqual(events, [
    "reconnecting", "loading",
    [
      { type: "inserted", key: "c", item: { n: 3 }, previous: undefined },
      { type: "removed", key: "b", item: undefined, previous: { n: 2 } },
    ],
  ]);
});

test("a snapshot without a difference is a change too, because the order may be another", () => {
  const { world, collection, events } = live({ a: { n: 1 } });
  world.socket.drop();
  world.clock.advance(500);
  world.socket.open().say(
    { subscribed: 1, snapshot: "budget" }, { snapshot: 1, records: [record(0, "entered", "a", { n: 1 })], token: "t9" },
    { covered: 1, token: "t9", live: true },
  );
  assert.deepEqual(events, ["reconnecting", "loading", [], "live"]);
  assert.equal(collection.token, "t9");
});

// An application published task 1 with the number, and later with the text "1". The log followed one task; the page
// showed two, of which one never changed again.
test("a key's text is the key, as in the log", () => {
  const { world, collection, events } = live({});
  world.socket.say({
    changes: 1, token: "t9", records: [
      record(1, "entered", 1, { n: 1 }), record(2, "updated", "1", { n: 2 }), record(3, "updated", "1", { n: 3 }),
    ],
  });
  assert.deepEqual([...collection.items], [["1", { n: 3 }]]);
  assert.deepEqual(events, [[
    { type: "inserted", key: 1, item: { n: 1 }, previous: undefined },
    { type: "removed", key: 1, item: undefined, previous: { n: 1 } },
    { type: "inserted", key: "1", item: { n: 2 }, previous: undefined },
    { type: "updated", key: "1", item: { n: 3 }, previous: { n: 2 } },
  ]]);
  world.socket.say({ changes: 1, token: "t10", records: [record(10, "deleted", 1)] });
  assert.equal(collection.size, 0);
});

// Two tasks with the keys 9007199254740992 and 9007199254740993 were one task on the page.
test("a key that JavaScript cannot tell from others ends the collection, which keeps what it had", () => {
  const { world, collection } = live({ a: { n: 1 } });
  world.socket.sayText(
    '{"changes":1,"token":"t9","records":[{"offset":1,"action":"CREATED","change":"entered","key":"b","instance":{}},'
      + '{"offset":2,"action":"CREATED","change":"entered","key":9007199254740993,"instance":{}}]}',
  );
  assert.equal(collection.state, "failed");
  assert.equal(collection.error.code, "unsafe-key");
  assert.match(collection.error.message, /publish it as a string$/);
  assert.deepEqual(contents(collection), { a: { n: 1 } });
  assert.equal(collection.token, "t0");
  assert.deepEqual(world.socket.sent.at(-1), { unsubscribe: 1 });
  const { collection: other, world: fine } = live({});
  fine.socket.say({ changes: 1, token: "t1", records: [record(1, "entered", Number.MAX_SAFE_INTEGER, {})] });
  assert.equal(other.size, 1);
});

test("a listener sees the token of the items", () => {
  const { world, collection } = live({});
  const tokens = [];
  collection.addEventListener("change", () => tokens.push(collection.token));
  world.socket.say({ changes: 1, token: "t1", records: [record(1, "entered", 1, {})] });
  assert.deepEqual(tokens, ["t1"]);
});

test("after a reset the collection begins anew on the same socket, and waits longer each time", () => {
  const { world, collection, events } = live({ a: { n: 1 } });
  world.socket.say({ reset: 1, reason: "retained", message: "gone" });
  // It is over: what should come for it nevertheless is nobody's.
  world.socket.say({ changes: 1, token: "t1", records: [] });
  world.clock.advance(500);
  assert.deepEqual(world.socket.sent.at(-1), { subscribe: 2, model: "m", from: "snapshot" });
  world.socket.say({ reset: 2, reason: "epoch", message: "another log" });
  world.clock.advance(999);
  assert.equal(world.socket.sent.length, 2);
  world.clock.advance(1);
  assert.deepEqual(contents(collection), { a: { n: 1 } });
  world.socket.say(
    { subscribed: 3, snapshot: "requested" }, { snapshot: 3, records: [], token: "u" },
    { covered: 3, token: "u", live: true },
  );
  assert.equal(world.sockets.length, 1);
  assert.deepEqual(events, [
    "reconnecting", "loading", [{ type: "removed", key: "a", item: undefined, previous: { n: 1 } }], "live",
  ]);
});

test("a snapshot that is too large is the end", () => {
  const { world, collection } = live({ a: { n: 1 } });
  world.socket.say({ reset: 1, reason: "snapshot-too-large", message: "no" });
  assert.equal(collection.state, "failed");
  assert.equal(collection.error.reason, "snapshot-too-large");
  assert.deepEqual(contents(collection), { a: { n: 1 } });
});

test("a closed collection keeps its items", () => {
  const { world, collection, events } = live({ a: { n: 1 } });
  collection.close();
  world.socket.say({ changes: 1, token: "t1", records: [record(5, "deleted", "a")] });
  assert.deepEqual(events, ["closed"]);
  assert.deepEqual(contents(collection), { a: { n: 1 } });
});

/** A log of one set in a few lines: what a server would send, from any token. */
class ModelServer {
  records = [];
  items = new Map();

  append(random) {
    // The same key as a number or as its text.
    const number = random.below(8);
    const key = random.chance(0.5) ? number : String(number);
    const isKnown = this.items.has(number);
    const offset = this.records.length;
    if (isKnown && random.chance(0.4)) {
      this.items.delete(number);
      this.records.push(record(offset, random.chance(0.5) ? "left" : "deleted", key));
    } else {
      const item = { id: key, text: `version ${offset}` };
      this.items.set(number, { offset, item });
      this.records.push(record(offset, isKnown ? "updated" : "entered", key, item));
    }
  }

  /** The messages from `from` to now, some of them in parts. */
  answer(id, from, random) {
    const end = String(this.records.length);
    const isSnapshot = from === "snapshot" || random.chance(0.2);
    const records = isSnapshot
      ? [...this.items.values()].map(({ offset, item }) => record(offset, "entered", item.id, item))
      : this.records.slice(Number(from));
    records.sort((a, b) => a.offset - b.offset);
    const kind = isSnapshot ? "snapshot" : "changes";
    const messages = [isSnapshot ? { subscribed: id, snapshot: "budget" } : { subscribed: id, token: from }];
    while (records.length > 3) messages.push({ [kind]: id, records: records.splice(0, 2), more: true });
    messages.push({ [kind]: id, records, token: end }, { covered: id, token: end, live: true });
    return messages;
  }
}

test("through any losses and resets a collection becomes what the log says", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomNumbers(seed);
    const { world, collection } = opened();
    const server = new ModelServer();
    const follower = new Map();
    collection.addEventListener("change", ({ changes }) => {
      for (const { type, key, item, previous } of changes) {
        assert.deepEqual(follower.get(key), previous, `seed ${seed}`);
        assert.equal(follower.has(key), type !== "inserted", `seed ${seed}`);
        if (type === "removed") follower.delete(key);
        else follower.set(key, item);
      }
    });
    for (let step = 0; step < 40; step += 1) {
      for (let count = random.below(6); count > 0; count -= 1) server.append(random);
      const { subscribe: id, from } = world.socket.sent.at(-1);
      const messages = server.answer(id, from, random);
      const isCut = random.chance(0.4);
      const sent = isCut ? messages.slice(0, random.below(messages.length)) : messages;
      world.socket.say(...sent);
      if (!isCut) {
        const truth = [...server.items.values()].map(({ item }) => [item.id, item]);
        assert.equal(collection.state, "live");
        assert.deepEqual(new Map(truth), new Map(collection.items), `seed ${seed}, step ${step}`);
      }
      assert.deepEqual(follower, collection.items, `seed ${seed}, step ${step}`);
      if (random.chance(0.2)) {
        world.socket.say({ reset: id, reason: "epoch", message: "another log" });
        world.clock.advance(30_000);
        if (world.socket.sent.at(-1).subscribe === id) world.socket.drop();
      } else {
        world.socket.drop();
      }
      if (world.sockets.at(-1).onmessage === null) {
        world.clock.advance(30_000);
        world.socket.open();
      }
    }
  }
});
