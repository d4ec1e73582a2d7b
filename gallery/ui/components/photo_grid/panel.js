// @ts-check
// What stands beside the large photo: the tag and its keys, the model's bars, the heatmap, the facts.

const TOP = 5;

class Panel {
  constructor(large) {
    this.large = large;
    this.all = false;
    this.title = make("h2", {});
    this.tag = make("p", { class: "tag" });
    this.reason = make("p", { class: "reason" });
    this.sequence = make("p", { class: "quiet" });
    this.keys = make("div", { class: "keys", role: "group", "aria-label": "Set the class" });
    this.goesOn = make("input", {
      type: "checkbox", checked: large.goesOn,
      onchange: () => { large.goesOn = this.goesOn.checked; remember("advance", large.goesOn ? "yes" : "no"); large.dialog.focus(); } });
    this.advance = make("label", { class: "advance" }, this.goesOn, "Go on to the next photo after a class is set");
    this.bars = make("div", { class: "bars" });
    this.more = make("button", { type: "button", class: "plain more", onclick: () => { this.all = !this.all; this.redraw(); } });
    this.heatToggle = make("button", {
      type: "button", class: "plain", "aria-pressed": "false", text: "Heatmap ", title: "Heatmap of the class (H)",
      onclick: () => large.toggleHeat() }, make("kbd", { text: "H" }));
    this.slider = make("input", {
      type: "range", min: 10, max: 100, value: large.opacity, "aria-label": "Opacity of the heatmap",
      oninput: () => { large.opacity = Number(this.slider.value); remember("opacity", large.opacity); large.showHeat(); },
      onpointerup: () => large.dialog.focus() });
    this.boxToggle = make("button", { type: "button", class: "plain", text: "Boxes ", title: "What the detector found (D)",
      onclick: () => { large.toggleBoxes(); large.dialog.focus(); } }, make("kbd", { text: "D" }));
    this.boxWords = make("span", { class: "quiet" });
    this.boxControls = make("section", { class: "heat-controls", hidden: true }, this.boxToggle, this.boxWords);
    this.heatWords = make("p", { class: "evidence", role: "status" });
    this.list = make("dl", {});
    this.explain = make("a", { class: "plain link", text: "Explain this photo", onclick: (event) => this.goToExplain(event) });
    this.like = make("button", { type: "button", class: "plain", text: "More like this ", title: "The nearest photos of the collection (M)",
      onclick: () => large.grid.showLike(this.item) }, make("kbd", { text: "M" }));
    const keysButton = make("button", { type: "button", class: "plain", text: "Keys ", onclick: () => large.showKeys() },
      make("kbd", { text: "?" }));
    this.beside = make("div", { class: "keys beside", role: "group", "aria-label": "No animal, or another one" });
    this.correcting = make("section", {}, make("h3", { text: "Set the class" }), this.keys, this.beside, this.advance);
    this.node = make("aside", { class: "panel", "aria-label": "About this photo" }, this.title, this.tag, this.sequence, this.reason,
      this.correcting,
      make("section", {}, make("h3", { text: "Prediction" }), this.bars, this.more),
      make("section", { class: "heat-controls" }, this.heatToggle, this.slider, this.heatWords),
      this.boxControls,
      make("section", {}, make("h3", { text: "About the file" }), this.list),
      make("footer", {}, this.explain, this.like, keysButton));
  }

