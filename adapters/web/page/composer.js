// The message field: grows with its text, keeps a draft per conversation, offers commands after a slash.

import {make} from "./make.js";
import {plain} from "./picker.js";

export class Composer {
  constructor({form, field, send, menu, submit}) {
    Object.assign(this, {form, field, send, menu, submit});
    this.commands = [];
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
    field.addEventListener("input", () => this.#changed());
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => setTimeout(() => this.#hide(), 150));
  }

  open(chat) {
    this.chat = chat;
    this.set(recall(chat));
  }

  set(text) {
    this.field.value = text;
    this.#changed();
  }

  #send() {
    const text = this.field.value.trim();
    if (!text) return;
    this.set("");
    this.submit(text);
  }

  #changed() {
    this.send.disabled = !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
    keep(this.chat, this.field.value);
    this.#offer();
  }

  #key(event) {
    if (event.isComposing) return;
    if (!this.menu.hidden && this.#choose(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send();
    }
  }

  #offer() {
    const typed = this.field.value;
    const found = /^\/\w*$/.test(typed) ? this.commands.filter(({value}) => value.startsWith(typed) && value !== typed) : [];
    this.menu.replaceChildren(...found.map(({value, hint}, place) => {
      const node = make("div", "", make("b", "", value), make("span", "", plain(hint)));
      node.id = `command-${place}`;
      node.setAttribute("role", "option");
      node.dataset.value = value;
      node.addEventListener("pointerdown", (event) => { event.preventDefault(); this.#complete(value); });
      return node;
    }));
    this.menu.hidden = !found.length;
    if (found.length) this.#select(0);
    else this.field.removeAttribute("aria-activedescendant");
  }

  #select(place) {
    this.place = place;
    [...this.menu.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === place)));
    this.field.setAttribute("aria-activedescendant", `command-${place}`);
    this.menu.children[place].scrollIntoView({block: "nearest"});
  }

  #choose(event) {
    if (event.key === "Enter" && this.#whole()) return false;
    const count = this.menu.childElementCount;
    const steps = {ArrowDown: 1, ArrowUp: -1};
    if (event.key in steps) this.#select((this.place + steps[event.key] + count) % count);
    else if (event.key === "Tab" || event.key === "Enter") this.#complete(this.menu.children[this.place].dataset.value);
    else if (event.key === "Escape") this.#hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #whole() {
    return this.commands.some(({value}) => value.split(" ")[0] === this.field.value);
  }

  #complete(value) {
    const [word, ...rest] = value.split(" ");
    this.set(rest.length ? `${word} ` : word);
    this.field.focus();
  }

  #hide() {
    this.menu.hidden = true;
  }
}

function keep(chat, text) {
  try {
    if (text) sessionStorage.setItem(`draft ${chat}`, text);
    else sessionStorage.removeItem(`draft ${chat}`);
  } catch { /* storage is off: no drafts */ }
}

function recall(chat) {
  try { return sessionStorage.getItem(`draft ${chat}`) ?? ""; } catch { return ""; }
}
