// @ts-check
/**
 * A client of a Livelog server for browsers and other JavaScript: one module without dependencies.
 *
 *     import { connect } from "/livelog.js";
 *     const tasks = connect().collection({ model: "todolist.Task", where: { list_id: 42 } });
 *     tasks.addEventListener("change", () => show(tasks.items));
 *
 * All subscriptions of a `Log` share one WebSocket in the dialect livelog.v1 (docs/protocol/livelog-v1.md). A lost
 * one is made again for as long as it takes, and each subscription goes on from its token. Three layers,
 * from the wire up: `Connection` owns the socket, `Channel` what one subscription knows, `Subscription` and
 * `Collection` are what a page sees.
 *
 * Keys and instances are what `JSON.parse` makes of them: integers beyond 2^53 lose their last digits. A collection
 * takes no such keys, because two instances could become one.
 */

const SUBPROTOCOL = "livelog.v1";
/** A server says something every 15 seconds; a connection that is silent for this long, in ms, is dead. */
const SILENCE_LIMIT = 40_000;
/** How often at most the limit is doubled for a subscription that such ends keep from anything new. */
const SILENCE_DOUBLINGS = 6;
/** How long, in ms, a socket without subscriptions stays open for the next one. */
const LINGER = 1_000;
/** The largest message that a server takes, in bytes. */
const MESSAGE_LIMIT = 64 << 10;
/** What the number of a subscription and a token in the place of its `from` add to a request, in bytes, at most. */
const ENVELOPE = 128;
/** How deep a request's values may stand in each other: twice what the protocol needs. */
const DEPTH_LIMIT = 8;
/** How many deliveries may wait for a handler: with more the server is asked to keep what follows. */
const WAITING_LIMIT = 64;

/** @typedef {string | number | boolean | null} Scalar */
/**
 * What must hold for a property: the value that it has, or operators that must all hold.
 * @typedef {Scalar | { in?: Scalar[], "!="?: Scalar | Scalar[], "<"?: string | number, "<="?: string | number,
 *   ">"?: string | number, ">="?: string | number, prefix?: string }} Test
 */
/**
 * Where to begin: with the next change, the oldest one, the instances as they are now, after a token, at an
 * offset of the log, or at a time (RFC 3339, or microseconds since 1970).
 * @typedef {"now" | "start" | "snapshot" | string | { offset: number } | { time: string | number }} Start
 */
/**
 * Which changes are wanted. `catchUp: "latest"` gets of the past the last change of each instance; with more than
 * `budget` changes to be sent again the server sends a snapshot in their place. If the server cannot go on from a
 * token, the subscription fails, or with `afterReset: "snapshot"` goes on from a snapshot; a collection always does.
 * @typedef {{ model: string, where?: Record<string, Test>, from?: Start, catchUp?: "all" | "latest",
 *   budget?: number, afterReset?: "fail" | "snapshot" }} Request
 */
/** @typedef {"connecting" | "loading" | "live" | "reconnecting" | "failed" | "closed"} State */
/**
 * One change of the log: what was done, and what that means to the subscription's set. `left` has no instance.
 * @typedef {{ offset: number, action: "CREATED" | "UPDATED" | "DELETED",
 *   change: "entered" | "updated" | "left" | "deleted", key: any, instance?: any }} LogRecord
 */
/**
 * Whole batches, and the token of the place after them. A snapshot replaces what was known of the set; it is
 * `partial` if the log no longer has all records of the set.
 * @typedef {{ kind: "changes" | "snapshot", records: LogRecord[], token: string, live: boolean,
 *   partial: boolean }} Delivery
 */
/** @typedef {{ type: "inserted" | "updated" | "removed", key: any, item: any, previous: any }} Change */
/**
 * The part of WebSocket that is used.
 * @typedef {{ protocol: string, onopen: any, onmessage: any, onclose: any, onerror: any,
 *   send(text: string): void, close(code?: number): void }} Socket
 */
/** @typedef {{ now(): number, setTimeout(body: () => void, ms: number): any, clearTimeout(timer: any): void }} Clock */
/**
 * What a client needs of its surroundings; tests give their own. `window` says "online", `document`
 * "visibilitychange".
 * @typedef {{ WebSocket?: new (url: string, protocols: string[]) => Socket, clock?: Clock, random?: () => number,
 *   window?: EventTarget, document?: EventTarget & { visibilityState: string } }} Options
 */
