// @ts-check
// What every component is made of: elements that are changed in place, and what the server answers.
// File names are other people's text: they enter the page through text and attributes only, never as markup.

/**
 * Describe an element. Properties are those of the element or its attributes; beside them `class`, `text`, `--name`
 * for a variable of its style, `onclick` and the like, and `key`: which one it is among its neighbours.
 * @returns {any}
 */
const el = (tag, properties = {}, ...children) => ({ tag, properties, children });

/**
 * Set what is said of an element, where it was not said before; with children or a text, these are all that is in it.
 * @param {Record<string, any>} said
 * @returns {any}
 */
const put = (node, said, ...children) => {
  const { text, key, ...properties } = said;
  node.said ??= {};
  for (const [name, value = null] of Object.entries(properties)) {
    if ((node.said[name] ?? null) === value) continue;
    node.said[name] = value;
    if (name.startsWith("on")) node[name] = value;
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else if (value === null) node.removeAttribute(name);
    else if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  if (text !== undefined || children.length) fill(node, [text, ...children].flat(Infinity));
  return node;
};

// Elements of the same key, or else place, stay the same: one that is replaced between press and release would lose
// its click, and its focus.
const fill = (node, children) => {
  const before = [...node.childNodes];
  const wanted = children.filter((one) => one || one === 0).map((one, at) => {
    if (one instanceof Node) return one;
    const isSaid = before[at]?.nodeType === Node.TEXT_NODE && before[at].data === String(one);
    if (!one.tag) return isSaid ? before[at] : document.createTextNode(one);
    const { key } = one.properties;
    const old = key === undefined ? before[at] : before.find((other) => other.key === key);
    const same = old?.described === one.tag && old.key === key;
    const unsaid = same ? Object.fromEntries(Object.keys(old.said).map((name) => [name, null])) : {};
    return put(same ? old : Object.assign(document.createElement(one.tag), { key, described: one.tag }),
      { ...unsaid, ...one.properties }, one.children);
  });
  for (const old of before) if (!wanted.includes(old)) old.remove();
  wanted.forEach((one, at) => { if (node.childNodes[at] !== one) node.insertBefore(one, node.childNodes[at] ?? null); });
};

const make = (tag, properties = {}, ...children) => put(document.createElement(tag), properties, ...children);

// "1,041 photos"
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/**
 * What Streamlit calls whenever Python sends something: what stands in a place stays as long as the place does.
 * @param {any} Component has `root`, take(component) and, where something goes on without it, dispose()
 */
const mounted = (Component) => {
  const there = new WeakMap();
  return (component) => {
    const place = component.parentElement;
    if (!there.has(place)) there.set(place, new Component(place, component));
    const one = there.get(place);
    one.take(component);
    // Streamlit also calls this for a call that a newer one has overtaken; it goes only with its element.
    return one.dispose && (() => setTimeout(() => {
      if (one.root.isConnected) return;
      one.dispose();
      there.delete(place);
    }, 50));
  };
};

// The same for a component that keeps nothing: `described` says what stands in its place.
const drawn = (described) => mounted(class {
  constructor(parent) { this.root = parent.appendChild(make("div")); }

  take(component) { put(this.root, {}, described(component)); }
});

// What the server answers; an Error with its own sentence where it refuses.
const ask = async (url, options = {}, read = (answer) => answer.json()) => {
  const answer = await fetch(url, options);
  if (answer.ok) return read(answer);
  const { error } = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(error ?? `The server answered ${answer.status}.`), { status: answer.status });
};

const posting = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// The browser's own store; one that keeps nothing, or is full, is as good as empty.
const stored = (act) => {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
};
