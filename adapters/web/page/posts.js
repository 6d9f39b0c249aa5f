// One post as DOM: a person's message, a growing answer, or another reply.

import {pager} from "./branches.js";
import {block, inlines, Tree} from "./document.js";
import {chart} from "./chart.js";
import {pencil} from "./edit.js";
import {form} from "./form.js";
import {grid} from "./grid.js";
import {grouped} from "./groups.js";
import {icon, make} from "./make.js";

const AWAITED = new Set(["approve", "decline", "sign_in"]); // what an answer waits for
const BROAD = 6; // columns: a table of more of them is wider than text
const ICONS = {up: "i-up", down: "i-thumb-down"};

// Whether it will change: it is a growing answer, or a reply that can still be stopped.
export function running(post) {
  return Boolean(post.growing) || (post.reply?.buttons ?? []).some(({action}) => action === "stop");
}

export class PostView {
  constructor(post) {
    this.node = make("article");
    this.show(post);
  }

  show(post) {
    this.post = post;
    const kind = post.person ? "person" : post.reply ? "reply" : "answer";
    this.node.className = `post ${kind}${post.reply && brief(post.reply) ? " aside" : ""}`;
    this.node.dataset.id = post.id;
    this.node.dataset.after = post.after ?? "";
    this.node.setAttribute("aria-label", post.person ? "You" : "Switchboard");
    if (kind === "answer") this.#answered(post);
    else this.node.replaceChildren(...(post.person ? said(post) : replied(post)));
    this.node.classList.toggle("growing", Boolean(post.growing));
    if (post.growing) this.node.setAttribute("aria-busy", "true");
    else this.node.removeAttribute("aria-busy");
  }

  // Where it stands among the answers to one question; null for one that is alone and goes on.
  stands(place, choose) {
    const told = place && JSON.stringify([place.name, place.beside, place.goesOn]);
    if (this.told === told && Boolean(this.pager?.parentNode) === Boolean(told)) return;
    this.told = told;
    this.pager?.remove();
    this.pager = place && pager(place, choose);
    if (this.pager) this.node.append(this.pager);
  }

  // `blocks` are all of the answer's until now.
  grow({status = "", blocks}) {
    if (!this.post.growing) return;
    this.blocks = blocks;
    if (status) this.status.textContent = status;
    this.status.hidden = !status && blocks.length > 0; // a status comes without words: something else happens
    this.#draw();
  }

  // The answer's own nodes stay where they are, also when it ends.
  #answered(post) {
    this.blocks = post.tree ?? [];
    if (!this.tree) {
      this.tree = new Tree(make("div", "prose"));
      this.node.replaceChildren(this.tree.root);
    }
    for (const node of [...this.node.children]) if (node !== this.tree.root) node.remove();
    this.tree.show(this.blocks);
    if (!post.growing) {
      this.node.append(...closed(post));
      return;
    }
    this.status = make("p", "status", post.status || "Thinking…");
    this.status.hidden = this.blocks.length > 0;
    this.node.append(this.status);
  }

  // At most once a frame and a fifth of the time, so that a huge block does not freeze the page.
  #draw() {
    if (this.pending) return;
    this.pending = true;
    setTimeout(() => requestAnimationFrame(() => {
      this.pending = false;
      const start = performance.now();
      if (this.post.growing) this.tree.show(this.blocks);
      this.cost = performance.now() - start;
      this.node.dispatchEvent(new CustomEvent("drawn", {bubbles: true}));
    }), Math.min((this.cost ?? 0) * 4, 2000));
  }
}

function said(post) {
  return [make("div", "said", post.text ?? ""), pencil()];
}

function closed(post) {
  const {notice, footer, steps = [], buttons: offered = [], reason} = post.closing ?? {reason: "broken", notice: "The answer was cut short."};
  const buttons = offered.filter(({action}) => action !== "go_on"); // stands beside the other answers
  const out = [...beside(post)];
  const decided = reason === "stop" && !buttons.length; // what a card says once somebody decided
  if (notice) out.push(make("p", `notice ${decided ? "decided" : reason}`, notice));
  const awaited = buttons.some(({action}) => AWAITED.has(action));
  if (steps.length) out.push(used(steps));
  if (awaited) out.push(make("div", "buttons", buttons.map((one) => button(one, "soft"))));
  const row = make("div", "under");
  if (footer) row.append(make("p", "footer", footer));
  const tools = make("div", "tools");
  if (post.text) {
    const copy = make("button", "tool", icon("i-copy"), make("span", "label", "Copy"));
    copy.type = "button";
    copy.dataset.copyPost = "";
    copy.setAttribute("aria-label", "Copy the answer");
    tools.append(copy);
  }
  if (!awaited) tools.append(...buttons.map((one) => button(one, "tool")));
  if (tools.childElementCount) row.append(tools);
  if (row.childElementCount) out.push(row);
  return out;
}

