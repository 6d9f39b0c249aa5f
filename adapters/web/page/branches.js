// Which posts of a conversation are shown, and in which order: one way through its answers. The others stay, a press away.

import {make} from "./make.js";

const NONE = "-"; // what the first answers follow

// `posts` in the order in which they came; `chosen`: by answer, which of those that follow it is to be shown.
export function arranged(posts, chosen) {
  const answers = answersOf(posts);
  const following = new Map(); // by answer: those that follow it
  for (const one of answers.values()) following.set(one.parent, [...(following.get(one.parent) ?? []), one]);
  const head = way(answers, [...answers.values()].findLast(({current}) => current));
  const shown = [], seen = new Set();
  let after = head[0]?.parent ?? answers.values().next().value?.parent;
  for (let beside; (beside = following.get(after)) && !seen.has(after);) {
    seen.add(after);
    const one = beside.find(({name}) => name === chosen.get(after)) ?? beside.findLast(({current}) => current) ?? beside.at(-1);
    shown.push({...one, beside: beside.map(({name}) => name), goesOn: !head.length || head.some(({name}) => name === one.name)});
    after = one.name;
  }
  return {shown, order: ordered(posts, answers, shown), questions: new Set([...answers.values()].map(({question}) => question))};
}

function answersOf(posts) {
  const answers = new Map();
  let last = NONE; // for what tells no place, as it is older than places or no model's answer alone
  for (const {id, person, turn = "", after = "", reply, place} of posts) {
    const name = place?.turn ?? (person || (reply && !reply.generated) ? "" : turn);
    if (!name) continue;
    const one = answers.get(name) ?? {name, parent: last, question: after, current: true, posts: []};
    answers.set(name, one);
    if (place) Object.assign(one, {parent: place.parent, question: place.question || after, current: place.current ?? true}); // of several posts some tell it
    one.posts.push(id);
    if (one.current) last = name;
  }
  return answers;
}

function way(answers, one) {
  const found = [];
  for (; one && !found.includes(one); one = answers.get(one.parent)) found.unshift(one);
  return found;
}

// The ids of the shown posts. What belongs to no answer stands behind the one that came before it, or at the end.
function ordered(posts, answers, shown) {
  const known = new Set(posts.map(({id}) => id));
  const owner = new Map();
  for (const one of answers.values()) for (const id of [one.question, ...one.posts]) owner.set(id, one.name);
  const beside = new Map();
  let before = "", newest = [...answers.keys()].at(-1) ?? "";
  for (const {id} of posts) {
    if (owner.has(id)) before = answers.get(owner.get(id)).posts.includes(id) ? owner.get(id) : before;
    else beside.set(before, [...(beside.get(before) ?? []), id]);
  }
  const names = shown.map(({name}) => name);
  const order = [...(beside.get("") ?? [])];
  for (const {name, question, posts: own} of shown) order.push(...(known.has(question) ? [question] : []), ...own, ...(beside.get(name) ?? []));
  if (newest && !names.includes(newest)) order.push(...(beside.get(newest) ?? []));
  return order;
}

// Under an answer that is one of several: which, the way to the others, and to go on from here.
export function pager({name, parent, beside, goesOn}, choose) {
  const at = beside.indexOf(name);
  const step = (to, sign, label) => {
    const node = make("button", "tool step", sign);
    node.type = "button";
    node.setAttribute("aria-label", label);
    node.disabled = !beside[to];
    node.addEventListener("click", () => choose(beside[to], label));
    return node;
  };
  const node = make("div", "pager");
  node.dataset.after = parent;
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", `Answer ${at + 1} of ${beside.length}`);
  if (beside.length > 1) node.append(step(at - 1, "‹", "Previous answer"), make("span", "", `${at + 1}/${beside.length}`), step(at + 1, "›", "Next answer"));
  if (!goesOn) {
    const go = make("button", "soft", "Go on from this one");
    go.type = "button";
    go.dataset.action = "go_on";
    go.dataset.value = name;
    node.append(make("span", "elsewhere", "The conversation goes on from another answer."), go);
  }
  return node;
}
