// @ts-check
// One cell of the grid; cells are few and are used again for other photos while scrolling.

class Cell {
  constructor(grid) {
    this.grid = grid;
    this.node = make("div", { role: "option" });
    this.state = ""; // of its picture: loaded, or broken
  }

  show(index, item) {
    const { grid } = this;
    const chosen = grid.selection.has(index);
    const drawn = JSON.stringify([index, item, chosen, grid.active === index, grid.heatOn]);
    this.index = index;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    if (this.photo !== item?.photo) this.state = "";
    this.photo = item?.photo;
    const known = item && shownAs(grid.data.classes, item);
    const name = item && (item.folder ? `${item.folder} / ${item.name}` : item.name);
    const count = item?.frames.length > 1 && item.frames.length;
    const differ = item?.dissenting;
    const frames = this.frames(item);
    const is = { chosen, active: grid.active === index, empty: !item, unread: item && !item.photo, "by-person": item?.source === "person",
      stacked: count, two: frames.length > 1, three: frames.length > 2, differs: frames[2]?.heat };
    this.classes = ["cell", ...Object.keys(is).filter((one) => is[one])].join(" ");
    put(this.node, { id: `cell-${index}`, "aria-posinset": index + 1, "aria-setsize": grid.items.count, "aria-selected": chosen,
      title: name, "--class": known?.fill,
      "aria-label": item ? `${item.name}: ${this.inWords(item, known)}` : `Photo ${index + 1}, loading` },
      frames.map((frame, at) => this.frame(frame, at, item && `${known.title}: ${item.name}`)),
      item && this.badge(item),
      el("span", { class: "person", title: "Labelled by a person", text: "person", "aria-hidden": "true" }),
      el("span", { class: "name", text: name }),
      el("span", { class: differ ? "stack dissents" : "stack", "aria-hidden": "true",
        text: count && `${count}${differ ? ` · ${differ} differ${differ === 1 ? "s" : ""}` : ""}` }),
      el("span", { class: "tick", "aria-hidden": "true", text: "✓" }));
    this.dress();
  }

  // As the picture comes, or does not.
  dress(state = this.state) {
    this.state = state;
    put(this.node, { class: `${this.classes} ${state}` });
  }

  inWords(item, known) {
    const { label, source, confidence, frames, dissenting } = item;
    const sure = confidence === null || known === UNLIKE_ANYTHING ? "" : `, ${percent(confidence)} confidence`;
    const who = source === "person" ? `${known.title}, labelled by a person` : label ? `${known.title}${sure}` : "not tagged yet";
    const differ = dissenting ? `, ${dissenting} differ` : "";
    return frames.length > 1 ? `${who}, first of ${frames.length} photos of a sequence${differ}` : who;
  }

  // The class in words with its icon, the confidence where the model gave it, and in an evaluation the true class
  // of an error.
  badge(item) {
    const titled = (name) => classNamed(this.grid.data.classes, name).title;
    const { truth, predicted, source, confidence, photo } = item;
    const label = (truth && predicted) || item.label;
    const byPerson = source === "person";
    const unlike = item.unlike && source === "model" && !truth;
    const known = unlike ? UNLIKE_ANYTHING : classNamed(this.grid.data.classes, label);
    const sure = label && (truth || !byPerson) && confidence !== null && !unlike ? percent(confidence) : "";
    const same = this.grid.large.beside.of(item).together.length;
    const notes = label ? [
      unlike && `nearest class ${titled(item.label)}`,
      truth && truth !== label && `true class ${titled(truth)}`,
      truth && byPerson && item.label !== truth &&
        `labelled ${titled(item.label)} ${item.elsewhere ? `in ${item.elsewhere}` : "by a person"}`,
      same && `+ ${plural(same, "near duplicate")}`] : [];
    return el("span", { class: "badge" }, iconOf(known),
      el("span", { class: "words", text: label ? known.title : photo ? "not tagged yet" : "not read yet" }),
      el("span", { class: "sure", text: sure }), el("span", { class: "remark", text: notes.filter(Boolean).join(", ") }));
  }

  // The heatmaps that lie over the photo: one of its class; or those of its true and its predicted class, and their
  // difference; a right answer has the photo alone in the place of that.
  frames(item) {
    const { data, heatOn } = this.grid;
    const { truth, predicted, photo } = item ?? {};
    const on = heatOn && photo && (predicted || item.label);
    const pair = truth && predicted && ["difference", "true_and_predicted"].includes(data.heatmaps);
    const two = on && pair && truth !== predicted;
    const heat = (name, other = null) => on && address.heatmap(data.base, data.model_id, photo, name, other);
    if (!pair) return [{ heat: heat(on) }];
    const frames = [
      { heat: two ? heat(truth, predicted) : heat(on), title: `evidence for ${truth}` },
      { heat: two ? heat(predicted, truth) : heat(on), title: `evidence for ${predicted}` }];
    if (data.heatmaps === "difference") frames.push({ heat: two && address.difference(data.base, data.model_id, item),
      title: two ? `orange: ${predicted} and not ${truth}, purple: the reverse` : "" });
    return frames;
  }

  frame({ heat, title }, at, alt) {
    const listening = at ? {} : { alt: alt ?? "", onload: ({ target }) => {
      put(this.node, { "--ratio": target.naturalWidth / target.naturalHeight });
      this.dress("loaded");
    }, onerror: () => this.dress("broken") };
    const thumb = this.photo ? address.thumb(this.grid.data.base, this.photo) : null;
    return el("span", { class: ["frame", "frame twin", "frame third"][at], title },
      el("img", { alt: "", decoding: "async", draggable: false, src: thumb, ...listening }), heatmap(heat || null));
  }
}
