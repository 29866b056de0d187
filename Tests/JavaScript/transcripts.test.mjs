// The sessions of Tests/Fixtures/transcripts, which the server is held to as well, from the client's side.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { connect } from "../../Sources/Transport/Assets/livelog.js";
import { World } from "./world.mjs";

const folder = new URL("../Fixtures/transcripts/", import.meta.url);
// All but those that show what clients do wrong; this one does not.
const files = readdirSync(folder).filter((name) => name.endsWith(".txt") && !name.startsWith("error"));

/** Each subscription of a session: what the client asks, and what it is told. */
function subscriptions(file) {
  const found = [];
  for (const line of readFileSync(new URL(file, folder), "utf8").split("\n")) {
    if (!/^(->|<-) /.test(line)) continue;
    const message = JSON.parse(line.slice(3));
    const [number] = Object.values(message);
    if (line.startsWith("<-")) found.findLast(({ asked }) => asked.subscribe === number).told.push(message);
    else if (message.subscribe !== undefined) found.push({ asked: message, told: [] });
  }
  return found;
}

for (const file of files) {
  test(`the session of ${file}`, () => {
    const sessions = subscriptions(file);
    assert.ok(sessions.length > 0);
    for (const { asked, told } of sessions) {
      const world = new World();
      const deliveries = [];
      const { subscribe: number, ...request } = asked;
      const subscription = connect("ws://example.test/", world.options)
        .subscribe(request, (delivery) => deliveries.push(delivery));
      world.socket.open();
      assert.deepEqual(world.socket.sent, [{ from: "now", ...asked, subscribe: 1 }]);
      for (const { unsubscribed, ...message } of told) {
        if (unsubscribed !== undefined) continue;
        const [kind] = Object.keys(message);
        assert.equal(message[kind], number);
        world.socket.say({ ...message, [kind]: 1 });
      }
      const reset = told.find((message) => message.reset !== undefined);
      assert.equal(subscription.state, reset ? "failed" : "live");
      assert.equal(subscription.error?.reason, reset?.reason);
      assert.deepEqual(deliveries.flatMap(({ records }) => records), told.flatMap(({ records = [] }) => records));
      assert.equal(subscription.token, told.filter(({ token }) => token).at(-1)?.token ?? null);
      const isSnapshot = told.some((message) => message.snapshot === number);
      assert.equal(deliveries.filter(({ kind }) => kind === "snapshot").length, isSnapshot ? 1 : 0);
    }
  });
}
