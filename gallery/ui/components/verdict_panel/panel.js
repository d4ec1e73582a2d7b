// @ts-check
// The panel: one photo large, what speaks for which class beside it, its nearest labelled photos below.

class VerdictPanel {
  constructor(parent, component) {
    this.component = component;
    this.cases = new Cases(() => this.show(), (kept, problem) => {
      if (problem) this.toast(problem);
      this.component.setStateValue("kept", kept);
    });
    this.place = 0;
    this.heatOn = false;
    this.build(parent);
  }

  build(parent) {
    const button = (text, title, run) => make("button", { type: "button", class: "plain", text, title, onclick: () => { run(); this.focus(); } });
    this.progress = make("span", { class: "progress" });
    this.track = make("span", { class: "track", "aria-hidden": "true" }, make("span", { class: "fill" }));
    this.kept = make("span", { class: "kept", role: "status" });
    this.back = button("← Previous", "Previous photo (←)", () => this.go(-1));
    this.on = button("Next →", "Next photo (→)", () => this.go(1));
    this.undoButton = button("Undo ", "Undo the last verdict (Ctrl+Z)", () => this.undo());
    this.undoButton.append(make("kbd", { text: "Ctrl+Z" }));
    this.hint = make("span", { class: "hint", text: "Click the photo or press Tab: then the keys work." });
    this.bar = make("div", { class: "bar" }, this.progress, this.track, this.kept, this.hint, make("span", { class: "space" }),
      this.back, this.on, this.undoButton, button("?", "Keys (?)", () => this.showKeys()));
    this.bar.lastChild.classList.add("round");
    this.bar.lastChild.setAttribute("aria-label", "Show the keys");

    this.small = make("img", { class: "under", alt: "", decoding: "async" });
    this.large = make("img", { class: "over", alt: "", decoding: "async", onload: () => this.large.classList.add("loaded") });
    this.heat = make("img", { class: "heat", alt: "", decoding: "async", onerror: () => this.noHeat() });
    this.frame = make("div", { class: "frame" }, this.small, this.large, this.heat);
    this.where = make("span", { class: "where" });
    this.said = make("p", { class: "toast", role: "status", "aria-live": "polite" });
    this.stage = make("div", { class: "stage" }, this.frame, this.where, this.said);
    this.small.addEventListener("load", () => this.fit());
    this.large.addEventListener("load", () => this.fit());

    this.title = make("h3", { class: "name" });
    this.claims = make("dl", { class: "claims" });
    this.why = make("p", { class: "why" });
    this.verdicts = make("div", { class: "verdicts", role: "group", "aria-label": "Your verdict" });
    this.others = make("div", { class: "others", role: "group", "aria-label": "The label is wrong, and it is" });
    this.heatButton = make("button", { type: "button", class: "plain", "aria-pressed": "false", title: "Heatmap of the predicted class (H)",
      onclick: () => { this.toggleHeat(); this.focus(); } }, make("span", { text: "Heatmap of the predicted class" }), make("kbd", { text: "H" }));
    this.panel = make("div", { class: "panel" }, this.title, this.claims, this.why, this.verdicts,
      make("p", { class: "quiet", text: "The label is wrong, and it is another class:" }), this.others, this.heatButton);
    this.nearTitle = make("h4", { text: "Nearest labelled photos" });
    this.near = make("ul", { class: "near" });
    this.body = make("div", { class: "body" }, this.stage, this.panel);
    this.root = make("section", { class: "verdict-panel", tabIndex: 0, "aria-label": "Review labels: M model wrong, L label wrong, B both animals, U cannot tell" },
      this.bar, this.body, this.nearTitle, this.near);
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    parent.appendChild(this.root);
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(this.stage);
  }

  // ---- what Python sends -------------------------------------------------

