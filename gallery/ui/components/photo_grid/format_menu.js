// @ts-check
// Photos and what is known of them as a file: the server makes it while it is sent, so that a full memory card
// downloads as well as three photos.
const downloadPhotos = async (grid, kind, ranges, options = {}) => {
  const { data, items } = grid;
  try {
    const answer = await fetch(`${data.base}/pick/${items.token}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(ranges) });
    const picked = await answer.json();
    if (!answer.ok) throw new Error(picked.error);
    const href = `${data.base}/download/${kind}/${picked.token}?${new URLSearchParams(data.stacked ? { ...options, by_sequence: "1" } : options)}`;
    if (kind === "camtrap-dp") {  // may be refused: photos without dates, a place that is none
      const made = await fetch(href);
      if (!made.ok) throw new Error((await made.json()).error);
    }
    const link = make("a", { href, download: "" });
    grid.root.appendChild(link);
    link.click();
    link.remove();
    grid.say(kind === "zip" ? "The zip is on its way" : kind === "csv" ? "The table is on its way" : "The file is on its way");
  } catch (error) {
    grid.say(`The download did not start: ${error.message}`);
  }
};

// What other programs read, and copies with or without coordinates, whichever is not the usual here.
const otherFormats = ({ formats, without_location: removed }) => [
  ...formats.map(({ name, title, for_whom: readers }) => ({ kind: name, text: title, title: `For ${readers}` })),
  { kind: "zip", text: removed ? "Copies with location (zip)" : "Copies without location (zip)",
    title: removed ? "Coordinates stay in the copies" : "Coordinates are removed from the copies",
    options: { location: removed ? "keep" : "remove" } },
];

const allFormats = (data) => [
  { kind: "csv", text: "Table of all (CSV)" }, { kind: "zip", text: "Copies of all (zip)" }, ...otherFormats(data)];

// A button that opens a list of formats; ranges() gives what is taken.
class FormatMenu {
  constructor(grid, text, label, ranges, choices) {
    this.grid = grid;
    this.ranges = ranges;
    this.choices = choices;
    this.menu = make("div", { class: "menu formats", hidden: true, role: "group", "aria-label": label });
    this.button = make("button", { type: "button", class: "plain", text, title: label, "aria-expanded": "false",
      onclick: () => this.open(this.menu.hidden) });
    this.node = make("span", { class: "setter", onkeydown: (event) => {
      if (event.key === "Escape" && !this.menu.hidden) { this.open(false); this.button.focus(); event.stopPropagation(); } } },
      this.button, this.menu);
  }

  open(open) {
    this.menu.hidden = !open;
    this.button.setAttribute("aria-expanded", open);
    if (!open) return;
    this.menu.replaceChildren(...this.choices(this.grid.data).map(({ kind, text, title = "", options }) => make("button", {
      type: "button", class: "key", text, title,
      onclick: () => (kind === "camtrap-dp" ? this.askForPlace() : this.take(kind, options)) })));
    this.menu.firstChild.focus();
  }

  take(kind, options) {
    this.open(false);
    downloadPhotos(this.grid, kind, this.ranges(), options);
  }

  // Camtrap DP needs to know where the cameras stood, and by which clock.
  askForPlace() {
    const field = (name, text, placeholder) => make("label", { class: "place" }, make("span", { text }),
      make("input", { name, placeholder, required: true, autocomplete: "off" }));
    const form = make("form", { onsubmit: (event) => { event.preventDefault(); this.take("camtrap-dp", Object.fromEntries(new FormData(form))); },
      onkeydown: (event) => { if (event.key !== "Escape") event.stopPropagation(); } },
      field("latitude", "Latitude", "45.07"), field("longitude", "Longitude", "7.69"),
      field("time_zone", "Clock of the cameras", "+01:00"),
      make("button", { type: "submit", class: "plain", text: "Download package" }));
    this.menu.replaceChildren(form);
    form.querySelector("input").focus();
  }
}
