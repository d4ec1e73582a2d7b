// The shelves as cards: cover, icon, name, count and how sure the model is. The chosen one is pressed.

const drawn = new WeakMap();

const element = (tag, name, text) => {
  const node = document.createElement(tag);
  node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};

const card = (shelf, choose) => {
  const button = element("button", "shelf");
  button.type = "button";
  button.style.setProperty("--class", shelf.fill);
  button.disabled = shelf.count === 0 && !shelf.chosen;
  button.setAttribute("aria-pressed", shelf.chosen);
  button.title = shelf.tooltip;
  button.onclick = () => choose(shelf.name);
  const cover = element("span", "cover");
  if (shelf.cover) {
    const image = element("img", "");
    image.src = shelf.cover;
    image.alt = "";
    image.decoding = "async";
    cover.append(image);
  }
  const icon = element("span", "icon", shelf.icon);
  icon.setAttribute("aria-hidden", "true");
  cover.append(icon);
  const words = element("span", "about");
  words.append(element("span", "name", shelf.title), element("span", "count", shelf.count.toLocaleString("en")));
  if (shelf.sure) words.append(element("span", "sure", shelf.sure));
  button.append(cover, words);
  return button;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const before = drawn.get(parentElement);
  const now = JSON.stringify(data);
  if (before?.text === now) { before.choose = setTriggerValue; return; }
  const state = before || { choose: setTriggerValue, node: element("nav", "strip") };
  state.choose = setTriggerValue;
  state.text = now;
  if (!before) {
    state.node.setAttribute("aria-label", "Shelves");
    parentElement.appendChild(state.node);
    drawn.set(parentElement, state);
  }
  const focused = parentElement.activeElement?.dataset?.name;
  const cards = data.shelves.map((shelf) => {
    const button = card(shelf, (name) => {
      for (const other of state.node.children) other.setAttribute("aria-pressed", other === button);
      state.choose("shelf", name);
    });
    button.dataset.name = shelf.name;
    return button;
  });
  state.node.replaceChildren(...cards);
  if (focused) cards.find((button) => button.dataset.name === focused)?.focus();
}
