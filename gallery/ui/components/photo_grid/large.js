// @ts-check
// A photo shown large over the page, in the browser's own modal dialog: it keeps the focus inside.

// "animal 94 %: Dog 88 %"
const boxInWords = (classes, [category, sure, , label, share]) =>
  `${category} ${percent(sure)}${label ? `: ${classNamed(classes, label).title} ${percent(share)}` : ""}`;

// A stack's probabilities are others than those of its first photo.
const factsOf = (item) => `${item.id}${item.frames.length ? "?stack" : ""}`;

class Large {
  constructor(grid) {
    this.grid = grid;
    this.isOpen = false;
    this.heatOn = false;
    this.opacity = Number(remembered("opacity", 60));
    this.goesOn = remembered("advance", "no") === "yes";
    this.facts = new Map(); // file id -> what the server says of the photo
    this.build();
  }

  build() {
    this.small = make("img", { class: "under", alt: "", draggable: false });
    this.photo = make("img", { class: "over", alt: "", draggable: false, onload: () => this.photo.classList.add("loaded") });
    this.heat = make("img", { class: "heat", alt: "", draggable: false, onerror: () => this.awaitHeat() });
    this.boxes = make("div", { class: "boxes", "aria-hidden": "true" });
    this.boxesOn = remembered("boxes", "yes") === "yes";
    this.frame = make("div", { class: "photo" }, this.small, this.photo, this.heat, this.boxes);
    this.note = make("p", { class: "note", role: "status" });
    const arrow = (name, sign, by) => make("button", {
      type: "button", class: `arrow ${name}`, text: sign, "aria-label": by < 0 ? "Previous photo (←)" : "Next photo (→)",
      onclick: () => this.go(by) });
    this.before = arrow("before", "‹", -1);
    this.after = arrow("after", "›", 1);
    this.place = make("span", { class: "place" });
    const close = make("button", {
      type: "button", class: "close", text: "✕", "aria-label": "Close (Esc)", title: "Close (Esc)",
      onclick: () => this.dialog.close() });
    this.zoomer = make("button", { type: "button", class: "zoomer", text: "Zoom ", title: "Zoom in and out (Z); also by wheel or double click",
      onclick: () => { this.zoom.toggle(); this.dialog.focus(); } }, make("kbd", { text: "Z" }));
    this.beside = new Beside(this);
    this.frames = new Frames(this);
    this.stage = make("div", { class: "stage" }, this.frame, this.before, this.after, this.place, this.zoomer, this.note, this.beside.node, this.frames.node);
    this.zoom = new Zoom(this.stage, this.frame, () => this.enlarge());
    this.panel = new Panel(this);
    this.dialog = make("dialog", {
      class: "large", "aria-label": "Photo", onclose: () => this.wasClosed(),
      onkeydown: (event) => this.pressed(event) }, this.stage, this.panel.node, close);
    this.grid.root.appendChild(this.dialog);
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(this.stage);
    this.small.addEventListener("load", () => this.fit());
  }

  get itemId() { return this.isOpen ? this.item?.id : null; }

  open(items, index) {
    this.items = items;
    this.index = index;
    this.isOpen = true;
    this.grid.place(this.grid.notice);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.focus();
    items.need(index, index);
    this.show();
  }

  go(by) { this.goTo(this.index + by); }

  goTo(to) {
    if (to < 0 || to >= this.items.count) return;
    this.index = to;
    this.items.need(to - 1, to + 1);
    this.show();
  }

  refresh() {
    this.items.refresh(this.index, this.index);
    this.frames.refresh();
    if (!this.item) return;
    this.facts.delete(factsOf(this.item));
    this.ask(this.item);
  }

