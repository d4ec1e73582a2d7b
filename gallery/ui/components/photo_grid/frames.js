// @ts-check
// The photos of the sequence that is shown large, as a strip below it: keys set them all, or one that is chosen.

class Frames {
  constructor(large) {
    this.large = large;
    this.chosen = null; // position of a photo; null: the whole sequence
    this.rows = [];
    this.node = make("div", { class: "frames", role: "group", "aria-label": "Photos of the sequence", hidden: true });
  }

  get count() { return this.stack ? this.stack.frames.length : 0; }

  // What is shown of an entry of the list: itself, or the photo that was chosen of its sequence.
  of(entry) {
    const stack = entry?.frames.length > 1 ? entry : null;
    if (stack?.id !== this.stack?.id) {
      this.chosen = null;
      this.rows = [];
      if (stack) this.fetch(stack);
    }
    this.stack = stack;
    this.draw();
    const row = this.chosen === null ? null : this.rows[this.chosen];
    return row ? this.large.items.labels.shown(row) : entry;
  }

  async fetch(stack) {
    const { base, model_id: model } = this.large.grid.data;
    const { labels } = this.large.items;
    const { acknowledged } = labels;
    // while the server is away the sequence is still shown by its first photo, and labelled as a whole
    const answer = await ask(`${base}/frames/${encodeURIComponent(model)}/${stack.id}`).catch(() => null);
    if (!answer || this.stack?.id !== stack.id) return;
    this.rows = answer.items.map(itemOf);
    labels.settle(stack.frames, acknowledged);
    this.large.show();
  }

  refresh() { if (this.stack) this.fetch(this.stack); }

  step(by) {
    const to = (this.chosen === null ? -1 : this.chosen) + by;
    if (to < this.rows.length) this.choose(to < 0 ? null : to);
  }

  choose(position) {
    this.chosen = position;
    this.large.show();
    this.large.focus();
    this.node.children[position === null ? 0 : position + 1].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  draw() {
    const { node, stack, rows, chosen } = this;
    node.hidden = !stack;
    if (!stack) return;
    const { base, classes } = this.large.data;
    const button = (position, properties, ...children) => el("button", { type: "button",
      "aria-pressed": chosen === position, onclick: () => this.choose(position), ...properties }, ...children);
    put(node, {},
      button(null, { class: "frame-of whole-stack", title: "Keys set all photos of the sequence" },
        el("strong", { text: `All ${stack.frames.length}` }), el("span", { text: "photos" })),
      rows.map((row) => this.large.items.labels.shown(row)).map((row, at) => {
        const known = classNamed(classes, row.label);
        const dissents = row.label && row.label !== stack.label;
        const words = row.label ? `${known.title}${dissents ? ", differs" : ""}` : "not tagged yet";
        return button(at, { class: dissents ? "frame-of dissents" : "frame-of",
          title: `${row.name}: ${words}. Keys then set this photo alone`, "aria-label": `${row.name}: ${words}` },
          el("img", { src: row.photo && address.thumb(base, row.photo), alt: "", draggable: false }),
          el("span", { class: "frame-words" }, iconOf(known), el("span", { text: dissents ? `≠ ${known.title}` : known.title })));
      }));
  }
}
