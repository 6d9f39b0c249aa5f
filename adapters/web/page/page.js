// The page as a whole: builds the parts and defines the keyboard shortcuts.

import {Chats} from "./chats.js";
import {Composer} from "./composer.js";
import {edit} from "./edit.js";
import {blame, values} from "./form.js";
import {make} from "./make.js";
import {Picker, plain} from "./picker.js";
import {running} from "./posts.js";
import {call, Feed, fresh, Outbox} from "./server.js";
import {Thread} from "./thread.js";

const find = (id) => document.getElementById(id);
const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const STATES = {
  connecting: ["Reconnecting…", "The connection is gone. It is tried again; what you write is kept."],
  closed: ["Not signed in", "This page was opened by an address that is no longer good. Open the one that switchboard printed when it started; what you write is kept."],
  storage: ["Storage away", "Switchboard cannot reach its storage. What you write is kept here and sent when it is back."],
};
const ID = /^[A-Za-z0-9_-]{8,64}$/;
let state = "connecting";
let current = location.hash.slice(1);
let asked = ID.test(current); // whether the page's URL names a conversation
if (!asked) current = fresh();

const outbox = new Outbox(() => { thread.drawPending(); refresh(); });
const chats = new Chats({root: find("chats"), open, failed});
const thread = new Thread({
  root: find("posts"), scroll: find("scroll"), earlier: find("earlier"), latest: find("latest"), outbox, changed,
  told: (words) => { find("spoken").textContent = words; },
});
const picker = new Picker({button: find("model"), name: find("model-name"), root: find("picker"), press, changed: stands});
const composer = new Composer({form: find("compose"), field: find("write"), send: find("send"), menu: find("commands"), submit});
chats.select(current);
composer.open(current);
thread.expect(current);
const feed = new Feed(heard, connected);

// `anew`: the message that is asked in these words instead.
function submit(text, anew = "") {
  if (!anew) thread.current();
  outbox.send(current, text, anew);
  thread.drawPending();
  thread.toEnd();
  refresh();
}

async function press({action, value = "", message = ""}) {
  if (action === "stop") return stop(value);
  if (action !== "up" && action !== "down") thread.toEnd(); // the result appears there
  try {
    await call("POST", `/${current}/buttons`, {id: fresh(), action, value, message});
  } catch (error) {
    failed(error);
  }
}

async function stop(turn = thread.running?.turn) {
  find("stop").disabled = true;
  try {
    await call("POST", `/${current}/stop`, {id: fresh(), turn: turn ?? ""});
  } catch (error) {
    failed(error);
  }
}

async function open(id = fresh()) {
  current = id;
  asked = true;
  history.replaceState(null, "", `#${id}`);
  find("spoken").textContent = "";
  chats.select(id);
  composer.open(id);
  picker.close();
  drawer(false);
  document.body.classList.add("loading");
  await Promise.all([thread.open(id).catch(failed), picker.load(id).catch(failed)]);
  document.body.classList.remove("loading");
  refresh();
  if (matchMedia("(hover: hover)").matches) find("write").focus();
}

function heard(change) {
  if (change.kind === "lost") { load().catch(failed); return; }
  if (change.kind === "gone" && change.chat === current) open();
  if (change.kind === "cleared" && change.chat === current) thread.open(current).then(refresh, failed);
  chats.apply(change).then(refresh, failed);
  thread.apply(change);
  if (change.post?.reply && change.chat !== current) picker.load(current).catch(failed); // a choice there may be one for all
}

// A post was put or rewritten in the open conversation.
function changed(post) {
  refresh();
  if (!post || post.person || running(post)) return;
  picker.load(current).catch(failed);
  const words = post.reply ? post.reply.text : post.text;
  find("spoken").textContent = plain(`${post.closing?.notice ?? ""} ${words ?? ""}`).slice(0, 600);
}

function stands({why, starters, commands}, sentence) {
  find("empty-why").textContent = sentence;
  find("model-why").textContent = plain(why);
  composer.commands = commands;
  find("starters").replaceChildren(...starters.slice(0, 4).map((text) => {
    const node = make("button", "starter", text);
    node.type = "button";
    node.addEventListener("click", () => { if (/[:\s]$/.test(text)) { composer.set(text); find("write").focus(); } else submit(text); });
    return node;
  }));
}

// Updates everything that depends on the shown conversation.
function refresh() {
  const busy = thread.running;
  find("empty").hidden = !thread.empty;
  find("stop").hidden = !busy;
  if (!busy) find("stop").disabled = false;
  find("title").textContent = chats.title(current);
  document.title = `${busy ? "● " : ""}${chats.title(current)} · Switchboard`;
}