// What was called, folded.
function used(steps) {
  const lines = steps.map(([name, outcome, told]) => make("li", outcome === "done" ? "" : "amiss", make("code", "", name), ` ${told}`));
  return make("details", "steps", make("summary", "", `${steps.length} tool ${steps.length === 1 ? "call" : "calls"}`), make("ol", "", lines));
}

// What came with an answer beside its text.
function beside({chat, pictures = [], files = [], sources = []}) {
  const out = pictures.map((id, at) => {
    const image = make("img", "made");
    image.src = stored(chat, "pictures", id);
    image.alt = `Picture ${at + 1}, made by the model`;
    image.addEventListener("load", () => image.dispatchEvent(new CustomEvent("drawn", {bubbles: true})));
    image.addEventListener("error", () => image.replaceWith(make("p", "notice", "This picture is not kept any more.")));
    return image;
  });
  if (files.length) out.push(make("div", "files", files.map((file) => saved(chat, file))));
  if (!sources.length) return out;
  const list = make("ol", "sources prose", sources.map(([number, ...name]) => {
    const line = make("li", "", inlines(name));
    line.value = number;
    return line;
  }));
  list.setAttribute("aria-label", "Sources");
  return [...out, list];
}

function stored(chat, kind, id) {
  return `/web/chats/${encodeURIComponent(chat)}/${kind}/${id.split("/").map(encodeURIComponent).join("/")}`;
}

// A file to be saved. Whether it is still there is asked at the press: a browser shows no reason.
function saved(chat, {id, name, size}) {
  const link = make("a", "file", icon("i-save"), make("b", "", name), make("span", "", `${sized(size)}, kept with this conversation`));
  link.href = `${stored(chat, "files", id)}/${encodeURIComponent(name)}`;
  link.download = name;
  link.addEventListener("click", async (event) => {
    if (link.dataset.there) return;
    event.preventDefault();
    const {ok} = await fetch(link.href, {method: "HEAD"}).catch(() => ({ok: true}));
    if (ok) {
      link.dataset.there = "yes";
      link.click();
    } else link.replaceWith(make("p", "notice", `${name} is not kept any more.`));
  });
  return link;
}

function sized(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function replied(post) {
  const {title, tree = [], chart: shares, table, sections = [], choices = [], buttons = [], form: asked} = post.reply;
  const body = make("div", "prose");
  if (title) body.append(make("h3", "", title));
  body.append(...tree.map(block));
  if (shares) body.append(chart(shares));
  if (table) body.append(grid(table.header, table.rows));
  if (table?.header.length > BROAD) body.lastChild.classList.add("broad");
  const out = [body];
  if (sections.length) out.push(make("div", `sections of-${Math.min(sections.length, 4)}`, ...sections.map(section)));
  out.push(...choices.map(choice));
  if (asked) out.push(form(asked));
  if (buttons.length) out.push(make("div", "buttons", ...buttons.map((one) => button(one, "soft"))));
  return out;
}

// Whether a reply is a short note, for example that another model answers now.
function brief({title, text, table, sections, choices, buttons, form: asked}) {
  return !title && !table && !asked && ![sections, choices, buttons].some((list) => list?.length) && text.length < 200;
}

function section({title, tree = [], note, buttons = []}) {
  const body = make("div", "prose", tree.map(block));
  const node = make("section", "section", make("h4", "", title), body);
  node.setAttribute("aria-label", title);
  const foot = make("div", "section-foot");
  if (note) foot.append(make("p", "footer", note));
  foot.append(...buttons.map((one) => button(one, "soft")));
  if (foot.childElementCount) node.append(foot);
  return node;
}

function button({action, label, value = "", primary, danger}, className) {
  const node = make("button", className);
  node.type = "button";
  node.dataset.action = action;
  node.dataset.value = value;
  if (primary) node.classList.add("primary");
  if (danger) node.classList.add("danger");
  if (ICONS[action]) {
    node.append(icon(ICONS[action]));
    node.classList.add("vote");
    const words = label.replace(/[^\p{L}\p{N} ]/gu, "").trim() || (action === "up" ? "Good answer" : "Bad answer");
    node.setAttribute("aria-label", words);
    node.title = words;
  } else {
    node.append(label);
  }
  return node;
}

// A choice is a list of buttons: each shows its hint, and the active one is marked.
export function choice({action, label, options, selected}) {
  const list = make("div", "options");
  list.append(...grouped(options, ({value, label: name, hint}) => {
    const node = make("button", "option", make("b", "", name));
    node.type = "button";
    if (hint) node.append(make("span", "", hint));
    node.append(icon("i-check"));
    node.dataset.action = action;
    node.dataset.value = value;
    node.setAttribute("aria-pressed", String(value === selected));
    return node;
  }));
  const group = make("fieldset", "choice", make("legend", "", label), list);
  return group;
}
