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
 * Keys and instances are what `JSON.parse` makes of them: integers beyond 2^53 lose their last digits.
 */

const SUBPROTOCOL = "livelog.v1";
/** A server says something every 15 seconds; a connection that is silent for this long, in ms, is dead. */
const SILENCE_LIMIT = 40_000;
/** How long, in ms, a socket without subscriptions stays open for the next one. */
const LINGER = 1_000;

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
 * `budget` changes to be sent again the server sends a snapshot in their place.
 * @typedef {{ model: string, where?: Record<string, Test>, from?: Start, catchUp?: "all" | "latest",
 *   budget?: number }} Request
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
/** @typedef {{ delivered(delivery: Delivery): void, changedState(): void }} Sink */

/** Why a subscription is over. */
export class LivelogError extends Error {
  /**
   * @param {string} code "reset", "refused", "protocol-violation", or the code of the server's error
   * @param {string} message
   * @param {string} [reason] of a reset: "retained", "epoch", "unknown-token", "offset-ahead" or
   *   "snapshot-too-large"
   */
  constructor(code, message, reason) {
    super(message);
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
   * Calls `handler` with each delivery, in order and without a gap. A handler that throws is reported and called
   * again with the next one.
   * @param {Request} request
   * @param {(delivery: Delivery) => void} handler
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

  /** Closes all subscriptions and the socket. */
  close() {
    this.#connection.close();
  }
}

/** A subscription whose handler gets each delivery. Dispatches "state". */
class Subscription extends EventTarget {
  /** @type {Channel} */
  #channel;

  /** @param {Connection} connection @param {Request} request @param {(delivery: Delivery) => void} handler */
  constructor(connection, request, handler) {
    super();
    this.#channel = new Channel(connection, request, false, {
      delivered: handler,
      changedState: () => this.dispatchEvent(new StateEvent(this.state, this.error)),
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

  /** The place after the last delivery; null before the first. */
  get token() {
    return this.#channel.token;
  }

  close() {
    this.#channel.close();
  }
}

/**
 * The instances of a set by key, as they are in the log. Dispatches "change" after each delivery that changed
 * something, and "state". While the connection is lost, and until what was missed is complete, the items stay
 * as they were. Iterating gives the instances.
 */
class Collection extends EventTarget {
  /** @type {Channel} */
  #channel;
  /** @type {Map<any, any>} */
  #items = new Map();
  #partial = false;

