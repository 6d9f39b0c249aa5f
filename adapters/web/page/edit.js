// A person's own question, asked anew in other words: the old one stays with its answer.

import {icon, make} from "./make.js";

export function pencil() {
  const node = make("button", "tool pencil", icon("i-pen"));
  node.type = "button";
  node.dataset.edit = "";
  node.hidden = true;
  node.setAttribute("aria-label", "Change the question and ask again");
  node.title = "Change the question";
  return node;
}

// Takes the place of the message until it is saved or left. Enter saves, as it sends below.
export function edit(view, save) {
  if (view.node.querySelector(".edit")) return;
  const old = [...view.node.children];
  const field = make("textarea");
  field.value = view.post.text;
  field.rows = 1;
  field.setAttribute("aria-label", "Your question");
  const ask = make("button", "soft primary", "Save & ask");
  const leave = make("button", "soft", "Cancel");
  leave.type = "button";
  const form = make("form", "edit", field, make("div", "buttons", ask, leave));
  const fit = () => { field.style.height = "auto"; field.style.height = `${field.scrollHeight}px`; ask.disabled = !field.value.trim(); };
  const end = () => { view.node.replaceChildren(...old); view.node.querySelector("[data-edit]").focus(); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    end();
    save(text);
  });
  leave.addEventListener("click", end);
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); end(); }
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) { event.preventDefault(); form.requestSubmit(); }
  });
  view.node.replaceChildren(form);
  fit();
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}
