// Elements, made by hand: text becomes text nodes, so nothing that anybody writes can become HTML.

// Children are nodes, strings and arrays of them; an array may be longer than a call takes arguments.
export function make(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  for (const child of children) {
    if (Array.isArray(child)) for (const each of child) node.append(each);
    else node.append(child);
  }
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const node = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  node.setAttribute("aria-hidden", "true");
  node.append(use);
  return node;
}
