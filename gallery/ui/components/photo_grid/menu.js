// @ts-check
// Buttons that open a list of things to do.

class Menu {
  // `entries()` gives what is in the list when it opens.
  constructor(text, label, entries, kind = "") {
    this.entries = entries;
    this.list = make("div", { class: `menu ${kind}`, hidden: true, role: "group", "aria-label": label });
    this.node = make("span", { class: "setter", onkeydown: (event) => {
      if (event.key !== "Escape" || this.list.hidden) return;
      this.open(false);
      this.node.firstChild.focus();
      event.stopPropagation();
    } }, plain(text, () => this.open(this.list.hidden), { title: label, "aria-expanded": false }), this.list);
  }

  open(open) {
    this.list.hidden = !open;
    put(this.node.firstChild, { "aria-expanded": open });
    if (open) this.show(this.entries());
  }

  show(entries) {
    put(this.list, {}, entries);
    this.list.querySelector("button, input").focus();
  }
}
