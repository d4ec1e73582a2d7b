// @ts-check
// What has just happened, in one sentence, with a way back or to the photos; and what is not sent yet.

class Notice {
  constructor() {
    this.line = make("div", { class: "line", role: "status", "aria-live": "polite" });
    this.unsent = make("div", { class: "unsent", role: "status", hidden: true });
    this.node = make("div", { class: "notice" }, this.unsent, this.line);
  }

  // `ways` are buttons, name to function. With one, the sentence stays long enough to reach it.
  say(text, ways = {}) {
    const buttons = Object.entries(ways).map(([name, run]) =>
      el("button", { type: "button", class: "way", text: name, onclick: () => { this.hush(); run(); } }));
    put(this.line, { class: "line shown" }, el("span", { text }), el("span", { class: "ways" }, buttons));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hush(), buttons.length ? 12000 : 2600);
  }

  hush() { put(this.line, { class: "line" }); }

  showUnsent(words, why) {
    put(this.unsent, { hidden: !words, text: words && `${words}. ${why} Kept in this browser and sent as soon as possible.` });
  }
}
