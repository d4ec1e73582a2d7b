// @ts-check
// The grid: as many cells as fit the window and one row more on each side, however long the list is.

const GAP = 6;
const OVERSCAN_ROWS = 1;
const REDRAWN_MS = 2000; // a grid that comes so soon after another one of the same view is that one, drawn anew
const ANSWER_MS = 15000; // a page that is asked again before it has answered would never answer

class Grid {
  static latest = null; // the one that the page's keys are for

  constructor(parent, component) {
    this.component = component;
    this.labels = new LabelQueue(() => this.changed(), (...kept) => this.kept(...kept));
    this.newest = 0; // revision of the catalog that is known of
    this.asked = { revision: 0, at: 0 };
    this.selection = new PhotoSelection(() => this.selected());
    this.active = 0;
    this.cells = [];
    this.heatOn = false;
    this.side = Number(remembered("cell", 180));
    this.isWhole = remembered("fit", "fill") === "whole";
    this.isNamed = remembered("names", "no") === "yes";
    this.build(parent);
    this.large = new Large(this);
    this.end = new AbortController();
    const { signal } = this.end;
    watch(this, signal);
    document.addEventListener("keydown", (event) => this.pressedAnywhere(event), { signal });
    window.addEventListener("resize", () => this.measure(), { signal });
    this.resize = new ResizeObserver(() => { this.measure(); this.draw(); });
    this.resize.observe(this.scroller);
  }

  build(parent) {
    this.exporter = formatMenu(this, "Export…", "Export all photos of this view", () => [[0, this.items.count - 1]], allFormats);
    this.bar = make("div", { class: "bar", role: "toolbar", "aria-label": "Grid" });
    this.space = make("div", { class: "all", role: "presentation" });
    this.scroller = make("div", {
      class: "scroller", role: "listbox", tabIndex: 0, "aria-multiselectable": "true", "aria-label": "Photos",
      onscroll: () => this.draw(), onclick: (event) => this.clicked(event) }, this.space);
    this.chosenBar = new SelectionBar(this);
    this.notice = new Notice();
    this.root = make("div", { onkeydown: (event) => this.pressed(event) }, this.bar, this.scroller, this.chosenBar.node, this.notice.node);
    parent.appendChild(this.root);
  }

  focus() { this.scroller.focus({ preventScroll: true }); }

  // What stands around the photos, as it is now.
  drawBar() {
    const { data, items, earlier, waitingList, isNamed, heatOn, isWhole } = this;
    const more = waitingList ? waitingList.count - items.count : 0;
    const all = data.stacked ? `${plural(data.stacked.photos, "photo")} in ${plural(items.count, "stack")}` : plural(items.count, "photo");
    const is = { keyed: this.isKeyed, named: isNamed, whole: isWhole, selecting: this.selection.size > 0, none: items.count === 0 };
    put(this.root, { class: ["photo-grid", ...Object.keys(is).filter((one) => is[one])].join(" ") });
    put(this.bar, {},
      plain("← Back", () => this.goBack(), { class: "news", hidden: !earlier, title: "Back to the photos before (Esc)" }),
      el("span", { class: "count", text: earlier ? `${photosInWords(items.count - 1)} like ${earlier.name}` : all }),
      plain(more > 0 ? `${more.toLocaleString("en")} more · update` : "List has changed · update",
        () => { this.adopt(waitingList, true); this.focus(); }, { class: "news", hidden: !waitingList }),
      el("span", { class: "space" }), this.who?.node, this.exporter.node,
      plain("Names", () => this.change("isNamed"), { title: "Show sub-folder and file name of each photo", "aria-pressed": isNamed }),
      plain("Heatmaps", () => this.change("heatOn"), { title: "Lay heatmaps over all photos (G)", "aria-pressed": heatOn }),
      plain(isWhole ? "Fill squares" : "Whole photos", () => this.change("isWhole"),
        { title: isWhole ? "Let the photos fill their squares" : "Show the photos uncut" }),
      el("label", { class: "sizer", title: "Size of the thumbnails" },
        el("span", { class: "small", "aria-hidden": "true", text: "▪" }),
        el("input", { type: "range", min: 110, max: 340, step: 10, value: this.side, "aria-label": "Size of the thumbnails",
          oninput: ({ target }) => { this.side = Number(target.value); remember("cell", this.side); this.measure(); this.draw(); } }),
        el("span", { class: "big", "aria-hidden": "true", text: "■" })),
      plain("?", () => this.showKeys(), { class: "plain round", title: "Keys (?)", "aria-label": "Show the keys" }));
  }

