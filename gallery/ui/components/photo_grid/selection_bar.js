// @ts-check
// What can be done with the selected photos; it floats over the grid while there are any.

class SelectionBar {
  constructor(grid) {
    this.grid = grid;
    const ranges = () => grid.selection.ranges();
    this.formats = formatMenu(grid, "More formats…", "Export the selected photos", ranges, otherFormats);
    this.classes = new Menu("Set class…", "Set the class of the selected photos", () => this.choices());
    this.count = make("strong", { role: "status" });
    this.node = make("div", { class: "selection-bar", role: "toolbar", "aria-label": "Selected photos", hidden: true },
      this.count,
      plain("Download as zip", () => downloadPhotos(grid, "zip", ranges())),
      plain("Download CSV", () => downloadPhotos(grid, "csv", ranges())),
      this.formats.node, this.classes.node,
      plain("Clear", () => { grid.selection.clear(); grid.draw(); grid.focus(); }));
  }

  show() {
    const { selection, data, items } = this.grid;
    this.node.hidden = selection.size === 0;
    if (this.node.hidden) for (const menu of [this.classes, this.formats]) menu.open(false);
    this.classes.node.hidden = !data.correct;
    const ranges = selection.ranges();
    const photos = data.stacked && items.knows(ranges) ? `: ${photosInWords(items.files(ranges).length)}` : "";
    put(this.count, { text: `${selection.size.toLocaleString("en")} selected${photos}` });
  }

  choices() {
    const { classes, beside } = this.grid.data;
    const entry = (key, icon, text, run) => choice(key, icon, text, () => { this.classes.open(false); run(); });
    const set = (name) => () => { this.grid.label(name); this.grid.focus(); };
    return [
      ...[...classes, ...beside].map((one, at) => entry(BESIDE_KEYS[one.name] || digitKey(at), iconOf(one), one.title, set(one.name))),
      entry("/", null, "By name…", () => this.grid.chooseClass(false)),
      entry("⌫", null, "Remove label", set(null))];
  }
}
