import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { record, World } from "./world.mjs";

const module = new URL("../../Sources/Transport/Assets/livelog.js", import.meta.url);

/** The block of docs/clients.md under the comment `example: NAME`. */
async function example(name) {
  const text = await readFile(new URL("../../docs/clients.md", import.meta.url), "utf8");
  const block = text.split(`<!-- example: ${name} -->\n`)[1]?.match(/^```\w*\n([^]*?)\n```$/m)?.[1];
  assert.ok(block, `docs/clients.md has an example ${name}`);
  return block;
}

/** Runs `body` while these are global. */
async function withGlobals(globals, body) {
  const had = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    return await body();
  } finally {
    for (const [name, descriptor] of had) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
}

test("the example of a subscription works as written", async () => {
  const world = new World();
  const stored = new Map([["orders", "t4"]]);
  const lines = [];
  const globals = {
    WebSocket: world.options.WebSocket,
    localStorage: { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) },
    setTimeout: (body, ms) => world.clock.setTimeout(body, ms),
    clearTimeout: (timer) => world.clock.clearTimeout(timer),
    console: { log: (...words) => lines.push(words.join(" ")) },
  };
  const folder = await mkdtemp(join(tmpdir(), "livelog-example-"));
  try {
    const file = join(folder, "subscribe.mjs");
    const source = (await example("subscribe.mjs")).replace('"/livelog.js"', JSON.stringify(module.href));
    await writeFile(file, source);
    await withGlobals(globals, async () => {
      await import(file);
      world.socket.open().say(
        { subscribed: 1, plan: "scan", snapshot: "budget" },
        { snapshot: 1, records: [record(5, "entered", 7, { state: "open" })], token: "t6" },
        { changes: 1, records: [record(8, "left", 7)], token: "t9" }, { covered: 1, token: "t9", live: true },
        { reset: 1, reason: "retained", message: "gone" },
      );
      // The token that the server does not know any more is replaced by itself.
      world.clock.advance(500);
      world.socket.say(
        { subscribed: 2, snapshot: "requested" }, { snapshot: 2, records: [], token: "t12" },
        { error: 2, code: "invalid-filter", message: "no" },
      );
    });
  } finally {
    await rm(folder, { recursive: true });
  }
  assert.equal(world.socket.url, "ws://127.0.0.1:8080/ws/subscribe/");
  assert.deepEqual(world.sockets[0].sent, [
    {
      subscribe: 1, model: "shop.Order",
      where: { total: { ">=": 10, "<": 100 }, state: { "!=": ["paid", "cancelled"] } },
      from: "t4", catchUp: "latest",
    },
    {
      subscribe: 2, model: "shop.Order",
      where: { total: { ">=": 10, "<": 100 }, state: { "!=": ["paid", "cancelled"] } },
      from: "snapshot", catchUp: "latest",
    },
  ]);
  assert.deepEqual(lines, [
    "loading ", "begin anew", "entered 7 open", "left 7 ", "live ", "reconnecting ", "loading ", "begin anew",
    "failed no",
  ]);
  assert.equal(stored.get("orders"), "t12");
});
