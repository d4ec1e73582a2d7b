// @ts-check
// What waits with a photo of the review queue: its near duplicates, which get its label, and its look-alikes.

class Beside {
  constructor(large) {
    this.large = large;
    this.left = new Set(); // look-alikes that a click took out of the row
    this.node = make("div", { class: "beside-photo", hidden: true, role: "group", "aria-label": "Near duplicates and look-alikes" });
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
    this.node.hidden = !all.length;
    if (!all.length) return;
    this.items.need(Math.min(...all), Math.max(...all));
    const titled = (name) => classNamed(this.large.data.classes, name).title;
    const words = [together.length && `${photosInWords(together.length)} nearly the same: labelled with it`,
      alike.length && `${together.length ? "then " : ""}look-alikes, predicted ${titled(item.predicted)} too`];
    const chosen = this.alike(item).length;
    put(this.node, {},
      el("div", { class: "about" }, el("p", { class: "quiet", text: words.filter(Boolean).join("; ") }),
        this.large.button(`Set ${photosInWords(chosen + 1 + together.length)} to ${titled(item.label)}`, () => this.large.labelAlike(),
          { key: "A", hidden: !chosen, title: "Give the look-alikes the class of this photo (A)" })),
      el("div", { class: "strip" }, all.map((at, place) => this.thumb(this.items.at(at), place < together.length))));
  }

  thumb(other, isSame) {
    if (!other) return el("span", { class: "thumb" });
    const { title } = classNamed(this.large.data.classes, other.label);
    const byPerson = other.source === "person";
    const about = `${other.name}: ${byPerson ? `${title}, labelled by a person` : isSame ? "nearly the same" : title}`;
    const picture = el("img", { key: other.photo, src: address.thumb(this.large.data.base, other.photo), alt: "", draggable: false });
    if (isSame || byPerson)
      return el("span", { class: byPerson ? "thumb done" : "thumb same", title: about, role: "img", "aria-label": about }, picture);
    const out = this.left.has(other.id);
    return el("button", { type: "button", class: "thumb", "aria-pressed": !out, "aria-label": about,
      title: `${about}. Click to ${out ? "put it back" : "leave it out"}`,
      onclick: () => {
        if (!this.left.delete(other.id)) this.left.add(other.id);
        this.large.show();
        this.large.focus();
      } }, picture);
  }
}
