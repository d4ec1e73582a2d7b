// @ts-check
// What can be done with the selected photos; it floats over the grid while there are any.

class SelectionBar {
  constructor(grid) {
    this.grid = grid;
    this.count = make("strong", { role: "status" });
    this.classes = make("div", { class: "menu", hidden: true, role: "group", "aria-label": "Set the class of the selected photos",
      onkeydown: (event) => { if (event.key === "Escape") { this.showMenu(false); event.stopPropagation(); } } });
    this.setter = make("button", {
      type: "button", class: "plain", text: "Set class…", "aria-expanded": "false", onclick: () => this.showMenu(this.classes.hidden) });
    const button = (text, run) => make("button", { type: "button", class: "plain", text, onclick: run });
    this.node = make("div", { class: "selection-bar", role: "toolbar", "aria-label": "Selected photos", hidden: true },
      this.count,
      button("Download as zip", () => downloadPhotos(grid, "zip", grid.selection.ranges())),
      button("Download CSV", () => downloadPhotos(grid, "csv", grid.selection.ranges())),
      (this.formats = new FormatMenu(grid, "More formats…", "Export the selected photos", () => grid.selection.ranges(), otherFormats)).node,
      make("span", { class: "setter" }, this.setter, this.classes),
      button("Clear", () => { this.grid.selection.clear(); this.grid.draw(); this.grid.scroller.focus({ preventScroll: true }); }));
  }

  show() {
    const { size } = this.grid.selection;
    this.node.hidden = size === 0;
    if (!size) {
      this.showMenu(false);
      this.formats.open(false);
    }
    this.setter.parentNode.hidden = !this.grid.data.correct;
    this.count.textContent = `${size.toLocaleString("en")} selected${this.photosInStacks()}`;
  }

  photosInStacks() {
    const { data, items, selection } = this.grid;
    const ranges = selection.ranges();
    return data.stacked && items.knows(ranges) ? `: ${photosInWords(items.files(ranges).length)}` : "";
  }

  showMenu(open) {
    this.classes.hidden = !open;
    this.setter.setAttribute("aria-expanded", open);
    if (!open) return;
    const { classes, beside } = this.grid.data;
    const choice = (text, icon, name, key) => make("button", {
      type: "button", class: "key", onclick: () => { this.grid.label(name); this.showMenu(false); this.grid.scroller.focus({ preventScroll: true }); } },
      make("kbd", { text: key }), icon, make("span", { text }));
    this.classes.replaceChildren(
      ...[...classes, ...beside].map((one, at) => choice(one.title, iconOf(one), one.name, BESIDE_KEYS[one.name] || (at < 10 ? String((at + 1) % 10) : ""))),
      make("button", { type: "button", class: "key", onclick: () => { this.showMenu(false); this.grid.chooseClass(false); } },
        make("kbd", { text: "/" }), make("span", { text: "By name…" })),
      choice("Remove label", null, null, "⌫"));
    this.classes.firstChild.focus();
  }
}
