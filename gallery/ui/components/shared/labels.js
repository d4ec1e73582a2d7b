// @ts-check
// What the grid and the verdict panel share: how labels look, where pictures lie, and keys with their sheet.

// "100 %" and "0 %" are for what is certain; what is rounded says so.
const percent = (share) => {
  if (share > 0 && share < 0.005) return "<\u202f1\u202f%";
  if (share >= 0.995 && share < 0.9995) return ">\u202f99\u202f%";
  return `${Math.round(share * 100)}\u202f%`;
};

const bytes = (count) => {
  if (count < 1e6) return Math.max(1, Math.round(count / 1e3)) + "\u202fkB";
  return (count / 1e6).toFixed(count < 1e7 ? 1 : 0) + "\u202fMB";
};

const remembered = (name, otherwise) => stored((store) => store.getItem("gallery." + name)) ?? otherwise;

const remember = (name, value) => stored((store) => store.setItem("gallery." + name, value));

const address = {
  thumb: (base, photo) => `${base}/thumb/${photo}`,
  large: (base, photo) => `${base}/photo/${photo}`,
  whole: (base, photo) => `${base}/photo/${photo}?whole`,
  heatmap: (base, model, photo, name, other = null) => `${base}/heatmap/${encodeURIComponent(model)}/${photo}/` +
    `${encodeURIComponent(name)}${other ? `?with=${encodeURIComponent(other)}` : ""}`,
  difference: (base, model, { photo, predicted, truth }) => `${base}/difference/${encodeURIComponent(model)}/${photo}/` +
    `${encodeURIComponent(predicted)}/${encodeURIComponent(truth)}`,
};

// A heatmap that did not load: none where nothing speaks for the class; one that is computed now is asked for
// until it is there. Whether it is there; null where something else is to be shown by now.
const awaitHeat = async (image) => {
  const { url } = image.dataset;
  const again = image.src.endsWith("made");
  const isWanted = () => url && image.dataset.url === url && image.isConnected;
  image.removeAttribute("src");
  while (isWanted() && !again) {
    const answer = await fetch(url).catch(() => null);
    if (!isWanted()) return null;
    if (answer && answer.status !== 202 && answer.status !== 200) return false;
    if (answer?.status === 200) {
      image.src = `${url}${url.includes("?") ? "&" : "?"}made`;
      return true;
    }
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
  return isWanted() ? false : null;
};

// `onheat` hears whether one that did not come at once came after all.
const heatmap = (url, /** @type {any} */ { onheat = () => {}, ...more } = {}) => el("img", {
  class: "heat", alt: "", decoding: "async", draggable: false, "data-url": url, src: url,
  onerror: ({ target }) => awaitHeat(target).then(onheat), ...more });

// Show a photo as large as there is room, never blown up beyond three times its size; its thumbnail until it has come.
// Its `size`, width and height in px, is that of its picture where it is not known; `over` lies on it.
const showPhoto = (frame, base, photo, alt, size, ...over) => {
  const fitted = (wide, high, most) => ({ "--ratio": wide / high, "--most": `${most * wide}px` });
  const come = (most) => ({ target }) => {
    target.classList.add("loaded");
    if (!size && (most === 3 || !frame.querySelector(".over.loaded"))) put(frame, fitted(target.naturalWidth, target.naturalHeight, most));
  };
  const picture = { draggable: false, decoding: "async" };
  put(frame, size ? fitted(...size, 3) : {},
    el("img", { ...picture, class: "under", alt: "", src: photo && address.thumb(base, photo), onload: come(99) }),
    el("img", { ...picture, key: photo ?? "", class: "over", alt, src: photo && address.large(base, photo), onload: come(3) }),
    ...over);
};

// A label as it is drawn: its icon, title and colours; one that is no class of this model is sought among the known ones.
const classNamed = (classes, name) => {
  if (!name) return NOT_TAGGED;
  return classes.find((one) => one.name === name) || KNOWN_CLASSES.find((one) => one.name === name) ||
    { ...OTHER_CLASS, name, title: name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") };
};

// What is said of a photo: a model's class is none where the photo is unlike anything that it has learnt.
const shownAs = (classes, item) => (item.unlike && item.source === "model" ? UNLIKE_ANYTHING : classNamed(classes, item.label));

const iconOf = (known) => el("img", { class: "icon", src: known.icon, alt: "", draggable: false });

// A button, with the key that does the same.
const plain = (text, onclick, /** @type {any} */ { key = "", ...more } = {}) =>
  el("button", { type: "button", class: "plain", onclick, ...more }, key ? `${text} ` : text, key && el("kbd", { text: key }));

// What can be set: its key, icon and title.
const choice = (key, icon, text, onclick, more = {}) => el("button", { type: "button", class: "key", onclick, ...more },
  el("kbd", { text: key }), icon, el("span", { text }));

const digitKey = (at) => (at < 10 ? String((at + 1) % 10) : "");

/**
 * A key and what it does; `shown` and `text` are its line in the sheet of keys.
 * @typedef {{ match: (event: KeyboardEvent) => boolean, run?: (event: KeyboardEvent) => void, shown: string[],
 *   text?: string, labels?: boolean, moves?: boolean, anywhere?: boolean }} Binding
 */

// A digit's place among the keys 1 to 9 and 0, or -1.
const digitOf = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-9]$/.test(event.key)) return -1;
  return (Number(event.key) + 9) % 10;
};

// A dialog over `place` that goes when it is closed, also by a click beside it.
const openSheet = (place, title, { onclose, ...more }, ...children) => {
  const sheet = make("dialog", { class: "sheet", "aria-label": title, ...more, onclose: () => { sheet.remove(); onclose(); },
    onclick: (event) => { if (event.target === sheet) sheet.close(); } }, el("h2", { text: title }), ...children);
  place.appendChild(sheet);
  sheet.showModal();
  return sheet;
};

// The sheet of keys, made from the bindings that really run.
const showKeys = (place, title, bindings, onclose) => {
  const rows = bindings.filter((one) => one.text).map((one) => el("tr", {},
    el("th", { scope: "row" }, one.shown.map((key) => el("kbd", { text: key }))), el("td", { text: one.text })));
  const sheet = openSheet(place, title, { onclose, onkeydown: (event) => {
    if (event.key === "?") sheet.close();
    event.stopPropagation();
  } }, el("table", {}, el("tbody", {}, rows)), plain("Close", () => sheet.close()));
};

const runBinding = (bindings, event) => {
  for (const binding of bindings) {
    if (!binding.match(event)) continue;
    event.preventDefault();
    event.stopPropagation();
    binding.run(event);
    return true;
  }
  return false;
};

const onKey = (...keys) => (event) => !event.ctrlKey && !event.metaKey && !event.altKey && keys.includes(event.key);
const onCtrl = (key) => (event) => (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === key;

// The binding of a letter, with Shift or without.
const onLetter = (letter, text, run, more = {}) =>
  ({ match: onKey(letter, letter.toLowerCase()), shown: [letter], text, run, ...more });