function connected(now, resumed) {
  state = now;
  const [word, sentence] = STATES[now] ?? [];
  find("link").textContent = word ?? "Connected";
  find("link").dataset.state = now;
  find("banner").hidden = now === "live";
  find("banner").textContent = sentence ?? "";
  if (now === "live" && !resumed) load().catch(failed);
}

// Reads everything again: at the start, and when changes were missed. Who has begun to write stays in their
// conversation.
async function load() {
  await chats.load();
  const begun = asked || find("write").value || outbox.of(current).length;
  await open(begun ? current : chats.list[0]?.id);
}

function failed(error) {
  if (!(error instanceof Error)) return;
  if (error.away) { if (state === "live") feed.open(); return; }
  const banner = find("banner");
  banner.textContent = error.message;
  banner.hidden = false;
  setTimeout(() => { if (state === "live") banner.hidden = true; }, 6000);
}

function drawer(shown) {
  document.body.classList.toggle("drawer", shown);
  find("veil").hidden = !shown;
  find("menu").setAttribute("aria-expanded", String(shown));
  narrow();
  if (shown) find("new").focus();
}

function narrow() {
  find("side").inert = matchMedia("(max-width: 760px)").matches && !document.body.classList.contains("drawer");
}

async function copy(node, text) {
  await navigator.clipboard.writeText(text);
  const label = node.lastChild, picture = node.querySelector("use");
  label.textContent = "Copied";
  picture?.setAttribute("href", "#i-check");
  find("spoken").textContent = "Copied";
  setTimeout(() => { label.textContent = "Copy"; picture?.setAttribute("href", "#i-copy"); }, 1500);
}

find("posts").addEventListener("click", (event) => {
  const node = event.target.closest("button");
  if (!node) return;
  const post = node.closest("[data-id]")?.dataset.id ?? "";
  if ("copy" in node.dataset) copy(node, node.closest("figure").querySelector("code").textContent);
  else if ("copyPost" in node.dataset) copy(node, thread.views.get(post).post.text);
  else if ("edit" in node.dataset) edit(thread.views.get(post), (text) => submit(text, post));
  else if (node.dataset.action) {
    if (node.classList.contains("vote")) for (const other of node.parentElement.querySelectorAll(".vote")) other.setAttribute("aria-pressed", String(other === node));
    press({action: node.dataset.action, value: node.dataset.value, message: post});
  }
});

find("posts").addEventListener("submit", async (event) => {
  const node = event.target, send = node.querySelector("[type=submit]");
  if (!node.dataset.form) return; // a question that is asked in other words
  event.preventDefault();
  send.disabled = true;
  try {
    const body = {id: fresh(), form: node.dataset.form, values: values(node), message: node.closest("[data-id]").dataset.id};
    const {faults} = await call("POST", `/${current}/forms`, body);
    blame(node, faults ?? {});
    if (!faults) return;
  } catch (error) {
    failed(error);
  }
  send.disabled = false;
});

document.addEventListener("keydown", (event) => {
  const chord = mac ? event.metaKey : event.ctrlKey;
  const typing = event.target.matches?.("input, textarea, select");
  const act = (doing) => { event.preventDefault(); doing(); };
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (document.body.classList.contains("drawer")) act(() => { drawer(false); find("menu").focus(); });
    else if (thread.running) act(() => stop());
    else find("write").focus();
  } else if (chord && !event.shiftKey && event.key.toLowerCase() === "k") act(() => picker.toggle());
  else if (chord && event.shiftKey && event.key.toLowerCase() === "o") act(() => open());
  else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const next = chats.neighbour(event.key === "ArrowDown" ? 1 : -1);
    act(() => next && open(next));
  } else if (!typing && event.key === "?") act(() => find("shortcuts").showModal());
  else if (!typing && event.key === "/" && !chord) act(() => find("write").focus());
});

find("stop").addEventListener("click", () => stop());
find("new").addEventListener("click", () => open());
find("keys").addEventListener("click", () => find("shortcuts").showModal());
find("menu").addEventListener("click", () => drawer(true));
find("veil").addEventListener("click", () => drawer(false));
addEventListener("hashchange", () => { const id = location.hash.slice(1); if (ID.test(id) && id !== current) open(id); });
addEventListener("resize", narrow);
for (const node of document.querySelectorAll("[data-keys]")) {
  const keys = {new: mac ? "⇧ ⌘ O" : "Ctrl Shift O", model: mac ? "⌘ K" : "Ctrl K"};
  node.textContent = keys[node.dataset.keys];
}
narrow();
