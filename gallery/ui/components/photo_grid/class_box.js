// @ts-check
// A box to type the name of a class or of any label; Enter sets it.

const plainName = (text) => text.toLowerCase().replaceAll("_", " ").trim().split(/\s+/).join(" ");

class ClassBox {
  // `animal`: asked for an animal that is none of the classes, so that Enter alone says just that.
  constructor(place, data, animal, onChosen, onclose) {
    this.onChosen = onChosen;
    this.at = 0;
    const named = (name) => ({ name, title: classNamed(data.classes, name).title });
    const other = [...new Set([ANOTHER_ANIMAL, ...data.in_use])].map(named);
    this.known = animal ? [...other, ...data.classes] : [...data.classes, ...data.beside, ...other];
    this.input = make("input", {
      type: "text", class: "class-name", maxLength: 100, role: "combobox", "aria-expanded": "true", "aria-controls": "class-choices",
      "aria-label": animal ? "Name of the animal" : "Name of the class or label", placeholder: animal ? "fox, red deer …" : "Type a name",
      autocomplete: "off", spellcheck: false, oninput: () => { this.at = 0; this.show(); } });
    this.list = make("div", { class: "choices", id: "class-choices", role: "listbox", "aria-label": "Classes and labels" });
    this.sheet = openSheet(place, animal ? "Another animal: which one?" : "Set the class",
      { class: "sheet class-box", onclose, onkeydown: (event) => this.pressed(event) }, this.input, this.list,
      el("p", { class: "quiet", text: `${animal ? "Enter alone sets “Other animal”" : "Enter sets it"}. A new name gets a shelf of its own.` }));
    this.show();
    this.input.focus();
  }

  matches() {
    const typed = plainName(this.input.value);
    const names = (one) => [plainName(one.title), plainName(one.name)];
    const found = this.known.filter((one) => names(one).some((name) => name.includes(typed)));
    const rank = (one) => (names(one).includes(typed) ? 0 : names(one)[0].startsWith(typed) ? 1 : 2);
    found.sort((one, other) => rank(one) - rank(other));
    if (!typed || found.some((one) => rank(one) === 0)) return found;
    return [...found, { name: this.input.value.trim(), title: this.input.value.trim(), isNew: true }];
  }

  show() {
    this.found = this.matches();
    put(this.list, {}, this.found.slice(0, 40).map((one, at) => el("div", {
      role: "option", class: "choice", id: `choice-${at}`, "aria-selected": at === this.at, onclick: () => this.choose(one) },
      el("span", { text: one.title }), one.isNew && el("span", { class: "quiet", text: "new label" }))));
    put(this.input, { "aria-activedescendant": `choice-${this.at}` });
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  choose(one) {
    this.sheet.close();
    if (one) this.onChosen(one.name);
  }

  pressed(event) {
    event.stopPropagation(); // the keys of what lies below, and Streamlit's own
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") this.choose(this.found[this.at]);
    else if (step) {
      this.at = Math.min(Math.max(this.at + step, 0), this.found.length - 1);
      this.show();
    } else return;
    event.preventDefault();
  }
}