  // Within the app, so that the session stays; a click with Ctrl opens the address in a tab of its own.
  goToExplain(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !this.item?.photo) return;
    event.preventDefault();
    const { grid, dialog } = this.large;
    dialog.close();
    grid.component.setStateValue("explain", { photo: this.item.photo, at: Date.now() });
  }

  redraw() {
    if (this.item) this.show(this.item, this.facts);
  }

  show(item, facts) {
    const { data } = this.large.grid;
    const known = shownAs(data.classes, item);
    this.item = item;
    this.facts = facts;
    this.title.textContent = item.name;
    this.title.title = item.name;
    this.reason.textContent = data.reasons?.[item.id] ? `Why it is next: ${data.reasons[item.id]}` : "";
    this.advance.hidden = Boolean(data.reasons);
    this.tag.style.setProperty("--class", known.fill);
    this.tag.replaceChildren(
      iconOf(known),
      make("strong", { text: known.title }), make("span", { class: "who", text: this.whoSays(item) }));
    this.sequence.textContent = this.sequenceInWords();
    this.sequence.hidden = !this.sequence.textContent;
    this.correcting.hidden = !data.correct;
    if (data.correct) this.showKeys(item, data);
    this.showBars(facts);
    this.showFacts(item, facts);
    this.like.disabled = !item.predicted;
    this.explain.href = item.photo ? `${data.explain}photo=${item.photo}` : "#";
  }

  sequenceInWords() {
    const { count, chosen, stack } = this.large.frames;
    if (!count) return "";
    if (chosen !== null) return `Photo ${chosen + 1} of ${count} of the sequence. Keys set this photo alone.`;
    const differ = stack.dissenting ? `, ${stack.dissenting} of them tagged otherwise` : "";
    return `Sequence of ${count} photos${differ}. Keys set all ${count}; ↑ ↓ choose one.`;
  }

  whoSays(item) {
    if (item.source === "person") return "labelled by a person";
    if (item.source === "detector") return "by the detector's boxes";
    if (!item.label) return "";
    if (item.unlike) return `nearest class: ${classNamed(this.large.data.classes, item.label).title}`;
    return item.confidence === null ? "by the model" : `${percent(item.confidence)} confidence, by the model`;
  }

  showKeys(item, { classes, beside }) {
    if (!this.beside.childElementCount) {
      const key = (text, shown, run, icon) => make("button", { type: "button", class: "key", onclick: () => { run(); } },
        make("kbd", { text: shown }), icon, make("span", { text }));
      const set = (name) => () => { this.large.label(name); this.large.dialog.focus(); };
      this.beside.replaceChildren(
        ...beside.map((one) => key(one.title, BESIDE_KEYS[one.name], set(one.name), iconOf(one))),
        key("Another animal…", "X", () => this.large.chooseClass(true)),
        key("By name…", "/", () => this.large.chooseClass(false)));
    }
    beside.forEach((one, at) => this.beside.children[at].setAttribute("aria-pressed", item.label === one.name));
    if (this.keys.childElementCount !== classes.length) {
      this.keys.replaceChildren(...classes.map((one, at) => make("button", {
        type: "button", class: "key", onclick: () => { this.large.label(one.name); this.large.dialog.focus(); } },
        make("kbd", { text: at < 10 ? String((at + 1) % 10) : "" }),
        iconOf(one), make("span", { text: one.title }))));
    }
    classes.forEach((one, at) => {
      const button = this.keys.children[at];
      button.setAttribute("aria-pressed", item.label === one.name);
      button.style.setProperty("--class", one.fill);
    });
  }

  showBars(facts) {
    const { classes } = this.large.grid.data;
    const shares = facts?.probabilities || [];
    const drawn = JSON.stringify([shares, this.all, Boolean(facts), facts?.failed]);
    if (drawn === this.drawn) return; // a bar that is replaced between press and release would lose its click
    this.drawn = drawn;
    const focused = [...this.bars.children].indexOf(this.node.getRootNode().activeElement);
    if (!shares.length) {
      const words = facts ? "Not tagged yet: nothing to show." : "…";
      this.bars.replaceChildren(make("p", { class: "quiet", text: facts?.failed ? "" : words }));
      this.more.hidden = true;
      return;
    }
    const shown = this.all ? shares : shares.slice(0, TOP);
    this.bars.replaceChildren(...shown.map(([name, share]) => {
      const known = classNamed(classes, name);
      const bar = make("button", {
        type: "button", class: "share", title: `Heatmap of ${known.title.toLowerCase()}`,
        onclick: (event) => { this.large.heatFor(name); if (event.detail) this.large.dialog.focus(); } },
        make("span", { class: "who" }, iconOf(known), " ", known.title),
        make("span", { class: "track", "aria-hidden": "true" }, make("span", { class: "fill" })),
        make("span", { class: "value", text: percent(share) }));
      bar.dataset.name = name;
      bar.style.setProperty("--class", known.fill);
      bar.style.setProperty("--share", `${share * 100}%`);
      return bar;
    }));
    if (focused >= 0) this.bars.children[Math.min(focused, shown.length - 1)].focus(); // or the keys would go nowhere
    this.more.hidden = shares.length <= TOP;
    this.more.textContent = this.all ? "Only the top five" : `All ${shares.length} classes`;
    this.more.setAttribute("aria-expanded", this.all);
  }

  showHeat(name, words) {
    this.heatToggle.setAttribute("aria-pressed", this.large.heatOn);
    this.slider.disabled = !this.large.heatOn;
    this.heatWords.textContent = words;
    for (const bar of this.bars.children)
      if (bar.dataset.name) bar.setAttribute("aria-pressed", this.large.heatOn && bar.dataset.name === name);
  }

  showBoxes(boxes, on) {
    this.boxControls.hidden = !boxes.length;
    this.boxToggle.setAttribute("aria-pressed", on);
    const { classes } = this.large.grid.data;
    this.boxWords.textContent = boxes.map((box) => boxInWords(classes, box)).join("; ");
  }

  showFacts(item, facts) {
    if (!facts || facts.failed) { this.list.replaceChildren(); return; }
    const rows = [
      ["Taken", facts.taken_at ? facts.taken_at.replace("T", " ") : "no date in file"],
      ["Clock", facts.clock_shift ? `${facts.clock_shift} added to the date in the file` : ""],
      ["Camera", facts.camera],
      ["Size", `${facts.width_px} × ${facts.height_px} px, ${bytes(facts.size_bytes)} ${facts.format}`],
      ["Note", facts.notes.join("; ")],
      ["Model", item.predicted && item.source === "person" ? `predicted ${classNamed(this.large.grid.data.classes, item.predicted).title}` : ""],
      ...(item.source === "person" ? opinionRows(this.large.grid.data.classes, facts.opinions ?? []) : []),
      ["Path", facts.path],
    ];
    this.list.replaceChildren(...rows.filter(([, value]) => value).flatMap(
      ([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
  }
}
