// Shares as bars, with the range in which they may lie: an SVG made by hand, so that no name in it can become markup. Its
// colours are the page's, light and dark; its words are told by its title and description, and stand in the table below.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 680, NAMES = 170, FIGURES = 130, BAR = 12, LANE = 20, GAP = 12, TOP = 30, FOOT = 24;
const PLOT = WIDTH - NAMES - FIGURES;
const LONGEST = 24; // characters of a name that fit
let count = 0;

export function chart({title, categories, series}) {
  const height = TOP + categories.length * (series.length * LANE + GAP) + FOOT;
  const id = `chart-${++count}`;
  const picture = shape("svg", {viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-labelledby": `${id}-t ${id}-d`, class: "chart"});
  picture.append(worded("title", title, {id: `${id}-t`}), worded("desc", told(categories, series), {id: `${id}-d`}));
  picture.append(...legend(series), ...axis(height));
  categories.forEach((name, place) => picture.append(...category(name, place, series)));
  return picture;
}

function category(name, place, series) {
  const top = TOP + place * (series.length * LANE + GAP) + GAP / 2;
  const label = worded("text", name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name, {
    x: NAMES - 10, y: top + series.length * LANE / 2, class: "name"});
  label.append(worded("title", name));
  return [label, ...series.flatMap(({values}, number) => bar(values[place], number, top + number * LANE))];
}

function bar(share, number, top) {
  const middle = top + LANE / 2;
  if (!share) return [worded("text", "too few", {x: WIDTH - FIGURES + 10, y: middle, class: "figure"})];
  const [value, low, high] = [share.value ?? 0, share.low ?? 0, share.high ?? 0];
  return [
    shape("rect", {x: NAMES, y: middle - BAR / 2, width: value * PLOT, height: BAR, rx: 2, class: `bar of-${number}`}),
    shape("path", {d: `M${at(low)} ${middle}H${at(high)}M${at(low)} ${middle - 4}v8M${at(high)} ${middle - 4}v8`, class: "range"}),
    worded("text", `${percent(value)} (${percent(low, "")} to ${percent(high)})`, {x: WIDTH - FIGURES + 10, y: middle, class: "figure"}),
  ];
}

function legend(series) {
  return series.flatMap(({name}, number) => [
    shape("rect", {x: NAMES + number * 110, y: 6, width: BAR, height: BAR, rx: 2, class: `bar of-${number}`}),
    worded("text", name, {x: NAMES + number * 110 + BAR + 6, y: 12, class: "figure"}),
  ]);
}

function axis(height) {
  return [0, .25, .5, .75, 1].flatMap((share) => [
    shape("path", {d: `M${at(share)} ${TOP}V${height - FOOT}`, class: share === .5 ? "half" : "line"}),
    worded("text", percent(share), {x: at(share), y: height - FOOT / 2, class: "tick"}),
  ]);
}

function told(categories, series) {
  return series.map(({name, values}) => `${name}: ${categories.flatMap((one, place) => values[place]
    ? [`${one} ${percent(values[place].value ?? 0)} (${percent(values[place].low ?? 0)} to ${percent(values[place].high ?? 0)})`] : []).join(", ")}.`).join(" ");
}

const at = (share) => (NAMES + share * PLOT).toFixed(1);
const percent = (share, sign = "%") => `${Math.round(100 * share)}${sign}`;

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function worded(name, text, attributes = {}) {
  const node = shape(name, attributes);
  node.textContent = text;
  return node;
}
