// @ts-check
// The panel: one photo large, what speaks for which class beside it, its nearest labelled photos below.

class VerdictPanel {
  constructor(parent, component) {
    this.component = component;
    this.cases = new Cases(() => this.show(), (kept, problem) => {
      if (problem) this.notice.say(problem);
      this.component.setStateValue("kept", kept);
    });
    this.place = 0;
    this.heatOn = false;
    this.notice = new Notice();
    this.frame = make("div", { class: "photo" });
    this.sheets = make("div");
    this.root = make("section", {
      class: "verdict-panel", tabIndex: 0, "aria-label": "Review labels: M model wrong, L label wrong, B both animals, U cannot tell",
      onkeydown: (event) => this.pressed(event) });
    parent.appendChild(this.root);
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
      const still = { shown: (item) => item, settle() {}, acknowledged: 0 };
      this.items = new Items(data.base, data.list, still, () => this.show());
    }
    if (another) {
      const open = this.cases.nextOpen(0);
      this.place = Math.max(open, 0);
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
    const one = this.cases.list[this.place];
    if (!one) return;
    this.items.need(one.start, one.start + one.near);
    const item = this.items.at(one.start);
    const said = this.cases.said(this.place);
    this.showPhoto(one, item);
    put(this.root, {}, this.bar(),
      el("div", { class: "body" },
        el("div", { class: "stage", "data-said": said ? `${said.person || "you"}: ${this.words(said)}` : "" },
          el("div", { class: "room" }, this.frame),
          el("span", { class: "place", text: `${this.place + 1} / ${this.cases.count}` }), this.notice.node),
        el("div", { class: "panel" },
          el("h3", { class: "name", title: item?.name, text: item?.name ?? "…" }),
          el("dl", { class: "claims" },
            this.claim("Label", this.classAt(one.label), `${percent(one.ofLabel)} by the model`),
            this.claim("Predicted", this.classAt(one.said), `${percent(one.sure)} confidence`)),
          el("p", { class: "why", text: one.why }),
          el("div", { class: "verdicts", role: "group", "aria-label": "Your verdict" }, this.verdicts(one, said)),
          el("p", { class: "quiet", text: "The label is wrong, and it is another class:" }),
          el("div", { class: "others", role: "group", "aria-label": "The label is wrong, and it is" }, this.others(one, said)),
          this.button("Heatmap of the predicted class", () => this.toggleHeat(),
            { key: "H", title: "Heatmap of the predicted class (H)", "aria-pressed": this.heatOn }))),
      el("h4", { hidden: !one.near, text: "Nearest labelled photos" }),
      el("ul", { class: "near" }, Array.from({ length: one.near }, (_, n) => this.near(one, this.items.at(one.start + 1 + n)))),
      this.sheets);
  }

  // A button after which the keys go on.
  button(text, run, more) { return plain(text, () => { run(); this.focus(); }, more); }

  bar() {
    const { count, judged, done, waiting } = this.cases;
    const kept = waiting.length ? "saving …" : judged ? "all saved" : "";
    return el("div", { class: "bar" },
      el("span", { class: "progress", text: `${judged.toLocaleString("en")} of ${count.toLocaleString("en")} reviewed` }),
      el("span", { class: "track", "aria-hidden": "true", "--share": `${(100 * judged) / count}%` }, el("span", { class: "fill" })),
      el("span", { class: "kept", role: "status", text: this.cases.unsentWords("verdict") || kept }),
      el("span", { class: "hint", text: "Click the photo or press Tab: then the keys work." }), el("span", { class: "space" }),
      this.button("← Previous", () => this.go(-1), { title: "Previous photo (←)", disabled: this.place === 0 }),
      this.button("Next →", () => this.go(1), { title: "Next photo (→)", disabled: this.place >= count - 1 }),
      this.button("Undo", () => this.undo(), { key: "Ctrl+Z", title: "Undo the last verdict (Ctrl+Z)", disabled: !done.length }),
      plain("?", () => this.showKeys(), { class: "plain round", title: "Keys (?)", "aria-label": "Show the keys" }));
  }

  classAt(index) { return this.data.classes[index]; }

  showPhoto({ photo, label, said }, item) {
    const { base, model_id: model } = this.data;
    const url = this.heatOn ? address.heatmap(base, model, photo, this.classAt(said).name) : null;
    // where nothing speaks for the class there is none
    const onheat = (there) => there !== false || this.notice.say(`No stored evidence for ${this.animal(said)}`);
    showPhoto(this.frame, base, photo, item ? `${item.name}, labelled ${this.classAt(label).title}` : "", null, heatmap(url, { onheat }));
    const next = this.cases.list[this.place + 1];
    if (next && this.ahead !== next.photo) new Image().src = address.large(base, this.ahead = next.photo);
  }

  animal(index) { return this.classAt(index).title.toLowerCase(); }

  an(index) { return `${/^[aeiou]/.test(this.animal(index)) ? "an" : "a"} ${this.animal(index)}`; }

  claim(who, known, sure) {
    return [el("dt", { text: who }), el("dd", { "--class": known.fill }, iconOf(known), el("strong", { text: known.title }),
      el("span", { class: "quiet", text: sure }))];
  }

