// @ts-check
// Under which name labels are kept: asked once, then a small button to change it.

class Person {
  constructor(usual, onNamed) {
    this.usual = usual;
    this.onNamed = onNamed;
    this.node = make("span", { class: "labelling-as" });
    this.show(!personName());
  }

  show(asking) {
    const name = personName() || this.usual;
    put(this.node, {},
      el("form", { class: "who-form", hidden: !asking, onsubmit: (event) => { event.preventDefault(); this.keep(); },
        onkeydown: (event) => {
          if (event.key === "Escape" && personName()) this.show(false);
          event.stopPropagation();
        } },
        el("span", { text: "Your name" }),
        el("input", { type: "text", maxLength: 60, class: "person-name", "aria-label": "Your name", autocomplete: "off" }),
        el("button", { type: "submit", class: "plain", text: "OK" })),
      plain(`Labelling as ${name}`, () => this.ask(), { class: "plain who", hidden: asking,
        title: "Your labels are kept under this name, and Ctrl+Z undoes only yours. Click to change it." }));
    this.input = this.node.querySelector("input");
    this.input.value = name;
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
    this.node.lastChild.focus();
  }
}
