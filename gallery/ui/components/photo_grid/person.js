// @ts-check
// Under which name labels are kept: asked once, then a small button to change it.

class Person {
  constructor(usual, onNamed) {
    this.usual = usual;
    this.onNamed = onNamed;
    this.input = make("input", { type: "text", maxLength: 60, class: "person-name", "aria-label": "Your name", autocomplete: "off" });
    this.form = make("form", { class: "who-form", onsubmit: (event) => { event.preventDefault(); this.keep(); },
      onkeydown: (event) => this.pressed(event) },
      make("span", { text: "Your name" }), this.input, make("button", { type: "submit", class: "plain", text: "OK" }));
    this.button = make("button", { type: "button", class: "plain who", title: "Your labels are kept under this name, and Ctrl+Z undoes only yours. Click to change it.",
      onclick: () => this.ask() });
    this.node = make("span", { class: "labelling-as" }, this.form, this.button);
    this.show(!personName());
  }

  show(asking) {
    this.form.hidden = !asking;
    this.button.hidden = asking;
    this.input.value = personName() || this.usual;
    this.button.textContent = `Labelling as ${personName() || this.usual}`;
  }

  ask() {
    this.show(true);
    this.input.select();
    this.input.focus();
  }

  keep() {
    keepPersonName(this.input.value.trim() || this.usual);
    this.onNamed(personName());
    this.show(false);
    this.button.focus();
  }

  pressed(event) {
    if (event.key === "Escape" && personName()) this.show(false);
    event.stopPropagation();
  }
}
