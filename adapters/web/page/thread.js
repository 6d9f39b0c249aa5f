// The messages of the open conversation: loaded once, then updated by the stream of changes.

import {fold, seat} from "./columns.js";
import {make} from "./make.js";
import {PostView, running} from "./posts.js";
import {call, later} from "./server.js";

const NEAR = 96; // pixels from the end within which the view follows a growing answer

export class Thread {
  constructor({root, scroll, earlier, latest, outbox, changed}) {
    Object.assign(this, {root, scroll, earlier, latest, outbox, changed});
    this.views = new Map();
    this.pending = new Map();
    this.follow = true;
    scroll.addEventListener("scroll", () => this.#scrolled());
    root.addEventListener("drawn", () => this.#settle());
    new ResizeObserver(() => this.#settle()).observe(scroll);
    latest.addEventListener("click", () => this.toEnd());
    earlier.addEventListener("click", () => this.#more());
  }

  // A conversation that is about to be opened: messages already sent to it are shown.
  expect(chat) {
    this.chat = chat;
    this.early = [];
    this.drawPending();
  }

  // Changes that arrive while the posts are being fetched wait for them.
  async open(chat) {
    const same = this.chat === chat;
    this.chat = chat;
    this.early = [];
    if (!same) this.#clear();
    const page = await call("GET", `/${chat}`);
    if (this.chat !== chat) return null;
    this.#clear();
    this.mark = page.mark;
    for (const post of page.posts) this.#put(post);
    this.earlier.hidden = !page.more;
    const early = this.early;
    this.early = null;
    for (const change of early) this.apply(change);
    this.drawPending();
    if (!same || this.follow) this.toEnd();
    this.changed();
    return page;
  }

  apply(change) {
    if (change.chat !== this.chat) return;
    if (this.early) { this.early.push(change); return; }
    if (!later(change.mark, this.mark)) return;
    this.mark = change.mark;
    if (change.kind === "post") this.#put(change.post);
    else if (change.kind === "grow") this.views.get(change.growth.id)?.grow(change.growth);
    this.#settle();
    if (change.kind === "post") this.changed(change.post);
  }

  get running() {
    return [...this.views.values()].map((view) => view.post).find(running);
  }

  get empty() {
    return this.views.size === 0 && this.pending.size === 0 && !this.early;
  }

  // Messages being sent are shown at the end until the stream returns them as posts.
  drawPending() {
    const waiting = this.outbox.of(this.chat).filter((one) => !this.views.has(one.id));
    for (const [id, node] of this.pending) if (!waiting.some((one) => one.id === id && one.state !== "refused")) { node.remove(); this.pending.delete(id); }
    for (const one of waiting) {
      const node = this.pending.get(one.id) ?? make("article");
      node.className = `post person ${one.state}`;
      node.dataset.pending = one.id;
      node.replaceChildren(make("div", "said", one.text), ...this.#note(one));
      this.pending.set(one.id, node);
      this.root.append(node);
    }
    this.#settle();
  }

  toEnd() {
    this.follow = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.latest.hidden = true;
  }

  #note(one) {
    if (one.state === "sending") return [];
    const waits = one.state === "waiting";
    const note = make("p", "unsent", waits ? `${one.why} It is kept here and sent again.` : `Not sent. ${one.why}`);
    const drop = make("button", "tool", waits ? "Do not send" : "Discard");
    drop.type = "button";
    drop.addEventListener("click", () => { this.outbox.drop(one.id); this.drawPending(); this.changed(); });
    if (waits) return [note, drop];
    const again = make("button", "tool", "Send again");
    again.type = "button";
    again.addEventListener("click", () => this.outbox.retry(one));
    return [note, again, drop];
  }

  #put(told) {
    const post = {...told, chat: this.chat};
    const view = this.views.get(post.id);
    this.pending.get(post.id)?.remove();
    this.pending.delete(post.id);
    if (view) {
      view.show(post);
      if (post.column) fold(this.root, post);
      return;
    }
    const made = new PostView(post);
    this.views.set(post.id, made);
    if (post.column) seat(this.root, post, made.node, this.#place(post));
    else this.root.insertBefore(made.node, this.#place(post));
  }

  // The node to put a new post before: after its question and that question's other answers, or at the end.
  #place(post) {
    const first = this.pending.values().next().value ?? null;
    const asked = post.after && this.views.get(post.after);
    if (!asked) return first;
    let next = asked.node.nextElementSibling;
    while (next && next.dataset.after === post.after) next = next.nextElementSibling;
    return next ?? first;
  }

  async #more() {
    const oldest = this.root.firstElementChild;
    const page = await call("GET", `/${this.chat}?before=${encodeURIComponent(oldest.dataset.id)}`);
    const height = this.scroll.scrollHeight;
    for (const post of page.posts) {
      if (this.views.has(post.id)) continue;
      const view = new PostView({...post, chat: this.chat});
      this.views.set(post.id, view);
      if (post.column) seat(this.root, post, view.node, oldest);
      else this.root.insertBefore(view.node, oldest);
    }
    this.earlier.hidden = !page.more;
    this.scroll.scrollTop += this.scroll.scrollHeight - height;
  }

  #clear() {
    this.views.clear();
    this.pending.clear();
    this.root.replaceChildren();
    this.earlier.hidden = this.latest.hidden = true;
    this.follow = true;
  }

  #scrolled() {
    const left = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight;
    this.follow = left < NEAR;
    this.latest.hidden = this.follow;
  }

  #settle() {
    if (this.follow) this.scroll.scrollTop = this.scroll.scrollHeight;
    else this.#scrolled();
  }
}

