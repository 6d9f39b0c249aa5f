// All communication with the server: requests, messages that are sent again until they have arrived, and the
// stream of changes with its state.

const ROOT = "/web/chats";
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";  // models are told what day it is here

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
  get away() { return this.status === 0 || this.status === 401 || this.status === 503; }
}

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      headers: body ? {"Content-Type": "application/json"} : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "Switchboard does not answer.");
  }
  const data = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, data.error ?? `Switchboard answered ${response.status}.`);
  return data;
}

export function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Whether mark a comes after mark b; marks are numbers joined by "-".
export function later(a, b) {
  const [x, y] = [a, b].map((mark) => (mark || "0").split("-").map(Number));
  return x[0] !== y[0] ? x[0] > y[0] : (x[1] ?? 0) > (y[1] ?? 0);
}

// Messages that may not have arrived. They survive a reload; the same id sent twice is one message.
export class Outbox {
  constructor(changed) {
    this.changed = changed;
    this.waiting = new Map(read().map((one) => [one.id, {...one, state: "sending"}]));
    for (const one of this.waiting.values()) this.#deliver(one);
  }

  send(chat, text, anew = "") {
    const one = {id: fresh(), chat, text, anew, at: Date.now() / 1000, state: "sending"};
    this.waiting.set(one.id, one);
    this.#save();
    this.#deliver(one);
    return one;
  }

  drop(id) {
    this.waiting.delete(id);
    this.#save();
  }

  of(chat) {
    return [...this.waiting.values()].filter((one) => one.chat === chat);
  }

  async #deliver(one) {
    for (let pause = 1000; this.waiting.has(one.id); pause = Math.min(pause * 1.7, 10_000)) {
      try {
        const {receipt} = await call("POST", `/${one.chat}/messages`, {id: one.id, text: one.text, zone: ZONE, anew: one.anew ?? ""});
        if (receipt.startsWith("full")) this.#set(one, "refused", "Too many messages are waiting here.");
        else this.drop(one.id);
        this.changed(one);
        return;
      } catch (error) {
        if (!error.away) {
          this.#set(one, "refused", error.message);
          return;
        }
        this.#set(one, "waiting", error.message);
      }
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  retry(one) {
    this.#set(one, "sending", "");
    this.#deliver(one);
  }

  #set(one, state, why) {
    Object.assign(one, {state, why});
    this.#save();
    this.changed(one);
  }

  #save() {
    const kept = [...this.waiting.values()].map(({id, chat, text, anew, at}) => ({id, chat, text, anew, at}));
    try { localStorage.setItem("outbox", JSON.stringify(kept)); } catch { /* storage is off: kept until reload */ }
  }
}

function read() {
  try { return JSON.parse(localStorage.getItem("outbox")) ?? []; } catch { return []; }
}

const STATES = {401: "closed", 503: "storage"};

// The stream of changes. `onstate` gets "live" (and whether nothing was missed), "connecting", "closed" or "storage".
// A hidden page closes its connection, because a browser has only six per address for all tabs together.
export class Feed {
  constructor(onchange, onstate) {
    this.onchange = onchange;
    this.onstate = onstate;
    this.mark = "";
    this.growing = new Map(); // the blocks that this connection has told of each growing post
    this.fails = 0;
    document.addEventListener("visibilitychange", () => this.#visible());
    addEventListener("online", () => this.open());
    this.open();
  }

  open() {
    this.close();
    this.growing.clear();
    const source = this.source = new EventSource(`/web/events?after=${encodeURIComponent(this.mark)}`);
    source.onopen = () => { this.fails = 0; this.onstate("live", this.mark !== ""); };
    source.onmessage = (event) => {
      this.mark = event.lastEventId || this.mark;
      this.onchange(this.#whole(JSON.parse(event.data)));
    };
    source.onerror = () => this.#lost(source);
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  // A growth names only the blocks that changed; the blocks that stay are the same objects.
  #whole(change) {
    const {post, growth} = change;
    if (post?.growing) this.growing.set(post.id, post.tree ?? []);
    else if (post) this.growing.delete(post.id);
    if (growth) {
      growth.blocks = patched(this.growing.get(growth.id) ?? [], growth);
      this.growing.set(growth.id, growth.blocks);
    }
    return change;
  }

  async #lost(source) {
    if (source !== this.source) return;
    this.close();
    this.fails++;
    const retry = Math.min(500 * 2 ** this.fails, 5000);
    this.timer = setTimeout(() => this.open(), retry);
    if (this.fails > 1) this.onstate(await call("GET", "").then(() => "connecting", (error) => STATES[error.status] ?? "connecting"));
  }

  #visible() {
    clearTimeout(this.hiding);
    if (document.hidden) this.hiding = setTimeout(() => this.close(), 20_000);
    else if (!this.source) this.open();
  }
}

// The blocks after a growth: `keep` of the old ones, then the new ones, of which the first has more than it had `inside`.
export function patched(old, {keep, inside, blocks: [first, ...others]}) {
  if (!first) return old.slice(0, keep);
  if (inside) {
    const [kind, about, ...parts] = first;
    const stays = old[keep].slice(2);
    first = kind === "pre" ? [kind, about, stays[0] + parts[0]] : [kind, about, ...stays.slice(0, inside), ...parts];
  }
  return [...old.slice(0, keep), first, ...others];
}
