// @ts-check
// One cell of the grid; cells are few and are used again for other photos while scrolling.

class Cell {
  constructor(grid, number) {
    this.grid = grid;
    this.picture = make("img", { alt: "", decoding: "async", draggable: false });
    this.heat = make("img", { class: "heat", alt: "", decoding: "async", draggable: false });
    this.frame = make("span", { class: "frame" }, this.picture, this.heat);
    this.twin = make("img", { alt: "", decoding: "async", draggable: false });
    this.twinHeat = make("img", { class: "heat", alt: "", decoding: "async", draggable: false });
    this.twinFrame = make("span", { class: "frame twin" }, this.twin, this.twinHeat);
    this.third = make("img", { alt: "", decoding: "async", draggable: false });
    this.difference = make("img", { class: "heat", alt: "", decoding: "async", draggable: false });
    this.thirdFrame = make("span", { class: "frame third" }, this.third, this.difference);
    this.icon = make("img", { class: "icon", alt: "", draggable: false });
    this.words = make("span", { class: "words" });
    this.sure = make("span", { class: "sure" });
    this.note = make("span", { class: "remark" });
    this.badge = make("span", { class: "badge" }, this.icon, this.words, this.sure, this.note);
    this.person = make("span", { class: "person", title: "Labelled by a person", text: "person", "aria-hidden": "true" });
    this.tick = make("span", { class: "tick", "aria-hidden": "true", text: "✓" });
    this.stack = make("span", { class: "stack", "aria-hidden": "true" });
    this.name = make("span", { class: "name" });
    this.node = make("div", { class: "cell", role: "option", id: `cell-${number}` },
      this.frame, this.twinFrame, this.thirdFrame, this.badge, this.person, this.name, this.stack, this.tick);
    this.picture.addEventListener("load", () => { this.node.classList.add("loaded"); this.fitHeat(); });
    this.picture.addEventListener("error", () => this.node.classList.add("broken"));
    for (const heat of [this.heat, this.twinHeat, this.difference]) heat.addEventListener("error", () => awaitHeat(heat));
    this.index = -1;
  }

  place(index, left, top, width, height) {
    if (this.index !== index) this.item = undefined;
    this.index = index;
    const { style } = this.node;
    style.transform = `translate(${left}px, ${top}px)`;
    style.width = `${width}px`;
    style.height = `${height}px`;
    this.node.setAttribute("aria-posinset", index + 1);
    this.node.setAttribute("aria-setsize", this.grid.items.count);
  }

  show(item) {
    const { grid, node } = this;
    node.classList.toggle("chosen", grid.selection.has(this.index));
    node.classList.toggle("active", grid.active === this.index);
    node.setAttribute("aria-selected", grid.selection.has(this.index));
    const drawn = item && JSON.stringify([item, grid.heatOn]);
    if (drawn === this.item) { this.fitHeat(); return; }
    this.item = drawn;
    node.classList.toggle("empty", !item);
    if (!item) {
      this.source(this.picture, "");
      this.source(this.heat, "");
      this.words.textContent = "";
      this.sure.textContent = "";
      this.note.textContent = "";
      node.classList.remove("stacked");
      node.setAttribute("aria-label", `Photo ${this.index + 1}, loading`);
      return;
    }
    const known = shownAs(grid.data.classes, item);
    const byPerson = item.source === "person";
    this.source(this.picture, item.photo ? address.thumb(grid.data.base, item) : "");
    node.classList.toggle("unread", !item.photo);
    node.classList.toggle("by-person", byPerson);
    node.style.setProperty("--class", known.fill);
    const shown = this.shownLabel(item);
    if (this.icon.getAttribute("src") !== shown.icon) this.icon.src = shown.icon;
    this.words.textContent = shown.words;
    this.sure.textContent = shown.sure;
    this.note.textContent = shown.note;
    this.name.textContent = item.folder ? `${item.folder} / ${item.name}` : item.name;
    node.title = this.name.textContent;
    const sure = item.confidence === null || known === UNLIKE_ANYTHING ? "" : `, ${percent(item.confidence)} confidence`;
    const who = byPerson ? `${known.title}, labelled by a person` : item.label ? `${known.title}${sure}` : "not tagged yet";
    node.classList.toggle("stacked", item.frames.length > 1);
    this.stack.textContent = item.frames.length > 1 ? `${item.frames.length}${item.dissenting ? ` · ${item.dissenting} differ${item.dissenting === 1 ? "s" : ""}` : ""}` : "";
    this.stack.classList.toggle("dissents", item.dissenting > 0);
    const stack = item.frames.length > 1 ? `, first of ${item.frames.length} photos of a sequence${item.dissenting ? `, ${item.dissenting} differ` : ""}` : "";
    node.setAttribute("aria-label", `${item.name}: ${who}${stack}`);
    this.picture.alt = `${known.title}: ${item.name}`;
    this.showHeat(item);
  }

