// @ts-check
// The shelves as cards: cover, icon, name, count and mean confidence. The chosen one is pressed.
// Cards are changed in place: one that is replaced between press and release would lose its click.

const strips = new WeakMap();

const element = (tag, name) => {
  const node = document.createElement(tag);
  node.className = name;
  return node;
};

const put = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

class Card {
  constructor(name, choose) {
    this.image = element("img", "photo");
    this.image.alt = "";
    this.image.decoding = "async";
    this.image.hidden = true;
    this.image.onerror = () => { this.image.hidden = true; }; // the icon stands alone then
    this.icon = element("img", "icon");
    this.icon.alt = "";
    this.cover = element("span", "cover");
    this.cover.append(this.image, this.icon);
    this.title = element("span", "name");
    this.count = element("span", "count");
    this.sure = element("span", "sure");
    const about = element("span", "about");
    about.append(this.title, this.count, this.sure);
    this.button = element("button", "shelf");
    this.button.type = "button";
    this.button.dataset.name = name;
    this.button.append(this.cover, about);
    this.button.onclick = () => choose(name);
  }

  show(shelf) {
    this.button.style.setProperty("--class", shelf.fill);
    this.button.disabled = shelf.count === 0 && !shelf.chosen;
    this.button.setAttribute("aria-pressed", shelf.chosen);
    this.button.title = shelf.tooltip;
    const cover = shelf.cover || "";
    if ((this.image.getAttribute("src") || "") !== cover) {
      this.image.hidden = !cover;
      this.image.src = cover;
    }
    if (this.icon.getAttribute("src") !== shelf.icon) this.icon.src = shelf.icon;
    put(this.title, shelf.title);
    put(this.count, shelf.count.toLocaleString("en"));
    put(this.sure, shelf.sure || "");
  }
}

class Strip {
  constructor(parent) {
    this.cards = new Map();
    this.node = element("nav", "strip");
    this.node.setAttribute("aria-label", "Shelves");
    parent.appendChild(this.node);
  }

  choose(name) {
    for (const [other, card] of this.cards) card.button.setAttribute("aria-pressed", other === name);
    // a state, not a trigger: a trigger is lost when the page refreshes itself at the same moment
    this.send("shelf", { name, at: Date.now() });
  }

  take({ data, setStateValue }) {
    this.send = setStateValue;
    const names = data.shelves.map((shelf) => shelf.name);
    for (const [name, card] of this.cards) {
      if (names.includes(name)) continue;
      card.button.remove();
      this.cards.delete(name);
    }
    data.shelves.forEach((shelf, at) => {
      if (!this.cards.has(shelf.name)) this.cards.set(shelf.name, new Card(shelf.name, (name) => this.choose(name)));
      const card = this.cards.get(shelf.name);
      card.show(shelf);
      if (this.node.children[at] !== card.button) this.node.insertBefore(card.button, this.node.children[at] || null);
    });
  }
}

export default function (component) {
  let strip = strips.get(component.parentElement);
  if (!strip) {
    strip = new Strip(component.parentElement);
    strips.set(component.parentElement, strip);
  }
  strip.take(component);
}
