// @ts-check
// The keys that set labels, the same in the grid and in the large view; and the words for what they did.

const ANOTHER_ANIMAL = "other animal";
const BESIDE_KEYS = { blank: "B", human: "P", vehicle: "V", "cannot tell": "U" };

const photosInWords = (count, name) => (count === 1 && name ? name : plural(count, "photo"));

// "41 photos set to Butterfly", "fox.jpg: label removed"
const changeInWords = (classes, label, count, name) => {
  const photos = photosInWords(count, name);
  return label === null ? `${photos}: label removed` : `${photos} set to ${classNamed(classes, label).title}`;
};

const notReadInWords = (count) => `${photosInWords(count)} not read yet: label ${count === 1 ? "it" : "them"} once the thumbnail is there`;

// Who gave the label that stands, and what the others said of the photo before.
const opinionRows = (classes, opinions) => {
  const [last, ...before] = [...opinions].reverse();
  if (!last) return [];
  const others = before.map((one) => `${one.person}: ${classNamed(classes, one.label).title}${one.label === last.label ? " too" : ""}`);
  return [["Labelled by", `${last.person}, ${last.made_at.slice(0, 16).replace("T", " ")} UTC`], ["Others", others.join("; ")]];
};

// `owner` has data, label(name), undo() and chooseClass(animal).
const labelBindings = (owner) => {
  const { classes, beside } = owner.data;
  const digits = classes.slice(0, 10).map((one, at) => `${(at + 1) % 10} ${one.title}`).join(", ");
  return [
    { match: (event) => digitOf(event) >= 0 && digitOf(event) < classes.length, shown: ["1", "…", "9", "0"],
      text: `Set the class: ${digits}`, labels: true, run: (event) => owner.label(classes[digitOf(event)].name) },
    ...beside.filter(({ name }) => BESIDE_KEYS[name]).map(({ name, title }) =>
      onLetter(BESIDE_KEYS[name], title, () => owner.label(name), { labels: true })),
    onLetter("X", "Another animal: type its name, or press Enter", () => owner.chooseClass(true), { labels: true }),
    onLetter("/", "Set any class or label by its name", () => owner.chooseClass(false), { labels: true }),
    { match: onKey("Backspace", "Delete"), shown: ["Backspace"], text: "Remove the label", labels: true, run: () => owner.label(null) },
    { match: onCtrl("z"), shown: ["Ctrl", "Z"], text: "Undo your last change, many steps, also of earlier days",
      anywhere: true, run: () => owner.undo() },
  ];
};

// Whether somebody types there, or slides.
const typesIn = (node) => node instanceof HTMLElement &&
  (node.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [role=slider]") || node.isContentEditable);