  // What the badge says: the class in words with its icon, the confidence where the model gave it, and in an
  // evaluation the true class of an error.
  shownLabel(item) {
    const titled = (name) => classNamed(this.grid.data.classes, name);
    const shown = (item.truth && item.predicted) || item.label;
    const unlike = item.unlike && item.source === "model" && !item.truth;
    const { icon, title } = unlike ? UNLIKE_ANYTHING : titled(shown);
    if (!shown) return { icon, words: item.photo ? "not tagged yet" : "not read yet", sure: "", note: "" };
    const byPerson = item.source === "person";
    const sure = (item.truth || !byPerson) && item.confidence !== null && !unlike ? percent(item.confidence) : "";
    const notes = unlike ? [`nearest class ${titled(item.label).title}`] : [];
    if (item.truth && item.truth !== shown) notes.push(`true class ${titled(item.truth).title}`);
    if (item.truth && byPerson && item.label !== item.truth) notes.push(`labelled ${titled(item.label).title} ${item.elsewhere ? `in ${item.elsewhere}` : "by a person"}`);
    const same = this.grid.large.beside.of(item).together.length;
    if (same) notes.push(`+ ${same} near duplicate${same === 1 ? "" : "s"}`);
    return { icon, words: title, sure, note: notes.join(", ") };
  }

  showHeat(item) {
    const { data, heatOn } = this.grid;
    const asked = item.predicted || item.label;
    const three = data.heatmaps === "difference";
    const twins = (three || data.heatmaps === "true_and_predicted") && item.truth && item.predicted;
    const on = heatOn && item.photo && asked;
    const two = on && twins && item.truth !== item.predicted;
    this.node.classList.toggle("two", Boolean(twins));
    const url = (name, other) => address.heatmap(data.base, data.model_id, item, name, data.colour_map, other);
    this.source(this.heat, on ? url(two ? item.truth : asked, two ? item.predicted : null) : "");
    this.source(this.twin, twins ? address.thumb(data.base, item) : "");
    this.source(this.twinHeat, two ? url(item.predicted, item.truth) : on && twins ? url(asked, null) : "");
    const differs = three && two;
    this.node.classList.toggle("three", Boolean(three && twins));
    this.node.classList.toggle("differs", Boolean(differs)); // a right answer has the photo alone there
    this.source(this.third, three && twins ? address.thumb(data.base, item) : "");
    this.source(this.difference, differs ? address.difference(data.base, data.model_id, item) : "");
    this.thirdFrame.title = differs ? `orange: ${item.predicted} and not ${item.truth}, purple: the reverse` : "";
    this.frame.title = twins ? `evidence for ${item.truth}` : "";
    this.twinFrame.title = twins ? `evidence for ${item.predicted}` : "";
  }

  source(image, url) {
    if (image.dataset.url === url) return;
    image.dataset.url = url;
    if (image === this.picture) this.node.classList.remove("loaded", "broken");
    if (url) image.src = url;
    else image.removeAttribute("src");
  }

  // A heatmap covers the whole photo: it lies exactly where the photo lies, however that is cut.
  fitHeat() {
    const { naturalWidth: wide, naturalHeight: high } = this.picture;
    if (!wide || (!this.heat.dataset.url && !this.twinHeat.dataset.url && !this.difference.dataset.url)) return;
    const box = this.frame.getBoundingClientRect();
    const fit = this.grid.whole ? Math.min : Math.max;
    const scale = fit(box.width / wide, box.height / high);
    for (const heat of [this.heat, this.twinHeat, this.difference]) {
      heat.style.width = `${wide * scale}px`;
      heat.style.height = `${high * scale}px`;
      heat.style.opacity = heat === this.difference ? 0.9 : this.grid.data.opacity;
    }
  }
}
