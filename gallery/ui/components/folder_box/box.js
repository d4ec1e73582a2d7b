// A path box that completes sub-folders while one types: arrows choose, Tab or a click goes in, Enter opens.

const boxes = new WeakMap();

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
    const row = Object.assign(document.createElement("div"), { className: "row" });
    row.append(this.up, this.input, this.open);
    this.root = Object.assign(document.createElement("div"), { className: "folder-box" });
    this.root.append(this.label, row, this.words, this.list);
    parent.appendChild(this.root);
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.open.addEventListener("click", () => this.choose());
    this.up.addEventListener("click", () => this.goUp());
  }

  take({ data, setStateValue }) {
    this.data = data;
    this.choose = () => setStateValue("open", { path: this.input.value, at: Date.now() });
    if (this.begun) return;
    this.begun = true;
    this.input.value = data.start;
    this.ask();
    setTimeout(() => this.input.focus(), 80);
  }

  ask() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetchNames(), 70);
  }

  async fetchNames() {
    const asked = this.input.value;
    try {
      const answer = await fetch(`${this.data.base}/folders?path=${encodeURIComponent(asked)}`);
      const found = await answer.json();
      if (this.input.value === asked) this.show(found);
    } catch {
      this.words.textContent = "The server does not answer. Is it still running?";
    }
  }

  show(found) {
    if (!this.input.value) this.input.value = found.folder;
    this.folder = found.folder;
    this.separator = found.folder.includes("\\") ? "\\" : "/";
    this.names = found.names;
    this.marked = -1;
    this.open.disabled = !found.opens;
    const photos = found.photos ? `${found.photos.toLocaleString("en")} photos lie right in this folder. ` : "";
    this.words.textContent = found.problem ||
      (found.opens ? photos + "Sub-folders are included." : found.names.length ? "Choose a sub-folder." : "There is no such folder.");
    this.list.replaceChildren(...found.names.map((name, at) => {
      const item = document.createElement("li");
      item.id = `name-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = name;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); this.goInto(name); });
      return item;
    }));
  }

  goInto(name) {
    this.input.value = `${this.folder}${name}${this.separator}`;
    this.input.focus();
    this.fetchNames();
  }

  goUp() {
    const parts = this.input.value.replace(/[/\\]+$/, "").split(/(?<=[/\\])/);
    if (parts.length > 1) parts.pop();
    this.input.value = parts.join("");
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
    else if (key === "Enter" && this.marked >= 0) this.goInto(this.names[this.marked]);
    else if (key === "Enter") this.choose();
    else if (key === "Tab" && !event.shiftKey && this.names?.length && (this.marked >= 0 || this.names.length === 1))
      this.goInto(this.names[Math.max(this.marked, 0)]);
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