  take(component) {
    const { data } = component;
    const another = !this.data || this.data.scope !== data.scope || this.data.list.token !== data.list.token;
    this.component = component;
    this.data = data;
    this.cases.take(data, another);
    if (!this.items || this.items.token !== data.list.token) {
      this.items?.close();
      const still = { shown: (item) => item, settle: () => {}, acknowledged: 0 };
      this.items = new Items(data.base, data.list, still, () => this.show());
    }
    if (another) {
      const open = this.cases.nextOpen(0);
      this.place = Math.max(open, 0);
      this.drawn = null;
    }
    this.place = Math.min(this.place, this.cases.count - 1);
    this.show();
    // A click on the tab brought the panel here: the keys work at once. Who walks by keyboard goes on walking.
    if (!this.focused && !document.activeElement?.matches(":focus-visible")) this.focus();
    this.focused = true;
    if (data.reveal && data.reveal !== this.revealed) {
      this.focus();
      this.root.scrollIntoView({ block: "start" });
    }
    this.revealed = data.reveal;
  }

  focus() { this.root.focus({ preventScroll: true }); }

  // ---- showing -----------------------------------------------------------

  show() {
    const one = this.cases.list?.[this.place];
    if (!one) return;
    const { count, judged } = this.cases;
    this.progress.textContent = `${judged.toLocaleString("en")} of ${count.toLocaleString("en")} reviewed`;
    this.track.style.setProperty("--share", `${(100 * judged) / count}%`);
    this.kept.textContent = this.cases.queue.unsentWords("verdict") || (this.cases.queue.waiting.length ? "saving …" : judged ? "all saved" : "");
    this.where.textContent = `${this.place + 1} / ${count}`;
    this.back.disabled = this.place === 0;
    this.on.disabled = this.place >= count - 1;
    this.undoButton.disabled = !this.cases.done.length;
    this.items.need(one.start, one.start + one.near);
    const item = this.items.at(one.start);
    if (this.drawn !== one.photo) this.newPhoto(one);
    this.title.textContent = item ? item.name : "…";
    this.title.title = item ? item.name : "";
    this.large.alt = item ? `${item.name}, labelled ${this.classAt(one.label).title}` : "";
    this.showVerdict(this.cases.said(this.place), one);
    this.showNear(one);
  }

  classAt(index) { return this.data.classes[index]; }

  newPhoto(one) {
    const { base } = this.data;
    const item = { photo: one.photo };
    this.drawn = one.photo;
    this.large.classList.remove("loaded");
    this.small.src = address.thumb(base, item);
    this.large.src = address.large(base, item);
    this.showHeat(one);
    this.why.textContent = one.why;
    this.claims.replaceChildren(
      ...this.claim("Label", this.classAt(one.label), `${percent(one.ofLabel)} by the model`),
      ...this.claim("Predicted", this.classAt(one.said), `${percent(one.sure)} confidence`));
    this.verdicts.replaceChildren(
      this.choice("M", "Model wrong", `it is ${this.an(one.label)}`, () => this.judge("model", null)),
      this.choice("L", "Label wrong", `it is ${this.an(one.said)}`, () => this.judge("label", one.said)),
      this.choice("B", "Both animals in it", `${this.animal(one.label)} and ${this.animal(one.said)}`, () => this.judge("both", one.said)),
      this.choice("U", "Cannot tell", "leave it out", () => this.judge("unknown", null)));
    this.others.replaceChildren(...this.data.classes.map((known, at) => at === one.label ? null : make("button", {
      type: "button", class: "key", title: `Label wrong: it is ${this.an(at)}`,
      onclick: () => { this.judge("label", at); this.focus(); } },
      make("kbd", { text: at < 10 ? String((at + 1) % 10) : "" }), iconOf(known),
      make("span", { text: known.title }))).filter(Boolean),
      make("button", { type: "button", class: "key", title: "Label wrong: it is none of these; leave it out",
        onclick: () => { this.judge("label", null); this.focus(); } }, make("kbd", { text: "X" }), make("span", { text: "None of these" })));
    const next = this.cases.list[this.place + 1];
    if (next) new Image().src = address.large(base, { photo: next.photo });
  }