  verdicts({ label, said: predicted }, said) {
    const verdict = (key, text, about, kind, other) => el("button", {
      type: "button", class: "verdict", "aria-keyshortcuts": key,
      "aria-pressed": said?.verdict === VERDICTS[kind] && (kind !== "label" || said.other === this.classAt(other).name),
      onclick: () => { this.judge(kind, other); this.focus(); } },
      el("kbd", { text: key }), el("span", { class: "what", text }), el("span", { class: "quiet", text: about }));
    return [
      verdict("M", "Model wrong", `it is ${this.an(label)}`, "model", null),
      verdict("L", "Label wrong", `it is ${this.an(predicted)}`, "label", predicted),
      verdict("B", "Both animals in it", `${this.animal(label)} and ${this.animal(predicted)}`, "both", predicted),
      verdict("U", "Cannot tell", "leave it out", "unknown", null)];
  }

  others({ label }, said) {
    const other = (key, icon, text, at, title) => choice(key, icon, text, () => { this.judge("label", at); this.focus(); }, {
      title: `Label wrong: ${title}`,
      "aria-pressed": said?.verdict === VERDICTS.label && said.other === (at === null ? null : this.classAt(at).name) });
    return [
      ...this.data.classes.map((known, at) => at !== label && other(digitKey(at), iconOf(known), known.title, at, `it is ${this.an(at)}`)),
      other("X", null, "None of these", null, "it is none of these; leave it out")];
  }

  words(said) {
    const index = this.data.classes.findIndex((one) => one.name === said.other);
    if (said.verdict === VERDICTS.label) return `label wrong, ${index < 0 ? "none of these classes" : `it is ${this.an(index)}`}`;
    return said.verdict;
  }

  near(one, item) {
    if (!item) return el("li", { class: "empty" });
    const known = classNamed(this.data.classes, item.truth);
    const index = this.data.classes.indexOf(known);
    return el("li", { title: item.name, class: index === one.label ? "of-label" : index === one.said ? "of-model" : "" },
      el("img", { key: item.photo, src: address.thumb(this.data.base, item.photo), alt: `${item.name}, labelled ${known.title}`, decoding: "async" }),
      el("span", {}, iconOf(known), ` ${known.title}`));
  }

  toggleHeat() {
    this.heatOn = !this.heatOn;
    this.show();
  }

  // ---- keys --------------------------------------------------------------

  bindings() {
    const one = this.cases.list[this.place];
    return [
      onLetter("M", "Model wrong: the label is right", () => this.judge("model", null)),
      onLetter("L", "Label wrong: the prediction is right", () => this.judge("label", one.said)),
      { match: (event) => this.digit(event) >= 0, shown: ["1", "…", "9", "0"], text: "Label wrong: it is that class",
        run: (event) => this.digitPressed(this.digit(event)) },
      onLetter("X", "Label wrong: it is none of these classes; left out", () => this.judge("label", null)),
      onLetter("B", "Both animals in it: either class is right", () => this.judge("both", one.said)),
      onLetter("U", "Cannot tell: left out", () => this.judge("unknown", null)),
      { match: onKey("ArrowRight", "ArrowDown"), shown: ["→"], text: "Next photo", run: () => this.go(1) },
      { match: onKey("ArrowLeft", "ArrowUp"), shown: ["←"], text: "Previous photo", run: () => this.go(-1) },
      { match: onKey("Home"), shown: ["Home"], text: "First photo", run: () => this.to(0) },
      { match: onKey("End"), shown: ["End"], text: "Last photo", run: () => this.to(this.cases.count - 1) },
      { match: onCtrl("z"), shown: ["Ctrl", "Z"], text: "Undo, many steps", run: () => this.undo() },
      onLetter("H", "Heatmap of the predicted class", () => this.toggleHeat()),
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
    runBinding(this.bindings(), event);
    if (!this.root.getRootNode().activeElement) this.focus(); // the button that had the focus is gone
    if (!event.ctrlKey && !event.metaKey && event.key.length === 1) event.stopPropagation(); // Streamlit's own c and r
  }

  showKeys() { showKeys(this.sheets, "Keys for verdicts", this.bindings(), () => this.focus()); }

  judge(kind, other) {
    const place = this.place;
    const verdict = VERDICTS[kind];
    const name = other === null ? null : this.classAt(other).name;
    this.cases.judge(place, verdict, name);
    const open = this.cases.nextOpen(place);
    this.notice.say(`${place + 1}: ${this.words({ verdict, other: name })}` + (open < 0 ? " · all reviewed" : ""));
    if (place < this.cases.count - 1) this.place = place + 1;
    this.show();
  }

  undo() {
    const place = this.cases.undo();
    if (place === null) {
      this.notice.say("Nothing to undo");
      return;
    }
    this.place = place;
    this.notice.say(`${place + 1}: undone`);
    this.show();
  }

  go(by) { this.to(this.place + by); }

  to(place) {
    if (place < 0 || place >= this.cases.count) return;
    this.place = place;
    this.show();
  }

  dispose() {
    this.items?.close();
    this.cases.close();
  }
}

export default mounted(VerdictPanel);
