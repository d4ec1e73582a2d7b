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
      make("span", { class: "setter" }, this.setter, this.classes),
      button("Clear", () => { this.grid.selection.clear(); this.grid.draw(); this.grid.scroller.focus({ preventScroll: true }); }));
  }

  show() {
    const { size } = this.grid.selection;
    this.node.hidden = size === 0;
    if (!size) this.showMenu(false);
    this.setter.parentNode.hidden = !this.grid.data.correct;
    this.count.textContent = `${size.toLocaleString("en")} selected`;
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

// The server makes the file while it is sent, so that a full memory card downloads as well as three photos.
const downloadPhotos = async (grid, kind, ranges) => {
  const { data, items } = grid;
  try {
    const answer = await fetch(`${data.base}/pick/${items.token}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(ranges) });
    const picked = await answer.json();
    if (!answer.ok) throw new Error(picked.error);
    const link = make("a", { href: `${data.base}/download/${kind}/${picked.token}`, download: "" });
    grid.root.appendChild(link);
    link.click();
    link.remove();
    grid.say(kind === "zip" ? "The zip is on its way" : "The table is on its way");
  } catch (error) {
    grid.say(`The download did not start: ${error.message}`);
  }
};

// Everything that is shown, without selecting it.
class ExportMenu {
  constructor(grid) {
    this.grid = grid;
    const choice = (text, kind) => make("button", { type: "button", class: "key", text, onclick: () => { this.open(false); this.download(kind); } });
    this.menu = make("div", { class: "menu below", hidden: true, role: "group", "aria-label": "Export all photos of this view" },
      choice("Table of all (CSV)", "csv"), choice("Copies of all (zip)", "zip"));
    this.button = make("button", { type: "button", class: "plain", text: "Export…", title: "All photos of this view, as a table or as copies in folders by label",
      "aria-expanded": "false", onclick: () => this.open(this.menu.hidden) });
    this.node = make("span", { class: "setter", onkeydown: (event) => { if (event.key === "Escape") { this.open(false); this.button.focus(); } } },
      this.button, this.menu);
  }

  open(open) {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", open);
    if (open) this.menu.firstChild.focus();
  }

  download(kind) { downloadPhotos(this.grid, kind, [[0, this.grid.items.count - 1]]); }
}