/**
 * Why there is no connection, as the close code and the words for it, and how long the next attempt waits, in ms.
 * @typedef {{ code: number, reason: string, wait: number }} Loss
 */
/**
 * What becomes of a delivery; a promise for what takes its time.
 * @typedef {(delivery: Delivery) => void | PromiseLike<unknown>} Handler
 */
/** @typedef {{ delivered: Handler, changedState(): void, lost(loss: Loss): void }} Sink */

/** Why a subscription is over. */
export class LivelogError extends Error {
  /**
   * @param {string} code "reset", "refused", "protocol-violation", "handler", "unsafe-key", "closed", or the code of
   *   the server's error
   * @param {string} message
   * @param {string} [reason] of a reset: "retained", "epoch", "unknown-token", "offset-ahead",
   *   "access-changed" or "snapshot-too-large"
   * @param {unknown} [cause] what the handler threw
   */
  constructor(code, message, reason, cause) {
    super(message, { cause });
    this.name = "LivelogError";
    this.code = code;
    this.reason = reason;
  }
}

/** The event "state": `state` is the new one, `error` why it is "failed". */
export class StateEvent extends Event {
  /** @param {State} state @param {LivelogError | null} error */
  constructor(state, error) {
    super("state");
    this.state = state;
    this.error = error;
  }
}

/** The event "lost": a connection was lost or could not be made, and the next attempt follows after `wait` ms. */
export class LostEvent extends Event {
  /** @param {Loss} loss */
  constructor({ code, reason, wait }) {
    super("lost");
    this.code = code;
    this.reason = reason;
    this.wait = wait;
  }
}

/** The event "change" of a collection: what changed, and whether a snapshot has replaced the items. */
export class ChangeEvent extends Event {
  /** @param {Change[]} changes @param {boolean} replaced */
  constructor(changes, replaced) {
    super("change");
    this.changes = changes;
    this.replaced = replaced;
  }
}

/**
 * A client of the server at `url`; without one, of the server that this module came from. Nothing is connected
 * before the first subscription.
 * @param {string | URL} [url] of the WebSocket: ws://HOST:PORT/ws/subscribe/
 * @param {Options} [options]
 */
export function connect(url = "ws/subscribe/", options = {}) {
  const absolute = new URL(url, import.meta.url);
  absolute.protocol = absolute.protocol.replace(/^http/, "ws");
  if (!/^wss?:$/.test(absolute.protocol)) throw new TypeError(`${url} is not the URL of a WebSocket`);
  return new Log(new Connection(absolute.href, options));
}

/** A server's log, as far as this client follows it. */
class Log {
  #connection;

  /** @param {Connection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /**
   * Calls `handler` with each delivery, in order and without a gap. If it returns a promise, the next delivery waits
   * for that. If it throws or the promise is rejected, the subscription fails with the code "handler", and
   * its token is still that of the delivery before.
   * @param {Request} request
   * @param {Handler} handler
   */
  subscribe(request, handler) {
    return new Subscription(this.#connection, request, handler);
  }

  /**
   * Keeps the instances that the request wants as they are in the log. `from` is "snapshot" unless said otherwise.
   * @param {Request} request
   */
  collection(request) {
    return new Collection(this.#connection, request);
  }

  /** Closes all subscriptions and the socket, for good: a closed log takes no more subscriptions. */
  close() {
    this.#connection.close();
  }
}

/** A subscription whose handler gets each delivery. Dispatches "state" and "lost". */
class Subscription extends EventTarget {
  /** @type {Channel} */
  #channel;

  /** @param {Connection} connection @param {Request} request @param {Handler} handler */
  constructor(connection, request, handler) {
    super();
    if (typeof handler !== "function") throw new TypeError("a subscription has a handler");
    this.#channel = new Channel(connection, request, request?.afterReset === "snapshot", {
      delivered: handler,
      changedState: () => this.dispatchEvent(new StateEvent(this.state, this.error)),
      lost: (loss) => this.dispatchEvent(new LostEvent(loss)),
    });
    connection.add(this.#channel);
  }

  /** @returns {State} */
  get state() {
    return this.#channel.state;
  }

  /**
   * Why the subscription is over; null unless it failed.
   * @returns {LivelogError | null}
   */
  get error() {
    return this.#channel.error;
  }

  /**
   * Why there is no connection; null while there is one, and before the first attempt has failed.
   * @returns {Loss | null}
   */
  get lastFailure() {
    return this.#channel.lastFailure;
  }

  /** The place after the last delivery that the handler is done with; null before the first. */
  get token() {
    return this.#channel.token;
  }

  close() {
    this.#channel.close();
  }
}

/**
 * The instances of a set by key, as they are in the log. Dispatches "change" after each snapshot and each delivery
 * that changed something, "state" and "lost". While the connection is lost, and until what was missed is
 * complete, the items stay as they were. Iterating gives the instances.
 */
class Collection extends EventTarget {
  /** @type {Channel} */
  #channel;
  /** @type {Map<any, any>} */
  #items = new Map();
  /**
   * The keys of the items by their text, by which the log knows an instance: 1 and "1" are the same.
   * @type {Map<string, any>}
   */
  #keys = new Map();
  /** @type {string | null} */
  #token = null;
  #partial = false;

