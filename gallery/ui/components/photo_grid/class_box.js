// @ts-check
// A box to type the name of a class or of any label; Enter sets it.

const plainName = (text) => text.toLowerCase().replaceAll("_", " ").trim().split(/\s+/).join(" ");

class ClassBox {
  // `animal`: asked for an animal that is none of the classes, so that Enter alone says just that.
  constructor(data, animal, onChosen, onClosed) {
    this.data = data;
    this.animal = animal;
    this.onChosen = onChosen;
    this.at = 0;
    const named = (name) => ({ name, title: classNamed(data.classes, name).title });
    const other = [ANOTHER_ANIMAL, ...data.in_use].filter((name, at, all) => all.indexOf(name) === at).map(named);
    this.known = animal ? [...other, ...data.classes] : [...data.classes, ...data.beside, ...other];
    this.input = make("input", {
      type: "text", class: "class-name", maxLength: 100, role: "combobox", "aria-expanded": "true", "aria-controls": "class-choices",
      "aria-label": animal ? "Name of the animal" : "Name of the class or label", placeholder: animal ? "fox, red deer …" : "Type a name",
      autocomplete: "off", spellcheck: false, oninput: () => { this.at = 0; this.show(); } });
    this.list = make("div", { class: "choices", id: "class-choices", role: "listbox", "aria-label": "Classes and labels" });
    this.dialog = make("dialog", { class: "sheet class-box", "aria-label": animal ? "Another animal" : "Set the class",
      onclose: () => { this.dialog.remove(); onClosed(); }, onkeydown: (event) => this.pressed(event),
      onclick: (event) => { if (event.target === this.dialog) this.dialog.close(); } },
      make("h2", { text: animal ? "Another animal: which one?" : "Set the class" }), this.input, this.list,
      make("p", { class: "quiet", text: animal ? "Enter alone sets “Other animal”. A new name gets a shelf of its own." : "Enter sets it. A new name gets a shelf of its own." }));
  }

  open(place) {
    place.appendChild(this.dialog);
    this.show();
    this.dialog.showModal();
    this.input.focus();
  }

  matches() {
    const typed = plainName(this.input.value);
    const found = this.known.filter((one) => plainName(one.title).includes(typed) || plainName(one.name).includes(typed));
    const begins = (one) => !plainName(one.title).startsWith(typed);
    found.sort((one, other) => Number(begins(one)) - Number(begins(other)));
    const exact = found.find((one) => plainName(one.title) === typed || plainName(one.name) === typed);
    if (exact) return [exact, ...found.filter((one) => one !== exact)];
    return typed ? [...found, { name: this.input.value.trim(), title: this.input.value.trim(), isNew: true }] : found;
  }

  show() {
    this.found = this.matches();
    this.list.replaceChildren(...this.found.slice(0, 40).map((one, at) => make("div", {
      role: "option", class: "choice", id: `choice-${at}`, "aria-selected": at === this.at,
      onclick: () => this.choose(one) }, make("span", { text: one.title }),
      one.isNew ? make("span", { class: "quiet", text: "new label" }) : null)));
    this.input.setAttribute("aria-activedescendant", `choice-${this.at}`);
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  choose(one) {
    this.dialog.close();
    if (one) this.onChosen(one.name);
  }

  pressed(event) {
    event.stopPropagation(); // the keys of what lies below, and Streamlit's own
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.at = Math.min(Math.max(this.at + step, 0), this.found.length - 1);
      this.show();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.choose(this.found[this.at]);
    }
  }
}
