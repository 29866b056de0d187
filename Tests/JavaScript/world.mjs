// What surrounds a client in these tests: a clock that stands still, and WebSockets whose other end is the test.

/** Time that passes when the test says so. */
export class FakeClock {
  #now = 1_000_000;
  #timers = new Map();
  #last = 0;

  now() {
    return this.#now;
  }

  setTimeout(body, ms) {
    this.#last += 1;
    this.#timers.set(this.#last, { at: this.#now + ms, body });
    return this.#last;
  }

  clearTimeout(timer) {
    this.#timers.delete(timer);
  }

  /** How long until each timer, in ms. */
  get waits() {
    return [...this.#timers.values()].map(({ at }) => at - this.#now);
  }

  /** Lets time pass, and runs what falls due in its order. */
  advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].body();
    }
    this.#now = end;
  }

  /** Lets time pass without running anything, as while the machine sleeps. */
  sleep(ms) {
    this.#now += ms;
  }
}

/** Knows how many listen. */
class CountingTarget extends EventTarget {
  listeners = 0;

  addEventListener(type, listener) {
    this.listeners += 1;
    super.addEventListener(type, listener);
  }

  removeEventListener(type, listener) {
    this.listeners -= 1;
    super.removeEventListener(type, listener);
  }
}

/** The surroundings of one client. */
export class World {
  clock = new FakeClock();
  /** All sockets that the client made. */
  sockets = [];
  window = new CountingTarget();
  document = Object.assign(new CountingTarget(), { visibilityState: "visible" });
  /** What `random()` gives; 1 makes each wait as long as it can be. */
  chance = 1;
  protocol = "livelog.v1";

  get options() {
    const world = this;
    class FakeSocket extends ServerSide {
      constructor(url, protocols) {
        super(url, protocols, world.protocol);
        world.sockets.push(this);
      }
    }
    const { clock, window, document } = this;
    return { WebSocket: FakeSocket, clock, window, document, random: () => this.chance };
  }

  /** The newest socket. */
  get socket() {
    return this.sockets.at(-1);
  }
}

/** A WebSocket as the client sees it, with what a server does to it. */
class ServerSide {
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  /** What the client sent, parsed. */
  sent = [];
  /** The code that the client closed with; undefined for none. */
  closedWith = "open";

  constructor(url, protocols, protocol) {
    Object.assign(this, { url, protocols, protocol });
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code;
  }

  get isClosed() {
    return this.closedWith !== "open";
  }

  open() {
    this.onopen?.({});
    return this;
  }

  say(...messages) {
    for (const message of messages) this.sayText(JSON.stringify(message));
    return this;
  }

  sayText(data) {
    this.onmessage?.({ data });
  }

  drop(code = 1006, reason = "") {
    this.onerror?.({});
    this.onclose?.({ code, reason });
  }
}

/** A record of the log. */
export function record(offset, change, key, instance) {
  const action = { entered: "CREATED", updated: "UPDATED", left: "UPDATED", deleted: "DELETED" }[change];
  return { offset, action, change, key, ...(instance === undefined ? {} : { instance }) };
}

/** Random numbers that are the same in each run (mulberry32). */
export function randomNumbers(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (bound) => Math.floor(next() * bound), chance: (share) => next() < share };
}
