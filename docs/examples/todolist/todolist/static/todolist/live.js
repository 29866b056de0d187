/**
 * Follows groups of model instances by rest-live 1: the messages of django-rest-live, over one WebSocket.
 *
 * The protocol acknowledges nothing and replays nothing. So whoever follows a group is told each time when it has been
 * asked for, at first and after a lost connection, and fetches it then: what is saved later comes as a message.
 */
export class LiveGroups {
  static #RETRY_FIRST_MS = 500;
  static #RETRY_LAST_MS = 10_000;

  #url;
  #onConnection;
  #followers = new Map();
  #socket = null;
  #retryMs = LiveGroups.#RETRY_FIRST_MS;

  /**
   * @param {string} url
   * @param {(isOpen: boolean) => void} onConnection
   */
  constructor(url, onConnection) {
    this.#url = url;
    this.#onConnection = onConnection;
    this.#connect();
  }

  /**
   * @param {{model: string, property: string, value: number}} group
   * @param {{asked: () => void, changed: (action: string, instance: object) => void}} follower
   */
  follow(group, follower) {
    this.#followers.set(LiveGroups.#name(group.model, group.value), {group, ...follower});
    if (this.#isOpen) this.#ask(group, follower);
  }

  /** @param {{model: string, property: string, value: number}} group */
  leave(group) {
    this.#followers.delete(LiveGroups.#name(group.model, group.value));
    if (this.#isOpen) this.#socket.send(JSON.stringify({unsubscribe: true, ...group}));
  }

  // A message says the model and the group's value, but not the property.
  static #name(model, value) {
    return `${model} ${value}`;
  }

  get #isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  #ask(group, follower) {
    this.#socket.send(JSON.stringify(group));
    follower.asked();
  }

  #connect() {
    this.#socket = new WebSocket(this.#url);
    this.#socket.onopen = () => {
      this.#retryMs = LiveGroups.#RETRY_FIRST_MS;
      this.#onConnection(true);
      for (const {group, ...follower} of this.#followers.values()) this.#ask(group, follower);
    };
    this.#socket.onmessage = (message) => {
      const {model, instance, action, group_key_value: value} = JSON.parse(message.data);
      this.#followers.get(LiveGroups.#name(model, value))?.changed(action, instance);
    };
    this.#socket.onclose = () => {
      this.#onConnection(false);
      // Not all pages at once, when the server comes back.
      setTimeout(() => this.#connect(), this.#retryMs * (0.5 + Math.random()));
      this.#retryMs = Math.min(this.#retryMs * 2, LiveGroups.#RETRY_LAST_MS);
    };
  }
}