  /** @param {Connection} connection @param {Request} request */
  constructor(connection, request) {
    super();
    this.#channel = new Channel(connection, { ...request, from: request?.from ?? "snapshot" }, true, {
      delivered: (delivery) => this.#apply(delivery),
      changedState: () => this.dispatchEvent(new StateEvent(this.state, this.error)),
      lost: (loss) => this.dispatchEvent(new LostEvent(loss)),
    });
    connection.add(this.#channel);
  }

  /** The instances by key: always the same map, to be read only. */
  get items() {
    return this.#items;
  }

  get size() {
    return this.#items.size;
  }

  /** @returns {State} */
  get state() {
    return this.#channel.state;
  }

  /**
   * Why the collection is no longer kept up; null unless it failed.
   * @returns {LivelogError | null}
   */
  get error() {
    return this.#channel.error;
  }

  /**
   * Why there is no connection; null while there is one, and before the first attempt has failed.
   * @returns {Loss | null}
   */
  get lastFailure() {
    return this.#channel.lastFailure;
  }

  /** The place at which the items are what the log says; null before there is one. */
  get token() {
    return this.#token;
  }

  /** Whether the log no longer has all records of the set, so that instances may be missing. */
  get partial() {
    return this.#partial;
  }

  [Symbol.iterator]() {
    return this.#items.values();
  }

  close() {
    this.#channel.close();
  }

  /** @param {Delivery} delivery */
  #apply({ kind, records, token, partial }) {
    for (const { key } of records) requireSafe(key);
    const isSnapshot = kind === "snapshot";
    if (isSnapshot) this.#partial = partial;
    const changes = isSnapshot ? this.#replace(records) : this.#follow(records);
    this.#token = token;
    if (isSnapshot || changes.length > 0) this.dispatchEvent(new ChangeEvent(changes, isSnapshot));
  }

  /** @param {LogRecord[]} records @returns {Change[]} */
  #follow(records) {
    /** @type {Change[]} */
    const changes = [];
    for (const { key, change, instance } of records) {
      const isIn = change === "entered" || change === "updated";
      const text = String(key);
      const isKnown = this.#keys.has(text);
      const known = this.#keys.get(text);
      const previous = this.#items.get(known);
      if (isKnown && (!isIn || known !== key)) {
        this.#items.delete(known);
        this.#keys.delete(text);
        changes.push({ type: "removed", key: known, item: undefined, previous });
      }
      if (!isIn) continue;
      if (isKnown && known === key) changes.push({ type: "updated", key, item: instance, previous });
      else changes.push({ type: "inserted", key, item: instance, previous: undefined });
      this.#items.set(key, instance);
      this.#keys.set(text, key);
    }
    return changes;
  }

  /**
   * Swaps all items at once; what is the same stays the same object.
   * @param {LogRecord[]} records
   */
  #replace(records) {
    const before = new Map(this.#items);
    /** @type {Change[]} */
    const changes = [];
    this.#items.clear();
    this.#keys.clear();
    for (const { key, instance } of records) {
      const previous = before.get(key);
      let item = instance;
      if (!before.delete(key)) {
        changes.push({ type: "inserted", key, item, previous });
      } else if (JSON.stringify(previous) === JSON.stringify(instance)) {
        item = previous;
      } else {
        changes.push({ type: "updated", key, item, previous });
      }
      this.#items.set(key, item);
      this.#keys.set(String(key), key);
    }
    for (const [key, previous] of before) changes.push({ type: "removed", key, item: undefined, previous });
    return changes;
  }
}