  // Turn one of the ways to show photos on or off.
  change(name) {
    this[name] = !this[name];
    if (name === "isNamed") remember("names", this.isNamed ? "yes" : "no");
    if (name === "isWhole") remember("fit", this.isWhole ? "whole" : "fill");
    this.draw();
  }

  // ---- what Python sends -------------------------------------------------

  take(component) {
    const { data } = component;
    const before = this.data;
    this.component = component;
    this.data = data;
    this.labels.take(data);
    if (data.version >= this.asked.revision) this.asked.at = 0;
    this.learn(0);
    if (!before) {
      this.heatOn = data.heatmaps !== "off";
      if (data.correct) this.who = new Person(data.usual_person, (name) => this.component.setStateValue("person", name));
    }
    this.large.beside.take(data.beside_queue, data, this.labels);
    const sameView = before?.scope === data.scope;
    const sameList = (this.earlier && sameView) || data.list.token === this.items?.token;
    if (this.earlier && sameView) this.earlier.list = data.list;
    else if (sameList) this.waitingList = null;
    else {
      this.earlier = null;
      const emptied = data.list.count === 0 && !this.large.isOpen;
      if (sameView && this.busy() && !emptied) this.waitingList = data.list;
      else this.adopt(data.list, sameView);
    }
    if (before && sameList && before.version !== data.version) this.refresh();
    this.measure();
    this.draw();
    if (!before) {
      this.carryOn();
      setTimeout(() => this.carryOn(), 100); // the former grid may go after this one has come
    }
    if (data.open && !sameView && this.large.itemId !== data.open.file_id) this.large.openList(data.open.list, data.open.index);
  }

  // After the server was away Streamlit draws all anew: the keys go on with the photo that they were on.
  // What was seen is seen on, and labelled by its own id, until the new list's items have come.
  carryOn() {
    const former = Grid.latest;
    if (this.isKeyed || !this.root.isConnected || !former || former === this || former.root.isConnected) return;
    if (former.data.scope !== this.data.scope || former.items.count !== this.items.count) return;
    if (Date.now() - (former.goneAt ?? Date.now()) > REDRAWN_MS) return;
    this.items.takeOver(former.items);
    this.hasLabelled = former.hasLabelled;
    this.keyed();
    if (document.activeElement === document.body) this.focus();
    this.moveTo(former.active, false);
  }

  // Whether the list must not change under the user's hands.
  busy() {
    return this.large.isOpen || this.selection.size > 0 || this.hasLabelled || this.scroller.scrollTop > 20;
  }

  adopt(list, sameView) {
    this.items?.close();
    this.waitingList = null;
    this.items = new Items(this.data.base, list, this.labels, () => this.draw());
    this.selection.chosen.clear();
    this.selected();
    this.hasLabelled = false;
    if (!sameView) {
      this.scroller.scrollTop = 0;
      this.active = 0;
    }
    this.active = Math.min(this.active, Math.max(list.count - 1, 0));
    for (const cell of this.cells) cell.drawn = undefined;
    this.measure();
    this.draw();
  }

  // The photos nearest to one, in place of the list; what was there before comes back by Esc or a button.
  async showLike(item) {
    if (!item?.predicted) return;
    const { data } = this;
    this.say("Looking for photos like this one");
    try {
      const list = await ask(`${data.base}/similar/${encodeURIComponent(data.model_id)}/${data.collection}/${item.id}`);
      this.earlier = { list: { token: this.items.token, count: this.items.count, page_size: this.items.size },
        index: this.large.isOpen && this.large.items === this.items ? this.large.index : this.active,
        ...this.earlier, name: item.name };
      this.large.dialog.close();
      this.adopt(list, false);
      this.keyed();
      this.notice.hush();
      this.focus();
    } catch (error) {
      this.say(`Photos like this one are not known: ${error.message}`);
    }
  }