  animal(index) { return this.classAt(index).title.toLowerCase(); }

  an(index) { return `${/^[aeiou]/.test(this.animal(index)) ? "an" : "a"} ${this.animal(index)}`; }

  claim(who, known, sure) {
    const value = make("dd", {}, iconOf(known),
      make("strong", { text: known.title }), make("span", { class: "quiet", text: sure }));
    value.style.setProperty("--class", known.fill);
    return [make("dt", { text: who }), value];
  }

  choice(key, text, about, run) {
    const node = make("button", { type: "button", class: "verdict", onclick: () => { run(); this.focus(); } },
      make("kbd", { text: key }), make("span", { class: "what", text }), make("span", { class: "quiet", text: about }));
    node.setAttribute("aria-keyshortcuts", key);
    return node;
  }

  showVerdict(said, one) {
    const names = Object.values(VERDICTS);
    [...this.verdicts.children].forEach((node, n) => {
      const plain = said?.verdict === names[n];
      const ofModel = n !== 1 || said?.other === this.classAt(one.said).name;
      node.setAttribute("aria-pressed", Boolean(plain && ofModel));
    });
    const others = this.data.classes.map((known) => known.name).filter((_, at) => at !== one.label);
    [...this.others.children].forEach((node, n) => {
      const name = n < others.length ? others[n] : null;
      node.setAttribute("aria-pressed", Boolean(said?.verdict === VERDICTS.label && said.other === name));
    });
    this.root.classList.toggle("judged", Boolean(said));
    this.stage.dataset.said = said ? `${said.person || "you"}: ${this.words(said)}` : "";
  }

  words(said) {
    const index = this.data.classes.findIndex((one) => one.name === said.other);
    if (said.verdict === VERDICTS.label) return `label wrong, ${index < 0 ? "none of these classes" : `it is ${this.an(index)}`}`;
    return said.verdict;
  }

  showNear(one) {
    const items = Array.from({ length: one.near }, (_, n) => this.items.at(one.start + 1 + n));
    const drawn = one.photo + items.map((item) => (item ? 1 : 0)).join("");
    if (drawn === this.nearDrawn) return;
    this.nearDrawn = drawn;
    this.nearTitle.hidden = !one.near;
    this.near.replaceChildren(...items.map((item) => {
      if (!item) return make("li", { class: "empty" });
      const known = classNamed(this.data.classes, item.truth);
      const node = make("li", { title: item.name },
        make("img", { src: address.thumb(this.data.base, item), alt: `${item.name}, labelled ${known.title}`, decoding: "async" }),
        make("span", {}, iconOf(known), ` ${known.title}`));
      const index = this.data.classes.indexOf(known);
      node.className = index === one.label ? "of-label" : index === one.said ? "of-model" : "";
      return node;
    }));
  }

  showHeat(one) {
    this.heatButton.setAttribute("aria-pressed", this.heatOn);
    const { base, model_id: model } = this.data;
    if (this.heatOn) this.heat.src = address.heatmap(base, model, { photo: one.photo }, this.classAt(one.said).name, "inferno");
    else this.heat.removeAttribute("src");
  }

  // Where nothing speaks for the class the answer is empty.
  noHeat() {
    this.heat.removeAttribute("src");
    this.toast(`No stored evidence for ${this.animal(this.cases.list[this.place].said)}`);
  }

  toggleHeat() {
    this.heatOn = !this.heatOn;
    this.showHeat(this.cases.list[this.place]);
  }

  // As large as the stage allows, but never blown up beyond three times its size.
  fit() {
    const source = this.large.classList.contains("loaded") ? this.large : this.small;
    const { naturalWidth: wide, naturalHeight: high } = source;
    if (!wide || !high) return;
    const box = this.stage.getBoundingClientRect();
    const scale = Math.min((box.width - 16) / wide, (box.height - 16) / high, source === this.large ? 3 : 99);
    this.frame.style.width = `${wide * scale}px`;
    this.frame.style.height = `${high * scale}px`;
  }

