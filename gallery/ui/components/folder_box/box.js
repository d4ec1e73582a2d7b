// @ts-check
// A path box that completes sub-folders while one types: arrows choose, Tab or a click goes in, Enter opens.
// What is typed outlives a box that is drawn anew, a reload and a restart of the server.

const boxes = new WeakMap();
const ICONS = { home: "home", pictures: "photo_library", disk: "hard_drive", recent: "history" };

const made = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const photos = ([count, whole]) =>
  count ? `${whole ? "" : "over "}${count.toLocaleString("en")} photo${count === 1 && whole ? "" : "s"}` : whole ? "no photos" : "";

class FolderBox {
  constructor(parent) {
    this.marked = -1;
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "text", spellcheck: false, autocomplete: "off", id: "path" });
    this.input.setAttribute("autocapitalize", "off");
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-expanded": "true", "aria-controls": "list", "aria-autocomplete": "list" }))
      this.input.setAttribute(name, value);
    this.label = Object.assign(document.createElement("label"), { htmlFor: "path", textContent: "Folder" });
    this.open = Object.assign(document.createElement("button"), { type: "button", className: "open", textContent: "Open" });
    this.up = Object.assign(document.createElement("button"), { type: "button", className: "up", textContent: "↑ Up" });
    this.up.title = "The folder above";
    this.words = Object.assign(document.createElement("p"), { className: "words" });
    this.words.setAttribute("role", "status");
    this.list = Object.assign(document.createElement("ul"), { id: "list" });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Sub-folders");
    this.places = made("nav", { className: "places", ariaLabel: "Places" });
    this.root = made("div", { className: "folder-box" }, this.label, made("div", { className: "row" }, this.up, this.input, this.open),
      this.words, made("div", { className: "columns" }, this.places, this.list));
    parent.appendChild(this.root);
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.open.addEventListener("click", () => this.choose(this.input.value));
    this.up.addEventListener("click", () => this.goInto(this.above || this.input.value));
  }

  take({ data, setStateValue }) {
    this.data = data;
    this.kept = `gallery folder ${data.key}`;
    this.choose = (path) => {
      sessionStorage.removeItem(this.kept);
      setStateValue("open", { path, at: Date.now() });
    };
    if (this.begun) return;
    this.begun = true;
    this.input.value = sessionStorage.getItem(this.kept) ?? data.start;
    this.fetchNames();
    this.fetchPlaces();
    setTimeout(() => this.input.focus(), 80);
  }

  async fetchPlaces() {
    const recent = this.data.recent.map(({ path, name, count }) => {
      const button = this.placeButton("recent", name, path, () => this.choose(path));
      button.querySelector("small").textContent = photos([count, true]);
      return button;
    });
    if (recent.length) this.places.append(made("h4", { textContent: "Opened before" }), ...recent);
    const found = await this.get("places");
    if (!found?.length) return;
    const buttons = found.map(({ kind, name, path }) => this.placeButton(kind, name, path, () => this.goInto(path)));
    this.places.prepend(made("h4", { textContent: "Places" }), ...buttons);
    this.count(found.map(({ path }) => path), buttons);
  }

  placeButton(kind, name, path, onclick) {
    const icon = made("span", { className: "icon", textContent: ICONS[kind] });
    icon.setAttribute("aria-hidden", "true");
    return made("button", { type: "button", title: path, onclick }, icon, made("span", { className: "name", textContent: name }), made("small", {}));
  }

  // The counts come when they are there; nothing waits for them.
  async count(paths, elements) {
    const asked = paths.slice(0, 40);
    const counts = asked.length ? await this.get("counts", asked) : null;
    counts?.forEach((one, at) => { elements[at].querySelector("small").textContent = photos(one); });
  }

  async get(route, paths = []) {
    const query = paths.map((path) => `path=${encodeURIComponent(path)}`).join("&");
    try {
      const answer = await fetch(`${this.data.base}/folders${route && `/${route}`}?${query}`);
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  // At once: the box may be drawn anew before its names are asked for.
  keep() {
    if (this.input.value !== this.data.start) sessionStorage.setItem(this.kept, this.input.value);
  }

  ask() {
    this.keep();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetchNames(), 70);
  }

  async fetchNames() {
    const asked = this.input.value;
    this.keep();
    const found = await this.get("", [asked]);
    if (this.input.value !== asked) return;
    if (found) this.show(found);
    else this.words.textContent = "The server does not answer. Is it still running?";
  }

  show(found) {
    if (!this.input.value) this.input.value = found.folder;
    this.above = found.above;
    this.names = found.names;
    this.marked = -1;
    this.open.disabled = !found.opens;
    const lie = found.photos === 1 ? "photo lies" : "photos lie";
    const direct = found.photos ? `${found.photos.toLocaleString("en")} ${lie} right in this folder. ` : "";
    this.words.textContent = found.problem ||
      (found.opens ? direct + "Sub-folders are included." : found.names.length ? "Choose a sub-folder." : "There is no such folder.");
    const items = found.names.map(({ name, path }, at) => {
      const item = made("li", { id: `name-${at}`, ariaSelected: "false" }, made("span", { className: "name", textContent: name }), made("small", {}));
      item.setAttribute("role", "option");
      item.setAttribute("aria-label", name);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); this.goInto(path); });
      return item;
    });
    this.list.replaceChildren(...items);
    clearTimeout(this.counting);
    this.counting = setTimeout(() => this.count(found.names.map(({ path }) => path), items), 400);
  }

  goInto(path) {
    this.input.value = path;
    this.input.focus();
    this.fetchNames();
  }

  mark(by) {
    if (!this.names?.length) return;
    this.list.children[this.marked]?.setAttribute("aria-selected", "false");
    this.marked = (this.marked + by + this.names.length + (this.marked < 0 && by < 0 ? 1 : 0)) % this.names.length;
    const item = this.list.children[this.marked];
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item.id);
  }

  pressed(event) {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") this.mark(key === "ArrowDown" ? 1 : -1);
    else if (key === "Enter" && this.marked >= 0) this.goInto(this.names[this.marked].path);
    else if (key === "Enter") this.choose(this.input.value);
    else if (key === "Tab" && !event.shiftKey && this.names?.length && (this.marked >= 0 || this.names.length === 1))
      this.goInto(this.names[Math.max(this.marked, 0)].path);
    else return;
    event.preventDefault();
  }
}

export default function (component) {
  let box = boxes.get(component.parentElement);
  if (!box) {
    box = new FolderBox(component.parentElement);
    boxes.set(component.parentElement, box);
  }
  box.take(component);
}