  show() {
    if (!this.isOpen) return;
    const item = this.frames.of(this.items.at(this.index));
    this.place.textContent = `${(this.index + 1).toLocaleString("en")} / ${this.items.count.toLocaleString("en")}`;
    this.before.disabled = this.index === 0;
    this.after.disabled = this.index >= this.items.count - 1;
    if (!item) return;
    const another = this.item?.id !== item.id;
    this.item = item;
    if (another) this.newPhoto(item);
    else if (item.photo && !this.facts.has(factsOf(item))) this.ask(item);
    this.panel.show(item, this.facts.get(factsOf(item)));
    this.beside.show(item);
    this.showHeat();
    this.showBoxes(this.facts.get(factsOf(item)));
    if (!this.dialog.getRootNode().activeElement) this.dialog.focus(); // what had the focus is gone
  }

  newPhoto(item) {
    const { base, classes } = this.grid.data;
    this.heatClass = null;
    this.zoom.reset();
    this.photo.classList.remove("loaded");
    this.photo.removeAttribute("src");
    delete this.photo.dataset.whole;
    this.note.textContent = "";
    this.dialog.setAttribute("aria-label", `Photo ${item.name}`);
    if (!item.photo) {
      this.small.removeAttribute("src");
      this.note.textContent = "This file has not been read yet.";
    } else {
      this.small.src = address.thumb(base, item);
      this.small.alt = `${classNamed(classes, item.label).title}: ${item.name}`;
      this.photo.src = address.large(base, item);
      this.photo.alt = this.small.alt;
      this.ask(item);
      clearTimeout(this.ahead);
      this.ahead = setTimeout(() => this.lookAhead(), 250);
    }
    this.grid.report(this.items.at(this.index).id);
  }

  lookAhead() {
    for (const by of [1, -1]) {
      const item = this.items.at(this.index + by);
      if (item?.photo) new Image().src = address.large(this.grid.data.base, item);
    }
  }

  async ask(item) {
    const { base, model_id: model } = this.grid.data;
    const key = factsOf(item);
    if (this.asking === key) return;
    this.asking = key;
    try {
      const answer = await fetch(`${base}/info/${encodeURIComponent(model)}/${key}`);
      const facts = await answer.json();
      if (!answer.ok) throw Object.assign(new Error(facts.error), { told: true });
      this.facts.set(key, facts);
      if (this.facts.size > 300) this.facts.delete(this.facts.keys().next().value);
    } catch (error) {
      const failed = error.told ? error.message : "The server does not answer. What you set is kept in this browser meanwhile.";
      this.facts.set(key, { failed, probabilities: [], evidence: {} });
    } finally {
      if (this.asking === key) this.asking = null;
    }
    if (!this.item || factsOf(this.item) !== key) return;
    const facts = this.facts.get(key);
    if (facts.failed) this.note.textContent = facts.failed;
    else if (facts.exists === false)
      this.note.textContent = "The file is not where it was. You see what was kept of it; connect its disk or open its new folder.";
    this.fit();
    this.panel.show(this.item, facts);
    this.showHeat();
    this.showBoxes(facts);
  }

  // The server answers again: ask for what it could not say.
  askAgain() {
    if (this.isOpen && this.item?.photo && this.facts.get(factsOf(this.item))?.failed) {
      this.note.textContent = "";
      this.ask(this.item);
    }
  }

  // The photo as large as the stage allows, but never blown up beyond three times its size.
  fit() {
    if (!this.isOpen) return;
    const facts = this.item && this.facts.get(factsOf(this.item));
    const wide = facts?.width_px || this.small.naturalWidth;
    const high = facts?.height_px || this.small.naturalHeight;
    if (!wide || !high) return;
    const box = this.stage.getBoundingClientRect();
    const strip = this.frames.node.hidden ? 0 : 2 * this.frames.node.offsetHeight; // the photo stays in the middle
    const most = facts?.width_px ? 3 : 99;
    const below = this.beside.node.offsetHeight + strip;
    const scale = Math.min((box.width - 24) / wide, (box.height - below - 24) / high, most);
    this.frame.style.width = `${wide * scale}px`;
    this.frame.style.height = `${high * scale}px`;
  }

