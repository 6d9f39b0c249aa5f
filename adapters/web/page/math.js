// A formula as MathML, from [name, attributes, ...elements or strings]. The server has judged all of it; elements and
// attributes outside of these lists are left out here as well.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set("mrow mi mo mn mtext mspace mstyle mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd mpadded mphantom menclose".split(" "));
const ATTRIBUTES = new Set("accent accentunder columnalign columnlines columnspan depth displaystyle fence form height largeop linethickness lspace mathvariant maxsize minsize movablelimits notation rowlines rowspan rspace scriptlevel separator stretchy symmetric voffset width".split(" "));

export function formula(source, display, elements) {
  const node = document.createElementNS(MATHML, "math");
  node.setAttribute("alttext", source);
  node.setAttribute("aria-label", source);
  if (display) node.setAttribute("display", "block");
  node.append(...elements.map(element));
  return node;
}

function element(data) {
  if (typeof data === "string") return data;
  const [name, attributes, ...inside] = data;
  const node = document.createElementNS(MATHML, ELEMENTS.has(name) ? name : "mrow");
  for (const [key, value] of Object.entries(attributes)) if (ATTRIBUTES.has(key)) node.setAttribute(key, value);
  for (const child of inside) node.append(element(child));
  return node;
}
