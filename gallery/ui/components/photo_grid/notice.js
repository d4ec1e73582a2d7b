// @ts-check
// What has just happened, in one sentence, with a way back or to the photos; and what is not sent yet.

class Notice {
  constructor() {
    this.text = make("span", {});
    this.buttons = make("span", { class: "ways" });
    this.line = make("div", { class: "line", role: "status", "aria-live": "polite" }, this.text, this.buttons);
    this.unsent = make("div", { class: "unsent", role: "status", hidden: true });
    this.node = make("div", { class: "notice" }, this.unsent, this.line);
  }

  // `ways` are buttons, name to function. With one, the sentence stays long enough to reach it.
  say(text, ways = {}) {
    this.text.textContent = text;
    this.buttons.replaceChildren(...Object.entries(ways).map(([name, run]) => make("button", {
      type: "button", class: "way", text: name, onclick: () => { this.hush(); run(); } })));
    this.line.classList.add("shown");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hush(), this.buttons.childElementCount ? 12000 : 2600);
  }

  hush() {
    this.line.classList.remove("shown");
    this.buttons.replaceChildren();
  }

  showUnsent(words, why) {
    this.unsent.hidden = !words;
    if (words) this.unsent.textContent = `${words}. ${why} Kept in this browser and sent as soon as possible.`;
  }
}