  goBack() {
    const { list, index } = this.earlier;
    this.earlier = null;
    this.adopt(list, false);
    this.moveTo(index, false);
    this.focus();
  }

  refresh() {
    const [first, last] = this.sight();
    this.items.refresh(first, last);
    if (this.large.isOpen) this.large.refresh();
  }

  // ---- layout ------------------------------------------------------------

  measure() {
    if (!this.items) return;
    this.drawBar();
    if (this.data.height === "fill") {
      const top = this.scroller.getBoundingClientRect().top;
      const room = Math.max(window.innerHeight - Math.max(top, 0) - 14, 260);
      this.scroller.style.height = `${room}px`;
    } else this.scroller.style.height = `${this.data.height}px`;
    const wide = this.scroller.clientWidth;
    const pair = { true_and_predicted: 2, difference: 3 }[this.data.heatmaps] || 1;
    this.columns = Math.max(1, Math.floor((wide + GAP) / (this.side * pair * 0.9 + GAP)));
    this.width = (wide - GAP * (this.columns - 1)) / this.columns;
    this.height = this.width / pair;
  }

  sight() {
    const step = this.height + GAP;
    const firstRow = Math.max(Math.floor(this.scroller.scrollTop / step) - OVERSCAN_ROWS, 0);
    const lastRow = Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / step) + OVERSCAN_ROWS;
    return [firstRow * this.columns, Math.min(lastRow * this.columns, this.items.count) - 1];
  }

  draw() {
    if (!this.items) return;
    this.drawBar();
    if (!this.width) return;
    const [first, last] = this.sight();
    this.items.need(first, last);
    const rows = (count) => Math.ceil(count / this.columns) * (this.height + GAP);
    const free = this.cells.filter((cell) => cell.index < first || cell.index > last);
    for (const cell of free) cell.node.remove(); // those that stay need not be moved
    const placed = new Map(this.cells.map((cell) => [cell.index, cell]));
    this.cells = Array.from({ length: Math.max(last - first + 1, 0) }, (_, n) => placed.get(first + n) || free.pop() || new Cell(this));
    this.cells.forEach((cell, n) => cell.show(first + n, this.items.at(first + n)));
    put(this.space, { style: `height: ${Math.max(rows(this.items.count) - GAP, 0)}px; padding-top: ${rows(first)}px; gap: ${GAP}px; ` +
      `grid: auto-flow ${this.height}px / repeat(${this.columns}, 1fr)` }, this.cells.map((cell) => cell.node));
    put(this.scroller, { "aria-activedescendant": `cell-${this.active}` });
  }

  // ---- what people do ----------------------------------------------------

  clicked(event) {
    const node = event.target.closest(".cell");
    const cell = this.cells.find((one) => one.node === node);
    if (!cell) return;
    this.active = cell.index;
    this.keyed();
    const selects = this.data.select;
    if (selects && event.shiftKey) this.selection.extend(cell.index);
    else if (selects && (event.ctrlKey || event.metaKey || event.target.matches(".tick"))) this.selection.toggle(cell.index);
    else {
      this.selection.anchor = cell.index;
      this.openAt(cell.index);
    }
    this.draw();
  }

  openAt(index) {
    if (this.items.at(index)?.photo) this.large.open(this.items, index);
  }

  pressed(event) {
    const inside = event.target !== this.scroller;
    if (typesIn(event.target) || (inside && [" ", "Enter"].includes(event.key))) return;
    if (!this.items?.count && !onCtrl("z")(event)) return;
    this.keyed();
    runBinding(this.bindings(), event);
  }

  // Keys work wherever the focus is on the page, after a click on a shelf or Tab to a button, unless somebody types.
  pressedAnywhere(event) {
    const [target] = event.composedPath();
    if (event.defaultPrevented || !this.data?.correct || this.large.isOpen || typesIn(target)) return;
    if (event.composedPath().includes(this.root) || document.querySelector("dialog[open]")) return;
    const dialogs = [...document.querySelectorAll("[role=dialog]")];
    if (dialogs.some((one) => !one.textContent.includes("Connection error"))) return; // Streamlit's own may stand there
    if (Grid.latest && Grid.latest !== this && Grid.latest.root.isConnected) return;
    const all = this.bindings();
    if (runBinding(all.filter((one) => one.anywhere), event) || !this.items?.count) return;
    const free = target === document.body || dialogs.length;
    const moves = this.isKeyed && free && this.data.height === "fill" ? all.filter((one) => one.moves) : [];
    if (runBinding(moves, event)) return;
    if (this.isKeyed || this.selection.size) runBinding(all.filter((one) => one.labels), event);
    else if (all.some((one) => one.labels && one.match(event))) {
      this.keyed();
      this.say("Choose a photo with the arrow keys or a click, then set its class");
      this.focus();
    }
  }

  // From now on it is seen on which photo the keys act, and this grid has the keys of the page.
  keyed() {
    Grid.latest = this;
    this.isKeyed = true;
    if (this.items) this.drawBar();
  }

  bindings() {
    const { columns, items, selection, data } = this;
    const last = Math.max((items?.count || 0) - 1, 0);
    const pageRows = Math.max(1, Math.floor(this.scroller.clientHeight / (this.height + GAP)));
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns,
      PageDown: columns * pageRows, PageUp: -columns * pageRows };
    /** @type {Binding[]} */
    const all = [
      { match: onKey(...Object.keys(moves)), shown: ["←", "→", "↑", "↓"], text: "Move", moves: true,
        run: (event) => this.moveTo(this.active + moves[event.key], event.shiftKey) },
      { match: onKey("Home", "End"), shown: ["Home", "End"], text: "First, last photo", moves: true,
        run: (event) => this.moveTo(event.key === "Home" ? 0 : last, event.shiftKey) },
      { match: onKey("Enter"), shown: ["Enter"], text: "Open the photo", run: () => this.openAt(this.active) },
      onLetter("M", "More like this: the nearest photos of the collection", () => this.showLike(items.at(this.active))),
      { match: onKey("g", "G", "h", "H"), shown: ["G"], text: "Heatmaps over all photos", anywhere: true, run: () => this.change("heatOn") },
      onLetter("?", "These keys", () => this.showKeys(), { anywhere: true }),
    ];
    if (data.correct) all.push(...labelBindings(this));
    if (data.select) all.push(
      { match: onKey(" "), shown: ["Space"], text: "Select", run: () => { selection.toggle(this.active); this.draw(); } },
      { match: () => false, shown: ["Shift", "← ↑ ↓ →"], text: "Select more; also Ctrl and Shift with a click" },
      { match: onCtrl("a"), shown: ["Ctrl", "A"], text: "Select all", run: () => { selection.add(0, last); this.draw(); } },
      { match: (event) => onKey("Escape")(event) && (selection.size > 0 || !this.earlier), shown: ["Esc"], text: "Select none",
        run: () => { selection.clear(); this.draw(); } });
    if (this.earlier) all.push({ match: onKey("Escape"), shown: ["Esc"], text: "Back to the photos before", run: () => this.goBack() });
    return all;
  }

  moveTo(index, selecting) {
    const to = Math.min(Math.max(index, 0), Math.max(this.items.count - 1, 0));
    if (selecting && this.data.select) {
      if (!this.selection.size) { this.selection.anchor = this.active; }
      this.selection.extend(to);
    }
    this.active = to;
    this.reveal(to);
    this.draw();
  }

  reveal(index) {
    const step = this.height + GAP;
    const top = Math.floor(index / this.columns) * step;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.scroller.scrollTop = top + this.height - clientHeight;
  }

  label(name) {
    if (!this.data.correct || !this.items?.count) return;
    const chosen = this.selection.size ? this.selection.ranges() : [[this.active, this.active]];
    const spans = this.items.read(chosen);
    const unread = countIn(chosen) - countIn(spans);
    const known = this.items.knows(spans);
    if (this.data.stacked && !known) { this.labelOnceKnown(name); return; }
    if (!spans.length) this.say(notReadInWords(unread));
    const files = this.large.beside.withDuplicates(this.items.files(spans));
    if (!files.length) return;
    const count = countIn(spans);
    this.hasLabelled = true;
    this.labels.set(this.items.token, spans, files, name, this.where(), known);
    const first = this.items.at(spans[0][0]);
    const words = changeInWords(this.data.classes, name, Math.max(count, files.length), first?.name);
    this.say(unread ? `${words}. ${notReadInWords(unread)}` : words, { Undo: () => this.undo() });
  }

  // How many photos the selected stacks hold is asked for first: what is set says so.
  async labelOnceKnown(name) {
    const { items } = this;
    await items.fetchFiles();
    if (!items.all) this.say("The server does not answer, so nothing was set. Try again.");
    else if (this.items === items) this.label(name);
  }

  chooseClass(animal) {
    const owner = this.large.isOpen ? this.large : this;
    new ClassBox(this.large.isOpen ? this.large.dialog : this.root, this.data, animal, (name) => owner.label(name), () => owner.focus());
  }

  undo() {
    this.labels.undo((this.large.isOpen ? this.large.items : this.items)?.token || "", this.where());
  }

  // What goes along with everything that is set here.
  where() {
    return { model: this.data.model_id, collection: this.data.collection };
  }

  // What the server has kept.
  kept({ client }, problem, answers, revision) {
    if (client === this.labels.client)
      for (const answer of Object.values(answers)) if ("undone" in answer) this.undone(answer.undone);
    if (problem) this.say(problem);
    this.learn(revision);
  }

  // Say what was undone, and show it: where it stands in the list, or by a button, in a list of its own.
  undone(what) {
    if (!what) {
      this.say("Nothing to undo in this collection");
      return;
    }
    const words = `Undid: ${changeInWords(this.data.classes, what.label, what.count, what.name)}`;
    const { large } = this;
    const here = what.index !== null && what.index !== undefined;
    this.say(words, here || !what.list ? {} : { Show: () => large.openList(what.list, 0) });
    if (here && large.isOpen) large.goTo(what.index);
    else if (here) {
      this.keyed();
      this.moveTo(what.index, false);
    }
  }

  // The catalog has changed: ask Python for what it shows now, once until it has answered.
  learn(revision) {
    this.newest = Math.max(this.newest, revision);
    if (!this.data || this.newest <= this.data.version || Date.now() - this.asked.at < ANSWER_MS) return;
    this.asked = { revision: this.newest, at: Date.now() };
    clearTimeout(this.learning);
    this.learning = setTimeout(() => this.component.setStateValue("revision", this.asked), 100);
  }

  changed() {
    this.draw();
    this.notice.showUnsent(this.labels.unsentWords("label"), this.labels.why);
    if (this.large.isOpen) this.large.show();
  }

  selected() {
    if (!this.items) return;
    this.drawBar();
    this.chosenBar.show();
    if (this.selection.size > 1) this.items.fetchFiles().then(() => this.chosenBar.show());
  }

  say(text, ways) {
    this.notice.say(text, ways);
  }

  showKeys() { showKeys(this.root, "Keys in the grid", this.bindings(), () => this.focus()); }

  // The large view tells where it stands; Python learns it a moment later, so that browsing is not slowed.
  report(id) {
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => this.component.setStateValue("opened", id), id === null ? 0 : 350);
  }

  closed() {
    this.root.appendChild(this.notice.node);
    if (this.waitingList?.count === 0) this.adopt(this.waitingList, true);
    if (this.large.items === this.items) this.active = this.large.index;
    this.reveal(this.active);
    this.draw();
    this.focus();
  }

  dispose() {
    this.goneAt = Date.now();
    this.resize.disconnect();
    this.end.abort();
    this.items?.close();
    this.labels.close();
    this.large.dispose();
  }
}

export default mounted(Grid);