  /** @param {Connection} connection @param {Request} request */
  constructor(connection, request) {
    super();
    this.#channel = new Channel(connection, { ...request, from: request.from ?? "snapshot" }, true, {
      delivered: (delivery) => this.#apply(delivery),
      changedState: () => this.dispatchEvent(new StateEvent(this.state, this.error)),
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

  /** The place at which the items are what the log says; null before there is one. */
  get token() {
    return this.#channel.token;
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
  #apply(delivery) {
    const isSnapshot = delivery.kind === "snapshot";
    if (isSnapshot) this.#partial = delivery.partial;
    const changes = isSnapshot ? this.#replace(delivery.records) : this.#follow(delivery.records);
    if (changes.length > 0) this.dispatchEvent(new ChangeEvent(changes, isSnapshot));
  }

  /** @param {LogRecord[]} records @returns {Change[]} */
  #follow(records) {
    const items = this.#items;
    /** @type {Change[]} */
    const changes = [];
    for (const { key, change, instance } of records) {
      const [isKnown, previous] = [items.has(key), items.get(key)];
      if (change === "entered" || change === "updated") {
        items.set(key, instance);
        changes.push({ type: isKnown ? "updated" : "inserted", key, item: instance, previous });
      } else if (isKnown) {
        items.delete(key);
        changes.push({ type: "removed", key, item: undefined, previous });
      }
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
    for (const { key, instance } of records) {
      const previous = before.get(key);
      if (!before.delete(key)) {
        changes.push({ type: "inserted", key, item: instance, previous });
        this.#items.set(key, instance);
      } else if (JSON.stringify(previous) === JSON.stringify(instance)) {
        this.#items.set(key, previous);
      } else {
        changes.push({ type: "updated", key, item: instance, previous });
        this.#items.set(key, instance);
      }
    }
    for (const [key, previous] of before) changes.push({ type: "removed", key, item: undefined, previous });
    return changes;
  }
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
 */
class Channel {
  /** @type {State} */
  state = "connecting";
  /** @type {LivelogError | null} */
  error = null;
  /** @type {string | null} */
  token = null;
  #connection;
  #request;
  #beginsAnew;
  #sink;
  #backoff;
  #isAccepted = false;
  /** @type {{ kind: "changes" | "snapshot", records: LogRecord[], partial: boolean } | null} */
  #parts = null;
  #again;

  /**
   * @param {Connection} connection
   * @param {Request} request
   * @param {boolean} beginsAnew whether a reset is answered by asking for a snapshot
   * @param {Sink} sink
   */
  constructor(connection, request, beginsAnew, sink) {
    if (typeof request?.model !== "string") throw new TypeError("a subscription has a model");
    const { model, where, from = "now", catchUp, budget } = request;
    this.#request = { model, where, from, catchUp, budget };
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
    const from = this.token ?? this.#request.from;
    this.#connection.send({ subscribe: this.#connection.number(this), ...this.#request, from });
  }

  /** The connection is gone. */
  lost() {
    if (this.isOver) return;
    this.#forgetConnection();
    this.#enter(this.state === "connecting" ? "connecting" : "reconnecting");
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
    if (kind === "error") return this.#refused(frame);
    if (kind === "unsubscribed") return this.#violation("it ended a subscription unasked");
    if (kind === "subscribed") return this.#accepted(frame);
    if (!this.#isAccepted) return this.#violation(`it sent "${kind}" before "subscribed"`);
    if (kind === "covered") return this.#covered(frame);
    this.#records(kind === "snapshot" ? "snapshot" : "changes", frame);
  }

  /** @param {any} frame */
  #accepted(frame) {
    this.#isAccepted = true;
    this.#enter("loading");
    if (this.isOver) return;
    if (frame.snapshot !== undefined) {
      this.#parts = { kind: "snapshot", records: [], partial: false };
    } else {
      this.#deliver(frame.token, false);
    }
  }

  /** @param {"changes" | "snapshot"} kind @param {any} frame */
  #records(kind, frame) {
    const records = frame.records ?? (kind === "snapshot" ? [] : null);
    if (!Array.isArray(records)) return this.#violation("a message has no records");
    this.#parts ??= { kind, records: [], partial: false };
    if (this.#parts.kind !== kind) return this.#violation("it mixed a snapshot with changes");
    this.#parts.partial ||= frame.partial === true;
    for (const record of records) this.#parts.records.push(record);
    if (frame.more !== true) this.#deliver(frame.token, false);
  }

  /**
   * Everything up to the token was sent. While parts are open that is either a sign of life, which stands where
   * they began, or their end. A snapshot has an end of its own.
   * @param {any} frame
   */
  #covered(frame) {
    if (this.#parts && (this.#parts.kind === "snapshot" || frame.token === this.token)) return;
    const isLive = frame.live === true;
    if (isLive) {
      this.#backoff.reset();
      this.#connection.worked();
    }
    if (this.#deliver(frame.token, isLive) && isLive) this.#enter("live");
  }

  /**
   * Hands on what came, as everything up to `token`. False if the subscription is over then.
   * @param {any} token
   * @param {boolean} live
   */
  #deliver(token, live) {
    if (typeof token !== "string") {
      this.#violation("a message has no token");
      return false;
    }
    const { kind, records, partial } = this.#parts ?? { kind: "changes", records: [], partial: false };
    this.#parts = null;
    this.token = token;
    try {
      this.#sink.delivered({ kind, records, token, live, partial });
    } catch (error) {
      report(error);
    }
    return !this.isOver;
  }

  /** @param {any} frame */
  #reset(frame) {
    if (this.#beginsAnew && frame.reason !== "snapshot-too-large") {
      this.token = null;
      this.#request.from = "snapshot";
      this.#askAgain();
    } else {
      const message = `the subscription cannot go on from its token: ${frame.message ?? frame.reason}`;
      this.fail(new LivelogError("reset", message, frame.reason));
    }
  }

  /** @param {any} frame */
  #refused(frame) {
    if (frame.code === "overloaded") return this.#askAgain();
    this.fail(new LivelogError(String(frame.code), `${frame.message ?? frame.code}`));
  }

