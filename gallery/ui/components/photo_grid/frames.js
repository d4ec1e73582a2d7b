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

  async fetch({ id }) {
    const { base, model_id: model } = this.large.grid.data;
    const { labels } = this.large.items;
    const { acknowledged } = labels;
    try {
      const answer = await fetch(`${base}/frames/${encodeURIComponent(model)}/${id}`);
      if (!answer.ok || this.stack?.id !== id) return;
      this.rows = (await answer.json()).items.map(itemOf);
      labels.settle(this.rows, acknowledged);
      this.large.show();
    } catch {
      // the server is away: the sequence is still shown by its first photo, and labelled as a whole
    }
  }

  refresh() { if (this.stack) this.fetch(this.stack); }

  step(by) {
    const to = (this.chosen === null ? -1 : this.chosen) + by;
    if (to < this.rows.length) this.choose(to < 0 ? null : to);
  }

  choose(position) {
    this.chosen = position;
    this.large.show();
    this.large.dialog.focus();
  }

  draw() {
    const { node, stack, rows, chosen } = this;
    node.hidden = !stack;
    if (!stack) return;
    const { base, classes } = this.large.grid.data;
    const shown = rows.map((row) => this.large.items.labels.shown(row));
    const drawn = JSON.stringify([stack.id, stack.label, shown.map((row) => [row.id, row.label, row.source]), chosen]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const button = (pressed, position, properties, ...children) => make("button", {
      type: "button", "aria-pressed": pressed, onclick: () => this.choose(position), ...properties }, ...children);
    node.replaceChildren(
      button(chosen === null, null, { class: "frame-of whole-stack", title: "Keys set all photos of the sequence" },
        make("strong", { text: `All ${stack.frames.length}` }), make("span", { text: "photos" })),
      ...shown.map((row, at) => {
        const known = classNamed(classes, row.label);
        const dissents = row.label && row.label !== stack.label;
        const words = row.label ? `${known.title}${dissents ? ", differs" : ""}` : "not tagged yet";
        return button(chosen === at, at, { class: dissents ? "frame-of dissents" : "frame-of",
          title: `${row.name}: ${words}. Keys then set this photo alone`, "aria-label": `${row.name}: ${words}` },
          make("img", { src: row.photo ? address.thumb(base, row) : "", alt: "", draggable: false }),
          make("span", { class: "frame-words" }, iconOf(known), make("span", { text: dissents ? `≠ ${known.title}` : known.title })));
      }));
    node.children[chosen === null ? 0 : chosen + 1]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
