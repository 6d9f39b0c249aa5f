// The list of conversations: newest first, by day, with renaming and deleting in place.

import {icon, make} from "./make.js";
import {running} from "./posts.js";
import {call} from "./server.js";

const DAY = 86_400_000;

export class Chats {
  constructor({root, open, failed}) {
    Object.assign(this, {root, open, failed});
    this.list = [];
    this.running = new Set();
    this.gone = new Set();
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  async load() {
    const list = await call("GET", "");
    this.list = list.filter((chat) => !this.gone.has(chat.id)); // deleted while the list was being fetched
    this.draw();
  }

  title(id) {
    return this.list.find((chat) => chat.id === id)?.title || "New conversation";
  }

  select(id) {
    this.current = id;
    this.draw();
  }

  // The neighbour in the list, `step` places down.
  neighbour(step) {
    const at = this.list.findIndex((chat) => chat.id === this.current);
    return this.list[at < 0 ? 0 : at + step]?.id;
  }

  async apply(change) {
    const known = this.list.find((chat) => chat.id === change.chat);
    if (change.kind === "gone") {
      this.gone.add(change.chat);
      this.list = this.list.filter((chat) => chat !== known);
    }
    else if (change.kind === "cleared" && known) known.title = "";
    else if (change.kind === "title" && known) known.title = change.title;
    else if (change.kind === "post") {
      if (running(change.post)) this.running.add(change.chat);
      else if (!change.post.person) this.running.delete(change.chat);
      if (!known || !known.title) { await this.load(); return; }
      known.at = change.post.at;
      this.list.sort((a, b) => b.at - a.at);
    } else return;
    this.draw();
  }

  draw() {
    if (this.root.querySelector("input")) return; // a title is being edited
    const focused = document.activeElement?.closest?.("[data-chat]")?.dataset.chat;
    const groups = Map.groupBy ? Map.groupBy(this.list, (chat) => day(chat.at)) : grouped(this.list);
    this.root.replaceChildren(...[...groups].map(([name, chats]) => {
      const list = make("ul", "", ...chats.map((chat) => this.#row(chat)));
      const head = make("h2", "", name);
      return make("div", "group", head, list);
    }));
    if (!this.list.length) this.root.append(make("p", "quiet", "Your conversations appear here."));
    if (focused) this.root.querySelector(`[data-chat="${focused}"] .open`)?.focus();
  }

  rename(id) {
    const row = this.root.querySelector(`[data-chat="${id}"]`);
    if (!row) return;
    const field = make("input");
    field.value = this.title(id);
    field.maxLength = 120;
    field.setAttribute("aria-label", "Name of the conversation");
    row.replaceChildren(field);
    field.select();
    const end = async (keep) => {
      field.onblur = null;
      const title = field.value.trim();
      field.remove();
      const chat = this.list.find((one) => one.id === id);
      if (keep && title && chat && title !== chat.title) {
        const old = chat.title;
        chat.title = title;
        await call("PATCH", `/${id}`, {title}).catch((error) => { chat.title = old; this.failed(error); });
      }
      this.draw();
      this.root.querySelector(`[data-chat="${id}"] .open`)?.focus();
    };
    field.onblur = () => end(true);
    field.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    };
  }

  async remove(id) {
    const dialog = document.getElementById("confirm");
    document.getElementById("confirm-name").textContent = this.title(id);
    dialog.returnValue = "no";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, {once: true}));
    if (dialog.returnValue !== "yes") return;
    const next = this.neighbour(1) ?? this.neighbour(-1);
    await call("DELETE", `/${id}`).catch(this.failed);
    await this.load().catch(this.failed);
    if (id === this.current) this.open(next);
  }

  #row(chat) {
    const open = make("button", "open", make("span", "", chat.title || "New conversation"));
    open.type = "button";
    if (chat.id === this.current) open.setAttribute("aria-current", "true");
    if (this.running.has(chat.id)) open.append(make("i", "busy"), make("span", "hidden", " (answering)"));
    const row = make("li", "", open, tool("rename", "i-pen", `Rename ${chat.title}`), tool("remove", "i-bin", `Delete ${chat.title}`));
    row.dataset.chat = chat.id;
    return row;
  }

  #clicked(event) {
    const id = event.target.closest("[data-chat]")?.dataset.chat;
    const what = event.target.closest("button");
    if (!id || !what) return;
    if (what.dataset.tool) this[what.dataset.tool](id);
    else this.open(id);
  }

  #key(event) {
    const id = event.target.closest("[data-chat]")?.dataset.chat;
    if (!id) return;
    const keys = {F2: () => this.rename(id), Delete: () => this.remove(id), ArrowDown: () => this.#move(event, 1), ArrowUp: () => this.#move(event, -1)};
    if (!keys[event.key] || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  }

  #move(event, step) {
    const all = [...this.root.querySelectorAll(".open")];
    all[all.indexOf(event.target.closest("li").querySelector(".open")) + step]?.focus();
  }
}

function tool(name, picture, label) {
  const node = make("button", "bare", icon(picture));
  node.type = "button";
  node.dataset.tool = name;
  node.tabIndex = -1; // F2 and Delete do the same from the keyboard
  node.setAttribute("aria-label", label);
  node.title = label;
  return node;
}

function day(at) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const then = at * 1000;
  if (then >= midnight) return "Today";
  if (then >= midnight - DAY) return "Yesterday";
  return then >= midnight - 7 * DAY ? "This week" : "Earlier";
}

function grouped(chats) {
  const groups = new Map();
  for (const chat of chats) groups.set(day(chat.at), [...(groups.get(day(chat.at)) ?? []), chat]);
  return groups;
}
