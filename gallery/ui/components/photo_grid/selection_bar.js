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
      button("Download as zip", () => this.download("zip")),
      button("Download CSV", () => this.download("csv")),
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
    const { classes } = this.grid.data;
    const choice = (text, icon, name, key) => make("button", {
      type: "button", class: "key", onclick: () => { this.grid.label(name); this.showMenu(false); this.grid.scroller.focus({ preventScroll: true }); } },
      make("kbd", { text: key }), icon, make("span", { text }));
    this.classes.replaceChildren(
      ...classes.map((one, at) => choice(one.title, iconOf(one), one.name, at < 10 ? String((at + 1) % 10) : "")),
      choice("Remove label", null, null, "⌫"));
    this.classes.firstChild.focus();
  }

  // The server makes the file while it is sent, so that a full memory card downloads as well as three photos.
  async download(kind) {
    const { data, items, selection } = this.grid;
    try {
      const answer = await fetch(`${data.base}/pick/${items.token}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(selection.ranges()) });
      const picked = await answer.json();
      if (!answer.ok) throw new Error(picked.error);
      const link = make("a", { href: `${data.base}/download/${kind}/${picked.token}`, download: "" });
      this.node.appendChild(link);
      link.click();
      link.remove();
      this.grid.say(kind === "zip" ? "The zip is on its way" : "The table is on its way");
    } catch (error) {
      this.grid.say(`The download did not start: ${error.message}`);
    }
  }
}
