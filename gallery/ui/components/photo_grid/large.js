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
    this.boxesOn = remembered("boxes", "yes") === "yes";
    this.opacity = Number(remembered("opacity", 60));
    this.goesOn = remembered("advance", "no") === "yes";
    this.told = new Map(); // of a photo, as `factsOf` names it: what the server says of it
    this.frame = make("div", { class: "photo" });
    this.stage = make("div", { class: "stage" });
    this.zoom = new Zoom(this.stage, this.frame, () => this.enlarge());
    this.beside = new Beside(this);
    this.frames = new Frames(this);
    this.panel = new Panel(this);
    this.dialog = make("dialog", {
      class: "large", "aria-label": "Photo", onclose: () => this.wasClosed(), onkeydown: (event) => this.pressed(event) },
      this.stage, this.panel.node,
      plain("✕", () => this.dialog.close(), { class: "close", "aria-label": "Close (Esc)", title: "Close (Esc)" }));
    grid.root.appendChild(this.dialog);
  }

  get data() { return this.grid.data; }

  get itemId() { return this.isOpen ? this.item?.id : null; }

  get facts() { return this.item && this.told.get(factsOf(this.item)); }

  // The detector's boxes: what is in each, how sure that is, where it lies, and what is said of it.
  get boxes() { return this.facts?.boxes ?? []; }

  focus() { this.dialog.focus(); }

  // A button after which the keys go on.
  button(text, run, more) { return plain(text, () => { run(); this.focus(); }, more); }

  open(items, index) {
    this.items = items;
    this.index = index;
    this.isOpen = true;
    if (!this.dialog.open) this.dialog.showModal();
    this.focus();
    items.need(index, index);
    this.show();
  }

  openList(list, index) { this.open(new Items(this.data.base, list, this.grid.labels, () => this.show()), index); }

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
    if (this.item) this.ask();
  }

  show() {
    if (!this.isOpen) return;
    const item = this.frames.of(this.items.at(this.index));
    const another = item && item.id !== this.item?.id;
    this.item = item ?? this.item;
    if (another) this.newPhoto(item);
    if (item?.photo && !this.facts) this.ask();
    this.draw();
  }

  newPhoto(item) {
    this.heatClass = null;
    this.zoom.reset();
    clearTimeout(this.ahead);
    if (item.photo) this.ahead = setTimeout(() => this.lookAhead(), 250);
    this.grid.report(this.items.at(this.index).id);
  }

  lookAhead() {
    for (const by of [1, -1]) {
      const photo = this.items.at(this.index + by)?.photo;
      if (photo) new Image().src = address.large(this.data.base, photo);
    }
  }

  async ask() {
    const key = factsOf(this.item);
    if (this.asking === key) return;
    this.asking = key;
    const facts = await ask(`${this.data.base}/info/${encodeURIComponent(this.data.model_id)}/${key}`).catch((error) => ({
      failed: error.status ? error.message : "The server does not answer. What you set is kept in this browser meanwhile.",
      probabilities: [], evidence: {} }));
    this.told.set(key, facts);
    if (this.told.size > 300) this.told.delete(this.told.keys().next().value);
    if (this.asking === key) this.asking = null;
    if (this.item && factsOf(this.item) === key) this.draw();
  }

  // The server answers again: ask for what it could not say.
  askAgain() {
    if (this.isOpen && this.facts?.failed) this.ask();
  }

  draw() {
    const { item, index, items, facts, data } = this;
    const arrow = (name, sign, by) => el("button", { type: "button", class: `arrow ${name}`, text: sign, onclick: () => this.go(by),
      disabled: index + by < 0 || index + by >= items.count, "aria-label": by < 0 ? "Previous photo (←)" : "Next photo (→)" });
    const note = item && !item.photo ? "This file has not been read yet." : facts?.failed ? facts.failed : facts?.exists === false
      ? "The file is not where it was. You see what was kept of it; connect its disk or open its new folder." : "";
    put(this.stage, {},
      el("div", { class: "room" }, this.frame), arrow("before", "‹", -1), arrow("after", "›", 1),
      el("span", { class: "place", text: `${(index + 1).toLocaleString("en")} / ${items.count.toLocaleString("en")}` }),
      this.button("Zoom", () => this.zoom.toggle(),
        { class: "zoomer", key: "Z", title: "Zoom in and out (Z); also by wheel or double click" }),
      el("p", { class: "note", role: "status", text: note }), this.beside.node, this.frames.node, this.grid.notice.node);
    if (!item) return;
    this.heat = this.heatOf(item, facts);
    put(this.dialog, { "aria-label": `Photo ${item.name}` });
    showPhoto(this.frame, data.base, item.photo, `${classNamed(data.classes, item.label).title}: ${item.name}`,
      facts?.width_px && [facts.width_px, facts.height_px],
      heatmap(this.heat.url, { style: `opacity: ${this.opacity / 100}`, onheat: () => this.heatCame(item) }),
      el("div", { class: "boxes", "aria-hidden": "true" }, this.boxesOn ? this.boxes.map((box) => this.boxed(box)) : []));
    this.beside.show(item);
    this.panel.show();
    if (!this.dialog.getRootNode().activeElement) this.focus(); // what had the focus is gone
  }

  boxed(box) {
    const [category, , [left, top, width, height]] = box;
    return el("div", { class: `box of-${category}${top < 0.06 ? " low" : ""}`, // its words find no room above it
      style: `left: ${left * 100}%; top: ${top * 100}%; width: ${width * 100}%; height: ${height * 100}%` },
      el("span", { text: boxInWords(this.data.classes, box) }));
  }

  // Enlarged, the photo's own pixels are shown.
  enlarge() {
    const photo = this.frame.querySelector(".over");
    if (!this.item?.photo || photo.dataset.whole) return;
    photo.dataset.whole = "comes";
    const whole = new Image();
    whole.onload = () => { photo.src = whole.src; };
    whole.src = address.whole(this.data.base, this.item.photo);
  }

  // ---- heatmap -----------------------------------------------------------

  // Of which class the heatmap is, where it lies, and what is said of it.
  heatOf(item, facts) {
    const { base, model_id: model, classes } = this.data;
    const name = this.heatClass || item.predicted;
    const title = classNamed(classes, name).title.toLowerCase();
    const known = facts && Object.keys(facts.evidence).length > 0;
    const comes = facts?.maps_come && !known;
    if (!this.heatOn || !facts) return { name, url: null, words: "" };
    if (!item.photo || !(comes || (known && facts.evidence[name])))
      return { name, url: null, words: known ? `There is no evidence for ${title} in this photo.` : "No heatmap is stored for this photo." };
    return { name, url: address.heatmap(base, model, item.photo, name),
      words: comes ? "The heatmap is being computed …" : `Evidence for ${title}` };
  }

  // Of a learnt model maps are made when they are looked at; then the server knows of each class whether it has one.
  heatCame(item) {
    if (this.item?.id === item.id && this.facts?.maps_come) this.ask();
  }

  toggleBoxes() {
    this.boxesOn = !this.boxesOn;
    remember("boxes", this.boxesOn ? "yes" : "no");
    this.draw();
  }

  toggleHeat() {
    this.heatOn = !this.heatOn;
    this.draw();
  }

  // A click on a bar shows that class's evidence; a second one hides it.
  heatFor(name) {
    this.heatOn = !(this.heatOn && this.heat.name === name);
    this.heatClass = name;
    this.draw();
  }

  // ---- labels ------------------------------------------------------------

  label(name) {
    const { item, grid } = this;
    if (!item || !grid.data.correct) return;
    if (!item.photo) {
      grid.say(notReadInWords(1));
      return;
    }
    this.keep(filesOf(item), item, name);
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
    this.focus();
  }

  // ---- keys --------------------------------------------------------------

  bindings() {
    const all = [
      { match: onKey("ArrowRight", "ArrowDown", "PageDown"), shown: ["→"], text: "Next photo", run: () => this.go(1) },
      { match: onKey("ArrowLeft", "ArrowUp", "PageUp"), shown: ["←"], text: "Previous photo", run: () => this.go(-1) },
      onLetter("H", "Heatmap: where the model looked", () => this.toggleHeat()),
      onLetter("D", "Boxes of the detector, where there are some", () => this.toggleBoxes()),
      onLetter("Z", "Zoom in and out; also wheel, double click, + and -", () => this.zoom.toggle()),
      { match: onKey("+", "="), shown: [], run: () => this.zoom.by(ZOOM_STEP) },
      { match: onKey("-"), shown: [], run: () => this.zoom.by(1 / ZOOM_STEP) },
      onLetter("M", "More like this: the nearest photos of the collection", () => this.grid.showLike(this.item)),
      onLetter("?", "These keys", () => this.showKeys()),
      { match: () => false, shown: ["Esc"], text: "Close" },
    ];
    if (this.frames.count) all.unshift(
      { match: onKey("ArrowDown"), shown: ["↑", "↓"], text: "One photo of the sequence, or all of them", run: () => this.frames.step(1) },
      { match: onKey("ArrowUp"), shown: [], run: () => this.frames.step(-1) });
    if (this.data.correct) all.splice(2, 0, ...labelBindings(this),
      { match: (event) => onKey("Enter")(event) && event.target === this.dialog, shown: ["Enter"],
        text: "Accept the class that is shown, go on", run: () => this.accept() },
      ...(this.data.reasons ? [onLetter("A", "Set the look-alikes in the row to the class that is shown", () => this.labelAlike())] : []));
    return all;
  }

  accept() {
    const { item } = this;
    if (item?.label && item.source !== "person" && !item.unlike) this.keep(filesOf(item), item, item.label);
    if (this.data.reasons) this.goOn();
    else this.go(1);
  }

  pressed(event) {
    const slides = event.target.type === "range" && /^(Arrow|Home|End|Page)/.test(event.key);
    if (!slides) runBinding(this.bindings(), event);
    event.stopPropagation();
  }

  showKeys() { showKeys(this.dialog, "Keys in the large view", this.bindings(), () => this.focus()); }

  wasClosed() {
    this.isOpen = false;
    this.item = null;
    put(this.frame, {}, []);
    this.grid.report(null);
    this.grid.closed();
  }

  dispose() {
    clearTimeout(this.ahead);
    if (this.dialog.open) this.dialog.close();
  }
}
