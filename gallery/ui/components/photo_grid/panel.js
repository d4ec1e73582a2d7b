// @ts-check
// What stands beside the large photo: the tag and its keys, the model's bars, the heatmap, the facts.

const TOP = 5;

class Panel {
  constructor(large) {
    this.large = large;
    this.all = false;
    this.node = make("aside", { class: "panel", "aria-label": "About this photo" });
  }

  // Within the app, so that the session stays; a click with Ctrl opens the address in a tab of its own.
  goToExplain(event, { photo }) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !photo) return;
    event.preventDefault();
    const { grid, dialog } = this.large;
    dialog.close();
    grid.component.setStateValue("explain", { photo, at: Date.now() });
  }

  show() {
    const { large } = this;
    const { data, item, facts } = large;
    const known = shownAs(data.classes, item);
    const sequence = this.sequenceInWords();
    const reason = data.reasons?.[item.id];
    put(this.node, {},
      el("h2", { title: item.name, text: item.name }),
      el("p", { class: "tag", "--class": known.fill }, iconOf(known), el("strong", { text: known.title }),
        el("span", { class: "who", text: this.whoSays(item) })),
      el("p", { class: "quiet", hidden: !sequence, text: sequence }),
      el("p", { class: "reason", text: reason && `Why it is next: ${reason}` }),
      el("section", { hidden: !data.correct }, el("h3", { text: "Set the class" }), this.keys(item, data),
        el("label", { class: "advance", hidden: Boolean(data.reasons) },
          el("input", { type: "checkbox", checked: large.goesOn, onchange: ({ target }) => {
            large.goesOn = target.checked;
            remember("advance", large.goesOn ? "yes" : "no");
            large.focus();
          } }), "Go on to the next photo after a class is set")),
      el("section", {}, el("h3", { text: "Prediction" }), this.bars()),
      el("section", { class: "heat-controls" },
        plain("Heatmap", () => large.toggleHeat(), { key: "H", title: "Heatmap of the class (H)", "aria-pressed": large.heatOn }),
        el("input", { type: "range", min: 10, max: 100, value: large.opacity, disabled: !large.heatOn, "aria-label": "Opacity of the heatmap",
          oninput: ({ target }) => { large.opacity = Number(target.value); remember("opacity", large.opacity); large.show(); },
          onpointerup: () => large.focus() }),
        el("p", { class: "evidence", role: "status", text: large.heat.words })),
      el("section", { class: "heat-controls", hidden: !large.boxes.length },
        large.button("Boxes", () => large.toggleBoxes(), { key: "D", title: "What the detector found (D)", "aria-pressed": large.boxesOn }),
        el("span", { class: "quiet", text: large.boxes.map((box) => boxInWords(data.classes, box)).join("; ") })),
      el("section", {}, el("h3", { text: "About the file" }), el("dl", {}, this.facts(item, facts).filter(([, value]) => value)
        .map(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]))),
      el("footer", {},
        el("a", { class: "plain link", text: "Explain this photo", href: item.photo ? `${data.explain}photo=${item.photo}` : "#",
          onclick: (event) => this.goToExplain(event, item) }),
        plain("More like this", () => large.grid.showLike(item),
          { key: "M", title: "The nearest photos of the collection (M)", disabled: !item.predicted }),
        plain("Keys", () => large.showKeys(), { key: "?" })));
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

  keys(item, { classes, beside }) {
    const { large } = this;
    const set = (key, one) => choice(key, iconOf(one), one.title, () => { large.label(one.name); large.focus(); },
      { "aria-pressed": item.label === one.name, "--class": one.fill });
    return [
      el("div", { class: "keys", role: "group", "aria-label": "Set the class" }, classes.map((one, at) => set(digitKey(at), one))),
      el("div", { class: "keys beside", role: "group", "aria-label": "No animal, or another one" },
        beside.map((one) => set(BESIDE_KEYS[one.name], one)),
        choice("X", null, "Another animal…", () => large.chooseClass(true)),
        choice("/", null, "By name…", () => large.chooseClass(false)))];
  }

  bars() {
    const { data, facts, heatOn, heat } = this.large;
    const shares = facts?.probabilities ?? [];
    const words = facts?.failed ? "" : facts ? "Not tagged yet: nothing to show." : "…";
    const bar = ([name, share]) => {
      const known = classNamed(data.classes, name);
      return el("button", { type: "button", class: "share", title: `Heatmap of ${known.title.toLowerCase()}`, "data-name": name,
        "aria-pressed": heatOn && heat.name === name, "--class": known.fill, "--share": `${share * 100}%`,
        onclick: (event) => { this.large.heatFor(name); if (event.detail) this.large.focus(); } },
        el("span", { class: "who" }, iconOf(known), " ", known.title),
        el("span", { class: "track", "aria-hidden": "true" }, el("span", { class: "fill" })),
        el("span", { class: "value", text: percent(share) }));
    };
    return [
      el("div", { class: "bars" },
        shares.length ? shares.slice(0, this.all ? undefined : TOP).map(bar) : el("p", { class: "quiet", text: words })),
      plain(this.all ? "Only the top five" : `All ${shares.length} classes`, () => { this.all = !this.all; this.show(); },
        { class: "plain more", hidden: shares.length <= TOP, "aria-expanded": this.all })];
  }

  facts(item, facts) {
    if (!facts || facts.failed) return [];
    const { classes } = this.large.data;
    const byPerson = item.source === "person";
    return [
      ["Taken", facts.taken_at ? facts.taken_at.replace("T", " ") : "no date in file"],
      ["Clock", facts.clock_shift && `${facts.clock_shift} added to the date in the file`],
      ["Camera", facts.camera],
      ["Size", `${facts.width_px} × ${facts.height_px} px, ${bytes(facts.size_bytes)} ${facts.format}`],
      ["Note", facts.notes.join("; ")],
      ["Model", item.predicted && byPerson && `predicted ${classNamed(classes, item.predicted).title}`],
      ...(byPerson ? opinionRows(classes, facts.opinions ?? []) : []),
      ["Path", facts.path],
    ];
  }
}
