// @ts-check
// A path box that completes sub-folders while one types: arrows choose, Tab or a click goes in, Enter opens.
// What is typed outlives a box that is drawn anew, a reload and a restart of the server.

const ICONS = { home: "home", pictures: "photo_library", disk: "hard_drive", recent: "history" };

const photosInWords = ([count, whole]) =>
  count ? `${whole ? "" : "over "}${count.toLocaleString("en")} photo${count === 1 && whole ? "" : "s"}` : whole ? "no photos" : "";

class FolderBox {
  constructor(parent) {
    this.input = make("input", {
      type: "text", id: "path", spellcheck: false, autocomplete: "off", autocapitalize: "off", role: "combobox",
      "aria-expanded": "true", "aria-controls": "list", "aria-autocomplete": "list",
      oninput: () => this.ask(), onkeydown: (event) => this.pressed(event) });
    this.root = parent.appendChild(make("div", { class: "folder-box" }));
    this.found = { names: [] }; // what the server says of the path
    this.marked = -1;
    this.places = [];
    this.counts = {}; // of a path: its photos, and whether these are all
  }

  take({ data, setStateValue }) {
    this.data = data;
    this.kept = `gallery folder ${data.key}`;
    this.choose = (path) => {
      sessionStorage.removeItem(this.kept);
      setStateValue("open", { path, at: Date.now() });
    };
    this.draw();
    if (this.begun) return;
    this.begun = true;
    this.input.value = sessionStorage.getItem(this.kept) ?? data.start;
    this.fetchNames();
    this.fetchPlaces();
    setTimeout(() => this.input.focus(), 80);
  }

  async fetchPlaces() {
    this.places = await this.get("/places") ?? [];
    this.draw();
    this.count(this.places);
  }

  // The counts come when they are there; nothing waits for them.
  async count(entries) {
    const paths = entries.slice(0, 40).map(({ path }) => path);
    const counts = paths.length ? await this.get("/counts", paths) : null;
    counts?.forEach((one, at) => { this.counts[paths[at]] = photosInWords(one); });
    this.draw();
  }

  get(route, paths = []) {
    const query = new URLSearchParams(paths.map((path) => ["path", path]));
    return ask(`${this.data.base}/folders${route}?${query}`).catch(() => null);
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
    this.found = found ?? { ...this.found, problem: "The server does not answer. Is it still running?" };
    if (found) {
      this.input.value ||= found.folder;
      this.marked = -1;
      clearTimeout(this.counting);
      this.counting = setTimeout(() => this.count(found.names), 400);
    }
    this.draw();
  }

  draw() {
    const { found, marked, counts } = this;
    const name = (text) => el("span", { class: "name", text });
    const place = (kind, one, count, go) => el("button", {
      key: kind + one.path, type: "button", title: one.path, onclick: () => go(one.path) },
      el("span", { class: "icon", "aria-hidden": "true", text: ICONS[kind] }), name(one.name), el("small", { text: count }));
    const section = (title, buttons) => (buttons.length ? [el("h4", { key: title, text: title }), ...buttons] : []);
    put(this.root, {},
      el("label", { htmlFor: "path", text: "Folder" }),
      el("div", { class: "row" },
        el("button", { type: "button", class: "up", title: "The folder above", text: "↑ Up",
          onclick: () => this.goInto(found.above || this.input.value) }),
        this.input,
        el("button", { type: "button", class: "open", text: "Open", disabled: found.opens === false,
          onclick: () => this.choose(this.input.value) })),
      el("p", { class: "words", role: "status", text: this.words() }),
      el("div", { class: "columns" },
        el("nav", { class: "places", "aria-label": "Places" },
          section("Places", this.places.map((one) => place(one.kind, one, counts[one.path], (path) => this.goInto(path)))),
          section("Opened before", this.data.recent.map((one) => place("recent", one, photosInWords([one.count, true]), this.choose)))),
        el("ul", { id: "list", role: "listbox", "aria-label": "Sub-folders" }, found.names.map((one, at) => el("li", {
          key: one.path, id: `name-${at}`, role: "option", "aria-label": one.name, "aria-selected": at === marked,
          onmousedown: (event) => { event.preventDefault(); this.goInto(one.path); } },
          name(one.name), el("small", { text: counts[one.path] }))))));
    put(this.input, { "aria-activedescendant": marked < 0 ? null : `name-${marked}` });
  }

  words() {
    const { photos, problem, opens, names } = this.found;
    if (problem || opens === undefined) return problem;
    const direct = photos ? `${photos.toLocaleString("en")} ${photos === 1 ? "photo lies" : "photos lie"} right in this folder. ` : "";
    return opens ? `${direct}Sub-folders are included.` : names.length ? "Choose a sub-folder." : "There is no such folder.";
  }

  goInto(path) {
    this.input.value = path;
    this.input.focus();
    this.fetchNames();
  }

  mark(by) {
    const count = this.found.names.length;
    if (!count) return;
    this.marked = (this.marked + by + count + (this.marked < 0 && by < 0 ? 1 : 0)) % count;
    this.draw();
    this.root.querySelector("[aria-selected=true]").scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    const { key } = event;
    const { names } = this.found;
    if (key === "ArrowDown" || key === "ArrowUp") this.mark(key === "ArrowDown" ? 1 : -1);
    else if (key === "Enter") (this.marked >= 0 ? this.goInto(names[this.marked].path) : this.choose(this.input.value));
    else if (key === "Tab" && !event.shiftKey && (this.marked >= 0 || names.length === 1))
      this.goInto(names[Math.max(this.marked, 0)].path);
    else return;
    event.preventDefault();
  }
}

export default mounted(FolderBox);