/**
 * Refuses a key that may have been another one before `JSON.parse` read it.
 * @param {unknown} key
 */
function requireSafe(key) {
  if (typeof key !== "number" || Math.abs(key) <= Number.MAX_SAFE_INTEGER) return;
  const what = `the key ${key} is beyond 2^53, where JavaScript takes different keys for one`;
  throw new LivelogError("unsafe-key", `${what}: publish it as a string`);
}

/**
 * A request as a server takes it: a copy, so that what the page does to its own later changes nothing.
 * @param {Request} request
 */
function checked(request) {
  if (typeof request?.model !== "string") throw new TypeError("a subscription has a model");
  const { model, where, from = "now", catchUp, budget, afterReset = "fail" } = request;
  if (afterReset !== "fail" && afterReset !== "snapshot") {
    throw new TypeError('afterReset is "fail" or "snapshot"');
  }
  /** @type {Record<string, any>} */
  const copy = {};
  for (const [name, value] of Object.entries({ model, where, from, catchUp, budget })) {
    if (value !== undefined) copy[name] = copied(value, name);
  }
  const size = new TextEncoder().encode(JSON.stringify(copy)).length + ENVELOPE;
  if (size > MESSAGE_LIMIT) {
    throw new RangeError(`the request has ${size} bytes, and a server takes ${MESSAGE_LIMIT}: ask for less at once`);
  }
  return copy;
}

/**
 * A copy of a value that JSON has as it is. What JSON would leave out or change silently is refused: a condition
 * that is missing asks for more than was wanted.
 * @param {unknown} value
 * @param {string} name for whoever made it
 * @returns {any}
 */
