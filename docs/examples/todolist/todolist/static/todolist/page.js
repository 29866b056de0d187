/**
 * The page of the to-do lists. It reads and writes by the REST API, and shows what comes by the WebSocket: what is
 * done in this window comes back the same way as what is done in others.
 */
import {LiveGroups} from "./live.js";

const facts = JSON.parse(document.getElementById("facts").textContent);

/** The WebSocket is of the host by which this page was opened, so that the session's cookie goes with it. */
function socketUrl() {
  const url = new URL(facts.socketUrl);
  url.hostname = location.hostname;
  return url;
}

async function request(method, path, body) {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
  const response = await fetch(`/api/${path}`, {
    method,
    headers: {"Content-Type": "application/json", "X-CSRFToken": token},
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return response.status === 204 ? null : response.json();
}

const copyOf = (id) => document.getElementById(id).content.cloneNode(true).firstElementChild;

/** A list on the page: followed while it is open, left while it is folded. */
class ListView {
  #id;
  #live;
  #element = copyOf("list");
  #rows = new Map();
  // Messages that come while the list is fetched; null when it is not.
  #early = null;

  constructor({id, name}, live) {
    this.#id = id;
    this.#live = live;
    this.#element.querySelector("h2").textContent = name;
    this.#element.addEventListener("toggle", () => this.#toggle());
    const form = this.#element.querySelector("form");
    form?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = form.elements.text.value;
      form.reset();
      await request("POST", `lists/${id}/tasks/`, {text});
    });
  }

  /** Once it is in the document it says whether it is open, and so begins to be followed. */
  get element() {
    return this.#element;
  }

  #toggle() {
    const group = {model: "todolist.Task", property: "list_id", value: this.#id};
    if (this.#element.open) {
      this.#live.follow(group, {
        asked: () => this.#fetch(),
        changed: (action, task) => (this.#early ? this.#early.push([action, task]) : this.#change(action, task)),
      });
    } else {
      this.#live.leave(group);
    }
  }

  async #fetch() {
    const early = (this.#early = []);
    const {tasks} = await request("GET", `lists/${this.#id}/`);
    // Asked for once more in the meantime: that answer counts.
    if (this.#early !== early) return;
    this.#early = null;
    this.#element.querySelector("ul").replaceChildren();
    this.#rows.clear();
    for (const task of tasks) this.#show(task);
    for (const [action, task] of early) this.#change(action, task);
    this.#count();
  }

  #change(action, task) {
    if (action === "DELETED") {
      this.#rows.get(task.id)?.remove();
      this.#rows.delete(task.id);
    } else {
      const row = this.#show(task);
      row.classList.remove("changed");
      void row.offsetWidth; // so that the animation begins anew
      row.classList.add("changed");
    }
    this.#count();
  }

  #show(task) {
    const row = this.#rows.get(task.id) ?? this.#add(task.id);
    row.querySelector(".text").textContent = task.text;
    // Who is not logged in gets no `done`.
    row.classList.toggle("done", task.done === true);
    if (facts.canWrite) row.querySelector("input").checked = task.done;
    return row;
  }

  #add(id) {
    const row = copyOf("task");
    row.dataset.id = id;
    const path = `lists/${this.#id}/tasks/${id}/`;
    row.querySelector("input")?.addEventListener("change", (event) => {
      request("PATCH", path, {done: event.target.checked});
    });
    row.querySelector("button")?.addEventListener("click", () => request("DELETE", path));
    this.#rows.set(id, row);
    this.#element.querySelector("ul").append(row);
    return row;
  }

  #count() {
    const open = [...this.#rows.values()].filter((row) => !row.classList.contains("done")).length;
    const all = `${this.#rows.size} ${this.#rows.size === 1 ? "task" : "tasks"}`;
    this.#element.querySelector(".count").textContent = facts.canWrite ? `${open} open of ${all}` : all;
  }
}

const connection = document.getElementById("connection");
const live = new LiveGroups(socketUrl(), (isOpen) => {
  connection.textContent = isOpen ? "live" : "connecting";
  connection.classList.toggle("live", isOpen);
});
const lists = await request("GET", "lists/");
document.getElementById("lists").append(...lists.map((list) => new ListView(list, live).element));
