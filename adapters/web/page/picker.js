// The model picker: the button in the header, which always shows the active model, and the list it opens.

import {grouped, hideEmpty, row} from "./groups.js";
import {icon, make} from "./make.js";
import {call} from "./server.js";

const FEW = 8; // a longer list gets a filter
const PAUSE = 150; // milliseconds after the last letter until the server is asked for more
const WHERE = [["thread", "This conversation"], ["me", "All conversations"]];

export class Picker {
  constructor({button, name, root, press, changed}) {
    Object.assign(this, {button, name, root, press, changed});
    this.where = "thread";
    button.addEventListener("click", () => this.toggle());
    root.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", (event) => {
      if (!this.root.hidden && !root.contains(event.target) && !button.contains(event.target)) this.close();
    });
  }

  async load(chat) {
    this.chat = chat;
    const asked = this.asked = {};
    const standing = await call("GET", `/${chat}/standing`);
    if (this.asked !== asked) return; // a later look knows better
    this.standing = standing;
    const name = bare(standing.selected);
    this.name.textContent = name || "none";
    this.sentence = name ? `${name} answers here: ${plain(standing.why)}.` : plain(standing.why);
    this.button.title = this.sentence;
    this.changed(standing, this.sentence);
    if (!this.root.hidden) this.#mark();
  }

  toggle() {
    if (this.root.hidden) this.open();
    else this.close();
  }

  open() {
    if (!this.standing) return;
    this.#draw();
    this.root.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    (this.root.querySelector("[type=search]") ?? this.root.querySelector("[aria-pressed=true]") ?? this.root.querySelector(".option"))?.focus();
    this.root.querySelector("[aria-pressed=true].option")?.scrollIntoView({block: "nearest"});
  }

  close() {
    if (this.root.hidden) return;
    const inside = this.root.contains(document.activeElement);
    this.root.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (inside) this.button.focus();
  }

  #draw() {
    const {options} = this.standing;
    const list = make("div", "options");
    list.append(...grouped(options, (option) => this.#option(option)));
    const scope = make("div", "scope", ...WHERE.map(([value, label]) => this.#scope(value, label)));
    scope.setAttribute("role", "group");
    scope.setAttribute("aria-label", "Where the choice holds");
    const further = (this.standing.choices ?? []).map((choice) => row(choice, (value) => {
      this.close();
      this.press({action: choice.action, value});
    }));
    const parts = [make("p", "why", this.sentence), list, scope, ...further];
    if (options.length > FEW || this.standing.more) parts.splice(1, 0, this.#filter(list), this.none = make("p", "none", "No model matches."));
    if (this.none) this.none.hidden = true;
    this.root.replaceChildren(...parts);
    this.#mark();
  }

  #option({value, label, hint}) {
    const node = make("button", "option", make("b", "", label));
    node.type = "button";
    if (hint) node.append(make("span", "", hint));
    node.append(icon("i-check"));
    node.dataset.model = value;
    node.addEventListener("click", () => this.#pick(value));
    return node;
  }

  #filter(list) {
    const field = make("input");
    field.type = "search";
    field.maxLength = 100;
    field.placeholder = this.standing.more ? `Find one of ${this.standing.options.length + this.standing.more} models` : "Find a model";
    field.setAttribute("aria-label", "Find a model");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const node of list.querySelectorAll(".group[data-more]")) node.remove();
      for (const node of list.querySelectorAll(".option")) {
        node.hidden = !`${node.parentElement.dataset.group} ${node.textContent}`.toLowerCase().includes(wanted);
      }
      hideEmpty(list);
      clearTimeout(this.asking);
      this.#nothing(list, !this.standing.more || !wanted);
      if (this.standing.more && wanted) this.asking = setTimeout(() => this.#find(list, field, wanted), PAUSE);
    });
    return field;
  }

  // What is known of all models, besides the few that are always shown.
  async #find(list, field, wanted) {
    const found = await call("GET", `/${this.chat}/models?words=${encodeURIComponent(wanted)}`).catch(() => []);
    if (field.value.trim().toLowerCase() !== wanted || !list.isConnected) return;
    const shown = new Map([...list.querySelectorAll(".option")].map((node) => [node.dataset.model, node]));
    for (const {value} of found) if (shown.has(value)) shown.get(value).hidden = false;
    const more = grouped(found.filter(({value}) => !shown.has(value)), (option) => this.#option(option));
    for (const group of more) group.dataset.more = "";
    list.append(...more);
    hideEmpty(list);
    this.#mark();
    this.#nothing(list, true);
  }

  #nothing(list, sure) {
    this.none.hidden = !sure || list.querySelector(".option:not([hidden])") !== null;
  }

  #scope(value, label) {
    const node = make("button", "", label);
    node.type = "button";
    node.setAttribute("aria-pressed", String(value === this.where));
    node.addEventListener("click", () => {
      this.where = value;
      for (const other of node.parentElement.children) other.setAttribute("aria-pressed", String(other === node));
    });
    return node;
  }

  #mark() {
    for (const node of this.root.querySelectorAll(".option")) {
      node.setAttribute("aria-pressed", String(node.dataset.model === this.standing.selected));
    }
  }

  async #pick(model) {
    this.close(); // the header names it once that is confirmed: it may be refused, or count elsewhere
    await this.press({action: "pick", value: `${this.where} ${bare(model)}`});
  }

  #key(event) {
    if (event.key === "Escape") { event.stopPropagation(); this.close(); return; }
    const seen = [...this.root.querySelectorAll(".option:not([hidden])")];
    const at = seen.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: seen.length - 1}[event.key];
    if (event.key === "Enter" && event.target.type === "search") seen[0]?.click();
    if (to === undefined || (event.target.type === "search" && (event.key === "Home" || event.key === "End"))) return;
    event.preventDefault();
    if (to < 0) this.root.querySelector("[type=search]")?.focus();
    else seen[to]?.focus();
  }
}

// An option's value is a scope and a name; only the name is needed here.
function bare(choice) {
  return choice.slice(choice.indexOf(" ") + 1);
}

// The sentence is Markdown; here it is shown without its marks.
export function plain(text) {
  return text.replace(/\*\*|`/g, "").replace(/\\([!-/:-@[-`{-~])/g, "$1");
}
