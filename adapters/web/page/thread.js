// The messages of the open conversation: loaded once, then updated by the stream of changes.

import {arranged} from "./branches.js";
import {Row} from "./columns.js";
import {make} from "./make.js";
import {PostView, running} from "./posts.js";
import {call, later} from "./server.js";

const MARGIN = 16; // pixels
const NEAR = 96; // pixels from the end within which the view follows a growing answer

export class Thread {
  constructor({root, scroll, earlier, latest, outbox, changed, told}) {
    Object.assign(this, {root, scroll, earlier, latest, outbox, changed, told});
    this.views = new Map();
    this.pending = new Map();
    this.rows = new Map(); // of answers side by side, by turn
    this.order = []; // the ids of the posts, as they came
    this.chosen = new Map(); // by answer, which of those that follow it is looked at
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
    this.#arrange();
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
    const whole = change.post?.reply && !this.views.has(change.post.id);
    if (change.kind === "post") {
      this.#put(change.post, true);
      this.#arrange();
    } else if (change.kind === "grow") this.views.get(change.growth.id)?.grow(change.growth);
    this.#settle();
    if (whole && this.follow) this.#begin(this.views.get(change.post.id).node);
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

  // Shows the way that the conversation goes on.
  current() {
    this.chosen.clear();
    this.#arrange();
  }

  toEnd() {
    this.follow = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.latest.hidden = true;
  }

  // What comes whole and is higher than the view is read from its beginning.
  #begin(node) {
    const above = node.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top;
    if (above >= 0) return;
    this.scroll.scrollTop += above - MARGIN;
    this.#scrolled();
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

  #put(told, live = false) {
    const post = {...told, chat: this.chat};
    const view = this.views.get(post.id);
    this.pending.get(post.id)?.remove();
    this.pending.delete(post.id);
    const began = post.place && (!view || !view.post.place);
    if (live && began) this.chosen.set(post.place.parent, post.place.turn); // who asked again looks at the new one
    if (view) {
      view.show(post);
      if (post.column) this.#row(post).fold();
      return;
    }
    this.views.set(post.id, new PostView(post));
    let at = post.after ? this.order.indexOf(post.after) + 1 : 0;
    const beside = ({after, turn}) => after === post.after || (turn && turn === post.turn); // a board that was changed tells its turn alone
    while (at && this.order[at] && beside(this.views.get(this.order[at]).post)) at++;
    this.order.splice(at || this.order.length, 0, post.id); // after its question and that question's other posts, or at the end
  }

  // Puts the posts of the shown way into the page, in their order; the others stay out of it.
  #arrange() {
    const {shown, order, questions} = arranged(this.order.map((id) => this.views.get(id).post), this.chosen);
    let node = this.root.firstElementChild;
    const wanted = new Set(order);
    const placed = new Set();
    for (const id of order) {
      const own = this.#standing(id);
      if (placed.has(own)) continue; // the row of another column
      placed.add(own);
      while (node && node !== own && node.dataset.id && !wanted.has(node.dataset.id)) node = gone(node);
      if (node === own) node = node.nextElementSibling;
      else this.root.insertBefore(own, node);
    }
    while (node) node = node.dataset.id ? gone(node) : node.nextElementSibling;
    for (const [id, {node, post}] of this.views) if (post.person) node.querySelector(".pencil")?.toggleAttribute("hidden", !questions.has(id));
    for (const place of shown) {
      const alone = place.beside.length < 2 && place.goesOn;
      const last = place.posts.findLast((id) => !this.views.get(id).post.column) ?? place.posts.at(-1);
      for (const id of place.posts) this.views.get(id).stands(alone || id !== last ? null : place, (name, label) => this.#choose(place, name, label));
    }
  }

  // The node of a post among the others: its own, or the row that it is a column of.
  #standing(id) {
    const {node, post} = this.views.get(id);
    return post.column ? this.#row(post).seat(node, post).node : node;
  }

  #row(post) {
    if (!this.rows.has(post.turn)) this.rows.set(post.turn, new Row(post));
    return this.rows.get(post.turn);
  }

  // Shows another answer in the place of this one; the eye and the keyboard stay where they are.
  #choose(place, name, label) {
    const pager = () => [...this.root.querySelectorAll(".pager")].find((node) => node.dataset.after === place.parent);
    const top = pager()?.getBoundingClientRect().top;
    this.chosen.set(place.parent, name);
    this.follow = false;
    this.#arrange();
    const now = pager();
    if (!now) return;
    this.scroll.scrollTop += now.getBoundingClientRect().top - top;
    (now.querySelector(`[aria-label="${label}"]:not(:disabled)`) ?? now.querySelector("button:not(:disabled)")).focus();
    this.told(now.getAttribute("aria-label"));
  }

  async #more() {
    const page = await call("GET", `/${this.chat}?before=${encodeURIComponent(this.order[0])}`);
    const height = this.scroll.scrollHeight;
    const earlier = page.posts.filter(({id}) => !this.views.has(id));
    for (const post of earlier) this.views.set(post.id, new PostView({...post, chat: this.chat}));
    this.order.unshift(...earlier.map(({id}) => id));
    this.#arrange();
    this.earlier.hidden = !page.more;
    this.scroll.scrollTop += this.scroll.scrollHeight - height;
  }

  #clear() {
    this.views.clear();
    this.pending.clear();
    this.rows.clear();
    this.order = [];
    this.chosen.clear();
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

// Takes a post out of the page; returns what came after it.
function gone(node) {
  const next = node.nextElementSibling;
  node.remove();
  return next;
}