  // Enlarged, the photo's own pixels are shown.
  enlarge() {
    const { item } = this;
    if (!item?.photo || this.photo.dataset.whole === item.photo) return;
    this.photo.dataset.whole = item.photo;
    const whole = new Image();
    whole.onload = () => { if (this.item?.id === item.id && this.isOpen) this.photo.src = whole.src; };
    whole.src = address.whole(this.grid.data.base, item);
  }

  // ---- heatmap -----------------------------------------------------------

  showHeat() {
    const { item } = this;
    const facts = item && this.facts.get(factsOf(item));
    const name = this.heatClass || item?.predicted;
    const known = facts && Object.keys(facts.evidence).length > 0;
    const evident = known && facts.evidence[name];
    const comes = facts?.maps_come && !known;
    const on = this.heatOn && (evident || comes) && item.photo;
    const { base, model_id: model, colour_map: colours } = this.grid.data;
    const url = on ? address.heatmap(base, model, item, name, colours) : "";
    if (this.heat.dataset.url !== url) {
      this.heat.dataset.url = url;
      if (url) this.heat.src = url;
      else this.heat.removeAttribute("src");
    }
    this.heat.hidden = !on;
    this.heat.style.opacity = this.opacity / 100;
    const title = classNamed(this.grid.data.classes, name).title.toLowerCase();
    let words = "";
    if (this.heatOn && facts) {
      if (on) words = comes ? "The heatmap is being computed …" : `Evidence for ${title}`;
      else words = known ? `There is no evidence for ${title} in this photo.` : "No heatmap is stored for this photo.";
    }
    this.panel.showHeat(name, words);
  }

  // Of a learnt model maps are made when they are looked at; then the server knows of each class whether it has one.
  async awaitHeat() {
    const { item } = this;
    await awaitHeat(this.heat);
    if (item && this.item?.id === item.id && this.facts.get(factsOf(item))?.maps_come) this.ask(item);
  }

  // The detector's boxes, where they lie in the photo, with what is in each and how sure that is.
  showBoxes(facts) {
    const boxes = facts?.boxes || [];
    this.panel.showBoxes(boxes, this.boxesOn);
    const drawn = JSON.stringify([this.item?.id, this.boxesOn, boxes]);
    if (drawn === this.boxesDrawn) return;
    this.boxesDrawn = drawn;
    this.boxes.replaceChildren(...(this.boxesOn ? boxes : []).map((box) => {
      const [category, , [left, top, width, height]] = box;
      const node = make("div", { class: `box of-${category}` }, make("span", { text: boxInWords(this.data.classes, box) }));
      for (const [name, share] of Object.entries({ left, top, width, height })) node.style[name] = `${share * 100}%`;
      node.classList.toggle("low", top < 0.06); // its words find no room above it
      return node;
    }));
  }

  toggleBoxes() {
    this.boxesOn = !this.boxesOn;
    remember("boxes", this.boxesOn ? "yes" : "no");
    this.showBoxes(this.item && this.facts.get(factsOf(this.item)));
  }

  toggleHeat() {
    this.heatOn = !this.heatOn;
    this.showHeat();
  }

  // A click on a bar shows that class's evidence; a second one hides it.
  heatFor(name) {
    const same = this.heatOn && (this.heatClass || this.item?.predicted) === name;
    this.heatOn = !same;
    this.heatClass = name;
    this.showHeat();
  }

  // ---- labels ------------------------------------------------------------

  get data() { return this.grid.data; }

  label(name) {
    const { item, grid } = this;
    if (!item || !grid.data.correct) return;
    if (!item.photo) {
      grid.say(notReadInWords(1));
      return;
    }
    this.keep(item.frames.length ? item.frames : [item.id], item, name);
    if (name) this.goOn();
  }

  // Label a photo, its near duplicates and others with it, and say so.
  keep(files, item, name) {
    const { grid } = this;
    const all = this.beside.withDuplicates(files);
    grid.hasLabelled = true;
    grid.labels.set(this.items.token, [[this.index, this.index]], all, name, grid.where());
    grid.say(changeInWords(grid.data.classes, name, all.length, item.name), { Undo: () => this.undo() });
  }

