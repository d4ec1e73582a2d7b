// @ts-check
// Photos and what is known of them as a file: the server makes it while it is sent, so that a full memory card
// downloads as well as three photos.
const downloadPhotos = async (grid, kind, ranges, options = {}) => {
  const { data, items } = grid;
  try {
    const { token } = await ask(`${data.base}/pick/${items.token}`, posting(ranges));
    const href = `${data.base}/download/${kind}/${token}?${new URLSearchParams(data.stacked ? { ...options, by_sequence: "1" } : options)}`;
    if (kind === "camtrap-dp") await ask(href, {}, () => null); // may be refused: photos without dates, a place that is none
    make("a", { href, download: "" }).click();
    grid.say(`The ${{ zip: "zip", csv: "table" }[kind] ?? "file"} is on its way`);
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
const formatMenu = (grid, text, label, ranges, choices) => {
  const take = (kind, options) => {
    menu.open(false);
    downloadPhotos(grid, kind, ranges(), options);
  };
  // Camtrap DP needs to know where the cameras stood, and by which clock.
  const askForPlace = () => {
    const field = (name, title, placeholder) => el("label", { class: "field" }, el("span", { text: title }),
      el("input", { name, placeholder, required: true, autocomplete: "off" }));
    menu.show([el("form", {
      onsubmit: (event) => { event.preventDefault(); take("camtrap-dp", Object.fromEntries(new FormData(event.target))); },
      onkeydown: (event) => { if (event.key !== "Escape") event.stopPropagation(); } },
      field("latitude", "Latitude", "45.07"), field("longitude", "Longitude", "7.69"), field("time_zone", "Clock of the cameras", "+01:00"),
      el("button", { type: "submit", class: "plain", text: "Download package" }))]);
  };
  const menu = new Menu(text, label, () => choices(grid.data).map(({ kind, text: words, title, options }) => el("button", {
    type: "button", class: "key", text: words, title, onclick: () => (kind === "camtrap-dp" ? askForPlace() : take(kind, options)) })), "formats");
  return menu;
};