function copied(value, name, depth = 0) {
  if (depth > DEPTH_LIMIT) throw new TypeError(`${name} is nested too deeply`);
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return value;
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${name} has half of a surrogate pair`);
    return value;
  }
  if (Array.isArray(value)) {
    return Array.from(value, (element, index) => copied(element, `${name}[${index}]`, depth + 1));
  }
  if (typeof value !== "object") {
    const what = value === undefined || typeof value === "number" ? value : `a ${typeof value}`;
    throw new TypeError(`${name} is ${what}, which JSON does not have`);
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`${name} is an object of a class, which JSON does not have`);
  }
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([key, member]) => [copied(key, `a name in ${name}`), copied(member, `${name}.${key}`, depth + 1)]),
  );
}

/** How long to wait before trying again: a random time below a bound that doubles, 0.5 s up to 30 s. */
class Backoff {
  #attempts = 0;
  #random;

  /** @param {() => number} random */
  constructor(random) {
    this.#random = random;
  }

  next() {
    const bound = Math.min(30_000, 500 * 2 ** Math.min(this.#attempts++, 10));
    return this.#random() * bound;
  }

  reset() {
    this.#attempts = 0;
  }
}

/** One thing that is to happen later, at most. */
class Timer {
  #clock;
  /** @type {any} */
  #running = null;

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  get isRunning() {
    return this.#running !== null;
  }

  /** @param {number} ms @param {() => void} body */
  start(ms, body) {
    this.stop();
    this.#running = this.#clock.setTimeout(() => {
      this.#running = null;
      body();
    }, ms);
  }

  stop() {
    if (this.#running !== null) this.#clock.clearTimeout(this.#running);
    this.#running = null;
  }
}

/**
 * What one subscription knows across connections: where to resume, and what it may be told next. Records that
 * come in parts are delivered as one with the token after them; parts without one end with their connection.
 *
 * Deliveries wait while the handler is busy. If too many do, the server is told to send no more, and asked again
 * from the last one's token when all are done: what follows waits in the log.
 */
class Channel {
  /** @type {State} */
  state = "connecting";
  /** @type {LivelogError | null} */
  error = null;
  /**
   * The place after the last delivery that the handler is done with.
   * @type {string | null}
   */
  token = null;
  /** @type {Loss | null} */
  lastFailure = null;
  /** How many connections have ended in silence since the last one that brought anything new. */
  silences = 0;
  #connection;
  #request;
  #beginsAnew;
  #sink;
  #backoff;
  #isAccepted = false;
  /**
   * The place after the last delivery that came: where to resume.
   * @type {string | null}
   */
  #received = null;
  /** @type {{ kind: "changes" | "snapshot", records: LogRecord[], partial: boolean } | null} */
  #parts = null;
  /**
   * Deliveries that the handler has not begun with.
   * @type {Delivery[]}
   */
  #waiting = [];
  /** Whether the handler is at work. */
  #isBusy = false;
  /** Whether the server sends no more until the handler is done with what waits. */
  #isPaused = false;
  /**
   * The last delivery of this connection with which the subscription had caught up.
   * @type {Delivery | null}
   */
  #caughtUp = null;
  #again;

  /**
   * @param {Connection} connection
   * @param {Request} request
   * @param {boolean} beginsAnew whether a reset is answered by asking for a snapshot
   * @param {Sink} sink
   */
  constructor(connection, request, beginsAnew, sink) {
    this.#request = checked(request);
    this.#connection = connection;
    this.#beginsAnew = beginsAnew;
    this.#sink = sink;
    this.#backoff = new Backoff(connection.random);
    this.#again = new Timer(connection.clock);
  }

  get isOver() {
    return this.state === "failed" || this.state === "closed";
  }

  /** A connection is open: asks for what is missing. */
  opened() {
    this.#forgetConnection();
    if (this.#isPaused) return;
    const from = this.#received ?? this.#request.from;
    this.#connection.send({ subscribe: this.#connection.number(this), ...this.#request, from });
  }

  /**
   * The connection is gone.
   * @param {Loss} loss
   * @param {boolean} isSilence whether nothing was heard on it for too long
   */
  lost(loss, isSilence) {
    if (this.isOver) return;
    this.#forgetConnection();
    if (isSilence) this.silences += 1;
    this.lastFailure = loss;
    this.#enter(this.state === "connecting" ? "connecting" : "reconnecting");
    if (!this.isOver) this.#sink.lost(loss);
  }

  close() {
    if (this.isOver) return;
    this.#forgetConnection();
    this.#connection.remove(this, true);
    this.#enter("closed");
  }

  /**
   * The subscription is over.
   * @param {LivelogError} error
   * @param {boolean} serverHasIt
   */
  fail(error, serverHasIt = false) {
    if (this.isOver) return;
    this.#forgetConnection();
    this.#connection.remove(this, serverHasIt);
    this.error = error;
    this.#enter("failed");
  }

  /**
   * Takes a message of the server.
   * @param {string} kind
   * @param {any} frame
   */
  receive(kind, frame) {
    if (kind === "reset") return this.#reset(frame);
    if (kind === "error") return this.fail(errorOf(frame));
    if (kind === "unsubscribed") return this.#violation("it ended a subscription unasked");
    if (kind === "subscribed") return this.#accepted(frame);
    if (!this.#isAccepted) return this.#violation(`it sent "${kind}" before "subscribed"`);
    if (kind === "covered") return this.#covered(frame);
    this.#records(kind === "snapshot" ? "snapshot" : "changes", frame);
  }

  /** @param {any} frame */
  #accepted(frame) {
    this.#isAccepted = true;
    this.lastFailure = null;
    this.#enter("loading");
    if (this.isOver) return;
    if (frame.snapshot !== undefined) {
      this.#parts = { kind: "snapshot", records: [], partial: false };
    } else {
      this.#receive(frame.token, false);
    }
  }

  /** @param {"changes" | "snapshot"} kind @param {any} frame */
  #records(kind, frame) {
    const records = frame.records ?? (kind === "snapshot" ? [] : null);
    if (!Array.isArray(records)) return this.#violation("a message has no records");
    const isPart = frame.more === true;
    // Only a sign of life: the answer is still being made.
    if (isPart && records.length === 0) return;
    this.#parts ??= { kind, records: [], partial: false };
    if (this.#parts.kind !== kind) return this.#violation("it mixed a snapshot with changes");
    this.#parts.partial ||= frame.partial === true;
    for (const record of records) this.#parts.records.push(record);
    if (!isPart) this.#receive(frame.token, false);
  }

  /**
   * Everything up to the token was sent. While parts are open that is either a sign of life, which stands where
   * they began, or their end. A snapshot has an end of its own.
   * @param {any} frame
   */
  #covered(frame) {
    if (this.#parts && (this.#parts.kind === "snapshot" || frame.token === this.#received)) return;
    const isLive = frame.live === true;
    if (isLive) {
      this.#backoff.reset();
      this.#connection.worked();
    }
    this.#receive(frame.token, isLive);
  }

  /**
   * What came is everything up to `token`.
   * @param {any} token
   * @param {boolean} live
   */
  #receive(token, live) {
    if (typeof token !== "string") return this.#violation("a message has no token");
    const { kind, records, partial } = this.#parts ?? { kind: "changes", records: [], partial: false };
    const delivery = { kind, records, token, live, partial };
    if (token !== this.#received || live) this.#madeProgress();
    this.#parts = null;
    this.#received = token;
    if (live) this.#caughtUp = delivery;
    this.#waiting.push(delivery);
    this.#handOn();
    if (this.#waiting.length > WAITING_LIMIT && !this.isOver) this.#pause();
  }

  #madeProgress() {
    if (this.silences === 0) return;
    this.silences = 0;
    this.#connection.checkSilence();
  }

  /** Hands on what waits, one delivery after the other, until the handler takes its time for one. */
  #handOn() {
    while (!this.#isBusy && !this.isOver) {
      const delivery = this.#waiting.shift();
      if (!delivery) return this.#goOn();
      this.#isBusy = true;
      try {
        const work = this.#sink.delivered(delivery);
        if (typeof work?.then === "function") {
          const done = () => {
            this.#handled(delivery);
            this.#handOn();
          };
          Promise.resolve(work).then(done, (error) => this.#threw(error));
          return;
        }
      } catch (error) {
        return this.#threw(error);
      }
      this.#handled(delivery);
    }
  }

  /** @param {Delivery} delivery */
  #handled(delivery) {
    this.#isBusy = false;
    this.token = delivery.token;
    if (delivery === this.#caughtUp && !this.isOver) this.#enter("live");
  }

  /** @param {any} error */
  #threw(error) {
    this.#isBusy = false;
    if (error instanceof LivelogError) return this.fail(error, true);
    report(error);
    const message = `the handler failed: ${error?.message ?? error}`;
    this.fail(new LivelogError("handler", message, undefined, error), true);
  }

  /** The handler is too far behind. */
  #pause() {
    this.#isPaused = true;
    this.#connection.forget(this, true);
    this.#forgetConnection();
    if (this.state === "live") this.#enter("loading");
  }

  /** The handler is done with everything that came. */
  #goOn() {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#connection.isOpen) this.opened();
  }

  /** @param {any} frame */
  #reset(frame) {
    if (this.#beginsAnew && frame.reason !== "snapshot-too-large") {
      this.#received = null;
      this.#request.from = "snapshot";
      this.#askAgain();
    } else {
      this.fail(new LivelogError("reset", resetMessage(frame), frame.reason));
    }
  }

  /** The server has given this subscription up, and is asked for it anew. */
  #askAgain() {
    this.#connection.forget(this, false);
    this.#forgetConnection();
    this.#enter(this.state === "connecting" ? "connecting" : "reconnecting");
    if (!this.isOver) this.#again.start(this.#backoff.next(), () => this.opened());
  }

  /** @param {string} what */
  #violation(what) {
    this.fail(new LivelogError("protocol-violation", `the server broke the protocol: ${what}`), true);
  }

  #forgetConnection() {
    this.#again.stop();
    this.#isAccepted = false;
    this.#parts = null;
    this.#caughtUp = null;
  }

  /** @param {State} state */
  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.#sink.changedState();
  }
}

/** @param {any} frame */
function errorOf(frame) {
  return new LivelogError(String(frame.code), `${frame.message ?? frame.code}`);
}

/**
 * What a reset means and what to do about it.
 * @param {any} frame
 */
function resetMessage({ reason, message = reason }) {
  if (reason === "snapshot-too-large") return `the subscription has to ask for a smaller set: ${message}`;
  if (reason === "offset-ahead") return `the subscription has to ask for an offset that exists: ${message}`;
  return `the subscription cannot go on from its place and has to take a snapshot: ${message}`;
}

/** The one socket of a log: made when it is needed, made again when it is lost, watched for silence. */
class Connection {
  /** @type {Clock} */
  clock;
  random;
  #url;
  #WebSocket;
  #window;
  #document;
  #backoff;
  /** @type {Set<Channel>} */
  #channels = new Set();
  /**
   * The channels by their number on this socket.
   * @type {Map<number, Channel>}
   */
  #numbers = new Map();
  #lastNumber = 0;
  /**
   * The numbers that have no answer yet, the oldest first.
   * @type {Set<number>}
   */
  #asked = new Set();
  /** @type {Socket | null} */
  #socket = null;
  /** Whether messages can be sent. */
  isOpen = false;
  #isClosed = false;
  #heardAt = 0;
  #retryTimer;
  #silenceTimer;
  #lingerTimer;

  /** @param {string} url @param {Options} options */
  constructor(url, options) {
    const surroundings = /** @type {Options} */ (globalThis);
    this.#url = url;
    this.#WebSocket = options.WebSocket ?? surroundings.WebSocket;
    this.#window = options.window ?? /** @type {Partial<EventTarget>} */ (globalThis);
    this.#document = options.document ?? surroundings.document;
    this.clock = options.clock ?? {
      // Not a clock that stops while the machine sleeps: after that the connection is dead.
      now: () => Date.now(),
      setTimeout: (body, ms) => setTimeout(body, ms),
      clearTimeout: (timer) => clearTimeout(timer),
    };
    this.random = options.random ?? Math.random;
    this.#backoff = new Backoff(this.random);
    this.#retryTimer = new Timer(this.clock);
    this.#silenceTimer = new Timer(this.clock);
    this.#lingerTimer = new Timer(this.clock);
  }

  /** @param {Channel} channel */
  add(channel) {
    if (this.#isClosed) throw new LivelogError("closed", "the log is closed");
    if (!this.#WebSocket) throw new TypeError("there is no WebSocket here: give one in the options");
    if (this.#channels.size === 0) this.#listen("addEventListener");
    this.#channels.add(channel);
    this.#lingerTimer.stop();
    if (this.isOpen) channel.opened();
    else if (!this.#socket && !this.#retryTimer.isRunning) {
      try {
        this.#connect();
      } catch (error) {
        // The page may not open this URL, as with ws: from a page by https.
        this.remove(channel, false);
        throw error;
      }
    }
  }

  /**
   * Nothing of the channel is wanted any more.
   * @param {Channel} channel
   * @param {boolean} serverHasIt
   */
  remove(channel, serverHasIt) {
    this.forget(channel, serverHasIt);
    if (!this.#channels.delete(channel) || this.#channels.size > 0) return;
    this.#listen("removeEventListener");
    this.#retryTimer.stop();
    if (this.#socket) this.#lingerTimer.start(LINGER, () => this.#abandonSocket(1000));
  }

  /**
   * Takes the channel's number on this socket away.
   * @param {Channel} channel
   * @param {boolean} serverHasIt
   */
  forget(channel, serverHasIt) {
    for (const [number, other] of this.#numbers) {
      if (other !== channel) continue;
      this.#numbers.delete(number);
      if (serverHasIt) this.send({ unsubscribe: number });
    }
  }

  /**
   * A number for the channel that none had on this socket.
   * @param {Channel} channel
   */
  number(channel) {
    if (this.#numbers.size === 0) this.#heardAt = this.clock.now();
    this.#lastNumber += 1;
    this.#numbers.set(this.#lastNumber, channel);
    this.#asked.add(this.#lastNumber);
    return this.#lastNumber;
  }

  /** @param {object} message */
  send(message) {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  /** Something is live: the server is well, and the next failure is a first one. */
  worked() {
    this.#backoff.reset();
  }

  close() {
    this.#isClosed = true;
    for (const channel of [...this.#channels]) channel.close();
    this.#abandonSocket(1000);
  }

  #reconnect() {
    try {
      this.#connect();
    } catch (error) {
      this.#lost(1006, `${error}`);
    }
  }

  #connect() {
    /** @type {Socket} */
    const socket = new /** @type {any} */ (this.#WebSocket)(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#heardAt = this.clock.now();
    this.checkSilence();
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (/** @type {{ data: any }} */ event) => this.#received(event.data);
    socket.onclose = (/** @type {{ code: number, reason: string }} */ event) =>
      this.#lost(event.code, event.reason);
    // "close" follows, and says more.
    socket.onerror = () => {};
  }

  /** @param {Socket} socket */
  #opened(socket) {
    if (socket.protocol !== SUBPROTOCOL) {
      this.#abandonSocket();
      return this.#failAll(new LivelogError("refused", `the server does not speak ${SUBPROTOCOL}`));
    }
    this.isOpen = true;
    this.#heardAt = this.clock.now();
    for (const channel of [...this.#channels]) channel.opened();
  }

  /** @param {any} data */
  #received(data) {
    this.#heardAt = this.clock.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      this.#abandonSocket();
      return this.#failAll(
        new LivelogError("protocol-violation", "the server broke the protocol: a message is not JSON"),
      );
    }
    if (frame?.error === null) return this.#refused(frame);
    for (const kind of ["changes", "covered", "subscribed", "snapshot", "reset", "error", "unsubscribed"]) {
      const number = frame?.[kind];
      if (typeof number !== "number") continue;
      this.#asked.delete(number);
      this.#numbers.get(number)?.receive(kind, frame);
      return;
    }
  }

  /**
   * The server could not read the number of a request. It answers in order, so it was the oldest one.
   * @param {any} frame
   */
  #refused(frame) {
    const [number] = this.#asked;
    if (number === undefined) return report(errorOf(frame));
    this.#asked.delete(number);
    this.#numbers.get(number)?.receive("error", frame);
  }

  /** @param {number} code @param {string} reason @param {boolean} [isSilence] */
  #lost(code, reason, isSilence = false) {
    this.#abandonSocket();
    const isFinal = [1002, 1003, 1007, 1008, 1009, 1010].includes(code) || (code >= 4500 && code <= 4999);
    if (isFinal) {
      const words = reason ? `: ${reason}` : "";
      const message = `the server closed the connection with code ${code}${words}`;
      return this.#failAll(new LivelogError("refused", message));
    }
    if (this.#channels.size === 0) return;
    const wait = this.#backoff.next();
    this.#retryTimer.start(wait, () => this.#reconnect());
    for (const channel of [...this.#channels]) channel.lost({ code, reason, wait }, isSilence);
  }

  /** @param {LivelogError} error */
  #failAll(error) {
    for (const channel of [...this.#channels]) channel.fail(error);
  }

  /**
   * The machine has a network again, or somebody looks at the page.
   * @param {Event} event
   */
  #wake = (event) => {
    if (this.#document?.visibilityState === "hidden") return;
    this.checkSilence();
    // What was begun without a network would find out only much later.
    const isStale = event.type === "online" && this.#socket !== null && !this.isOpen;
    if (!isStale && !this.#retryTimer.isRunning) return;
    this.#abandonSocket();
    this.#retryTimer.stop();
    this.#reconnect();
  };

  /**
   * Ends a connection on which nothing was heard for too long, and otherwise looks again when that may be so.
   * @returns {void}
   */
  checkSilence() {
    if (!this.#socket) return;
    // Who has asked for nothing hears nothing.
    if (this.isOpen && this.#numbers.size === 0) this.#heardAt = this.clock.now();
    // A clock that was set back must not make the silence look short for as long as that.
    this.#heardAt = Math.min(this.#heardAt, this.clock.now());
    const silence = this.clock.now() - this.#heardAt;
    const limit = this.#silenceLimit;
    if (silence < limit) return this.#silenceTimer.start(limit - silence, () => this.checkSilence());
    this.#lost(1006, `nothing was heard from the server for ${limit / 1000} s`, this.isOpen);
  }

  /**
   * A message is heard when all of it is there, and a large one may take its time. So a subscription that silence
   * keeps from anything new gets twice the time at the next connection.
   */
  get #silenceLimit() {
    const silences = Math.max(0, ...[...this.#channels].map((channel) => channel.silences));
    return SILENCE_LIMIT * 2 ** Math.min(silences, SILENCE_DOUBLINGS);
  }

  /**
   * Closes the socket without waiting for its end, which may take minutes.
   * @param {number} [code]
   */
  #abandonSocket(code) {
    this.#silenceTimer.stop();
    this.#lingerTimer.stop();
    const socket = this.#socket;
    this.#socket = null;
    this.isOpen = false;
    this.#numbers.clear();
    this.#asked.clear();
    this.#lastNumber = 0;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  /** @param {"addEventListener" | "removeEventListener"} method */
  #listen(method) {
    this.#window[method]?.("online", this.#wake);
    this.#document?.[method]("visibilitychange", this.#wake);
  }
}

/**
 * Says what a page's code threw, as if nobody had caught it.
 * @param {unknown} error
 */
function report(error) {
  const { reportError = console.error } = /** @type {any} */ (globalThis);
  reportError(error);
}