  // ---- keys --------------------------------------------------------------

  bindings() {
    const one = this.cases.list[this.place];
    const key = (letter, text, run) => ({ match: onKey(letter, letter.toLowerCase()), shown: [letter], text, run });
    return [
      key("M", "Model wrong: the label is right", () => this.judge("model", null)),
      key("L", "Label wrong: the prediction is right", () => this.judge("label", one.said)),
      { match: (event) => this.digit(event) >= 0, shown: ["1", "…", "9", "0"], text: "Label wrong: it is that class",
        run: (event) => this.digitPressed(this.digit(event)) },
      key("X", "Label wrong: it is none of these classes; left out", () => this.judge("label", null)),
      key("B", "Both animals in it: either class is right", () => this.judge("both", one.said)),
      key("U", "Cannot tell: left out", () => this.judge("unknown", null)),
      { match: onKey("ArrowRight", "ArrowDown"), shown: ["→"], text: "Next photo", run: () => this.go(1) },
      { match: onKey("ArrowLeft", "ArrowUp"), shown: ["←"], text: "Previous photo", run: () => this.go(-1) },
      { match: onKey("Home"), shown: ["Home"], text: "First photo", run: () => this.to(0) },
      { match: onKey("End"), shown: ["End"], text: "Last photo", run: () => this.to(this.cases.count - 1) },
      { match: onCtrl("z"), shown: ["Ctrl", "Z"], text: "Undo, many steps", run: () => this.undo() },
      key("H", "Heatmap of the predicted class", () => this.toggleHeat()),
      { match: onKey("?"), shown: ["?"], text: "These keys", run: () => this.showKeys() },
    ];
  }

  digit(event) {
    const key = digitOf(event);
    return key < this.data.classes.length ? key : -1;
  }

  digitPressed(index) {
    if (index === this.cases.list[this.place].label) this.judge("model", null);
    else this.judge("label", index);
  }

  pressed(event) {
    if (event.target.closest?.("dialog")) return;
    runBinding(this.bindings(), event);
    if (!this.root.getRootNode().activeElement) this.focus(); // the button that had the focus is gone
    if (!event.ctrlKey && !event.metaKey && event.key.length === 1) event.stopPropagation(); // Streamlit's own c and r
  }

  showKeys() {
    const sheet = keySheet("Keys for verdicts", this.bindings(), () => this.focus());
    this.root.appendChild(sheet);
    sheet.showModal();
  }

  judge(kind, other) {
    const place = this.place;
    const verdict = VERDICTS[kind];
    const name = other === null ? null : this.classAt(other).name;
    this.cases.judge(place, verdict, name);
    const open = this.cases.nextOpen(place);
    this.toast(`${place + 1}: ${this.words({ verdict, other: name })}` + (open < 0 ? " · all reviewed" : ""));
    if (place < this.cases.count - 1) this.place = place + 1;
    this.show();
  }

  undo() {
    const place = this.cases.undo();
    if (place === null) {
      this.toast("Nothing to undo");
      return;
    }
    this.place = place;
    this.toast(`${place + 1}: undone`);
    this.show();
  }

  go(by) { this.to(this.place + by); }

  to(place) {
    if (place < 0 || place >= this.cases.count) return;
    this.place = place;
    this.show();
  }

  toast(text) {
    this.said.textContent = text;
    this.said.classList.add("shown");
    clearTimeout(this.hush);
    this.hush = setTimeout(() => this.said.classList.remove("shown"), 1800);
  }

  dispose() {
    this.resize.disconnect();
    this.items?.close();
    this.cases.queue.close();
    clearTimeout(this.hush);
  }
}

export default mounted(VerdictPanel);