  // The look-alikes in the row get the class that this photo shows.
  labelAlike() {
    const { item } = this;
    const alike = item ? this.beside.alike(item) : [];
    if (!alike.length || !item.label) {
      this.grid.say("No look-alike waits with this photo");
      return;
    }
    this.keep([item.id, ...alike], item, item.label);
    this.goOn();
  }

  // In Review always, elsewhere where it was asked for; a photo of the queue that is labelled meanwhile is passed by.
  goOn() {
    if (!this.goesOn && !this.data.reasons) return;
    let to = this.index + 1;
    while (this.data.reasons && this.items.at(to)?.source === "person" && to < this.items.count - 1) to++;
    this.goTo(to);
  }

  chooseClass(animal) { this.grid.chooseClass(animal); }

  undo() {
    this.grid.undo();
    this.dialog.focus();
  }

  // ---- keys --------------------------------------------------------------

  bindings() {
    const all = [
      { match: onKey("ArrowRight", "ArrowDown", "PageDown"), shown: ["→"], text: "Next photo", run: () => this.go(1) },
      { match: onKey("ArrowLeft", "ArrowUp", "PageUp"), shown: ["←"], text: "Previous photo", run: () => this.go(-1) },
      { match: onKey("h", "H"), shown: ["H"], text: "Heatmap: where the model looked", run: () => this.toggleHeat() },
      { match: onKey("d", "D"), shown: ["D"], text: "Boxes of the detector, where there are some", run: () => this.toggleBoxes() },
      { match: onKey("z", "Z"), shown: ["Z"], text: "Zoom in and out; also wheel, double click, + and -", run: () => this.zoom.toggle() },
      { match: onKey("+", "="), shown: [], run: () => this.zoom.by(ZOOM_STEP) },
      { match: onKey("-"), shown: [], run: () => this.zoom.by(1 / ZOOM_STEP) },
      { match: onKey("m", "M"), shown: ["M"], text: "More like this: the nearest photos of the collection", run: () => this.grid.showLike(this.item) },
      { match: onKey("?"), shown: ["?"], text: "These keys", run: () => this.showKeys() },
      { match: () => false, shown: ["Esc"], text: "Close" },
    ];
    if (this.frames.count) all.unshift(
      { match: onKey("ArrowDown"), shown: ["↑", "↓"], text: "One photo of the sequence, or all of them", run: () => this.frames.step(1) },
      { match: onKey("ArrowUp"), shown: [], run: () => this.frames.step(-1) });
    if (this.data.correct) all.splice(2, 0, ...labelBindings(this),
      { match: (event) => onKey("Enter")(event) && event.target === this.dialog, shown: ["Enter"],
        text: "Accept the class that is shown, go on", run: () => this.accept() },
      ...(this.data.reasons ? [{ match: onKey("a", "A"), shown: ["A"], text: "Set the look-alikes in the row to the class that is shown",
        run: () => this.labelAlike() }] : []));
    return all;
  }

  accept() {
    const { item } = this;
    if (item?.label && item.source !== "person" && !item.unlike) this.keep(item.frames.length ? item.frames : [item.id], item, item.label);
    if (this.data.reasons) this.goOn();
    else this.go(1);
  }

  pressed(event) {
    const slides = event.target.type === "range" && /^(Arrow|Home|End|Page)/.test(event.key);
    if (!slides) runBinding(this.bindings(), event);
    event.stopPropagation();
  }

  showKeys() {
    const sheet = keySheet("Keys in the large view", this.bindings(), () => this.dialog.focus());
    this.dialog.appendChild(sheet);
    sheet.showModal();
  }

  wasClosed() {
    this.isOpen = false;
    this.item = null;
    this.photo.removeAttribute("src");
    this.grid.report(null);
    this.grid.closed();
  }

  dispose() {
    this.resize.disconnect();
    clearTimeout(this.ahead);
    if (this.dialog.open) this.dialog.close();
  }
}
