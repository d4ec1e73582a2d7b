// @ts-check
// What waits with a photo of the review queue: its near duplicates, which get its label, and its look-alikes.

class Beside {
  constructor(large) {
    this.large = large;
    this.left = new Set(); // look-alikes that a click took out of the row
    this.words = make("p", { class: "quiet" });
    this.button = make("button", { type: "button", class: "plain", title: "Give the look-alikes the class of this photo (A)",
      onclick: () => { large.labelAlike(); large.dialog.focus(); } });
    this.strip = make("div", { class: "strip" });
    this.node = make("div", { class: "beside-photo", hidden: true, role: "group", "aria-label": "Near duplicates and look-alikes" },
      make("div", { class: "about" }, this.words, this.button), this.strip);
  }

  // What Python says of the queue: {list, files: its ids, of: {file id: {together, alike} as positions}}.
  take(beside, data, labels) {
    if (this.items?.token === beside?.list.token) return;
    this.items?.close();
    this.beside = beside;
    this.left.clear();
    this.items = beside ? new Items(data.base, beside.list, labels, () => this.large.show()) : null;
  }

  of(item) { return this.beside?.of[item?.id] || { together: [], alike: [] }; }

  // The files that get the label of these: the photos themselves and their near duplicates.
  withDuplicates(files) {
    if (!this.beside) return files;
    return [...new Set(files.flatMap((id) => [id, ...this.of({ id }).together.map((at) => this.beside.files[at])]))];
  }

  // The look-alikes in the row that nobody has labelled meanwhile.
  alike(item) {
    return this.of(item).alike.filter((at) => this.items.at(at)?.source === "model" && !this.left.has(this.beside.files[at]))
      .map((at) => this.beside.files[at]);
  }

  show(item) {
    const { together, alike } = this.of(item);
    const all = [...together, ...alike];
    const before = this.node.hidden;
    this.node.hidden = !all.length;
    if (before !== this.node.hidden) this.large.fit();
    if (!all.length) return;
    this.items.need(Math.min(...all), Math.max(...all));
    const { classes, base } = this.large.data;
    const chosen = this.alike(item);
    const title = classNamed(classes, item.label).title;
    const words = [together.length ? `${photosInWords(together.length)} nearly the same: labelled with it` : "",
      alike.length ? `${together.length ? "then " : ""}look-alikes, predicted ${classNamed(classes, item.predicted).title} too` : ""];
    this.words.textContent = words.filter(Boolean).join("; ");
    this.button.hidden = !chosen.length;
    this.button.replaceChildren(`Set ${photosInWords(chosen.length + 1 + together.length)} to ${title} `, make("kbd", { text: "A" }));
    const drawn = JSON.stringify([item.id, all.map((at) => this.items.at(at)), [...this.left]]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.strip.replaceChildren(...all.map((at, place) => this.thumb(this.items.at(at), place < together.length, base)));
  }

  thumb(other, isSame, base) {
    if (!other) return make("span", { class: "thumb" });
    const known = classNamed(this.large.data.classes, other.label);
    const byPerson = other.source === "person";
    const about = `${other.name}: ${byPerson ? `${known.title}, labelled by a person` : isSame ? "nearly the same" : known.title}`;
    const picture = make("img", { src: address.thumb(base, other), alt: "", draggable: false });
    if (isSame || byPerson) return make("span", { class: byPerson ? "thumb done" : "thumb same", title: about, role: "img", "aria-label": about }, picture);
    const out = this.left.has(other.id);
    return make("button", { type: "button", class: "thumb", "aria-pressed": !out, "aria-label": about,
      title: `${about}. Click to ${out ? "put it back" : "leave it out"}`,
      onclick: () => { if (!this.left.delete(other.id)) this.left.add(other.id); this.large.show(); this.large.dialog.focus(); } }, picture);
  }
}