  /** The server has given this subscription up, and may take it later. */
  #askAgain() {
    this.#connection.forget(this);
    this.lost();
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
  }

  /** @param {State} state */
  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.#sink.changedState();
  }
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
  /** @type {Socket | null} */
  #socket = null;
  /** Whether messages can be sent. */
  isOpen = false;
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
    const number = this.forget(channel);
    if (number && serverHasIt) this.send({ unsubscribe: number });
    if (!this.#channels.delete(channel) || this.#channels.size > 0) return;
    this.#listen("removeEventListener");
    this.#retryTimer.stop();
    if (this.#socket) this.#lingerTimer.start(LINGER, () => this.#abandonSocket(1000));
  }

  /**
   * Takes the channel's number on this socket away and returns it.
   * @param {Channel} channel
   */
  forget(channel) {
    for (const [number, other] of this.#numbers) {
      if (other !== channel) continue;
      this.#numbers.delete(number);
      return number;
    }
  }

  /**
   * A number for the channel that none had on this socket.
   * @param {Channel} channel
   */
  number(channel) {
    this.#lastNumber += 1;
    this.#numbers.set(this.#lastNumber, channel);
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
    for (const channel of [...this.#channels]) channel.close();
    this.#abandonSocket(1000);
  }

  #connect() {
    /** @type {Socket} */
    const socket = new /** @type {any} */ (this.#WebSocket)(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#heardAt = this.clock.now();
    this.#checkSilence();
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
    for (const kind of ["changes", "covered", "subscribed", "snapshot", "reset", "error", "unsubscribed"]) {
      if (typeof frame?.[kind] !== "number") continue;
      this.#numbers.get(frame[kind])?.receive(kind, frame);
      return;
    }
  }

  /** @param {number} code @param {string} reason */
  #lost(code, reason) {
    this.#abandonSocket();
    const isFinal = [1002, 1003, 1007, 1008, 1009, 1010].includes(code) || (code >= 4500 && code <= 4999);
    if (isFinal) {
      const words = reason ? `: ${reason}` : "";
      const message = `the server closed the connection with code ${code}${words}`;
      return this.#failAll(new LivelogError("refused", message));
    }
    if (this.#channels.size === 0) return;
    this.#retryTimer.start(this.#backoff.next(), () => this.#connect());
    for (const channel of [...this.#channels]) channel.lost();
  }

  /** @param {LivelogError} error */
  #failAll(error) {
    for (const channel of [...this.#channels]) channel.fail(error);
  }

  /** The machine has a network again, or somebody looks at the page. */
  #wake = () => {
    if (this.#document?.visibilityState === "hidden") return;
    this.#checkSilence();
    if (!this.#retryTimer.isRunning) return;
    this.#retryTimer.stop();
    this.#connect();
  };

  #checkSilence() {
    if (!this.#socket) return;
    // A clock that was set back must not make the silence look short for as long as that.
    this.#heardAt = Math.min(this.#heardAt, this.clock.now());
    const silence = this.clock.now() - this.#heardAt;
    if (silence >= SILENCE_LIMIT) this.#lost(1006, "");
    else this.#silenceTimer.start(SILENCE_LIMIT - silence, () => this.#checkSilence());
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
