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

const remembered = (name, otherwise) => {
  try {
    return localStorage.getItem("gallery." + name) ?? otherwise;
  } catch {
    return otherwise;
  }
};

const remember = (name, value) => {
  try {
    localStorage.setItem("gallery." + name, value);
  } catch {
    // a browser that keeps nothing shows the defaults again
  }
};

const address = {
  thumb: (base, item) => `${base}/thumb/${item.photo}`,
  large: (base, item) => `${base}/photo/${item.photo}`,
  whole: (base, item) => `${base}/photo/${item.photo}?whole`,
  heatmap: (base, model, item, name, colours, other) =>
    `${base}/heatmap/${encodeURIComponent(model)}/${item.photo}/${encodeURIComponent(name)}` +
    `?colour_map=${colours}` + (other ? `&with=${encodeURIComponent(other)}` : ""),
  difference: (base, model, item) => `${base}/difference/${encodeURIComponent(model)}/${item.photo}/` +
    `${encodeURIComponent(item.predicted)}/${encodeURIComponent(item.truth)}`,
};

// A heatmap that did not load: none where nothing speaks for the class; one that is computed now is asked for
// until it is there, or something else is to be shown.
const awaitHeat = async (image) => {
  const { url } = image.dataset;
  const again = image.src.endsWith("made");
  image.removeAttribute("src");
  while (url && !again && image.dataset.url === url && image.isConnected) {
    const answer = await fetch(url).catch(() => null);
    if (image.dataset.url !== url || (answer && answer.status !== 202 && answer.status !== 200)) return;
    if (answer?.status === 200) {
      image.src = `${url}${url.includes("?") ? "&" : "?"}made`;
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
};

// A label as it is drawn: its icon, title and colours; one that is no class of this model is sought among the known ones.
const classNamed = (classes, name) => {
  if (!name) return NOT_TAGGED;
  return classes.find((one) => one.name === name) || KNOWN_CLASSES.find((one) => one.name === name) ||
    { ...OTHER_CLASS, name, title: name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") };
};

// What is said of a photo: a model's class is none where the photo is unlike anything that it has learnt.
const shownAs = (classes, item) => (item.unlike && item.source === "model" ? UNLIKE_ANYTHING : classNamed(classes, item.label));

const iconOf = (known) => make("img", { class: "icon", src: known.icon, alt: "", draggable: false });

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

// The sheet of keys, made from the bindings that really run.
const keySheet = (title, bindings, onClose) => {
  const rows = bindings.filter((one) => one.text).map((one) =>
    make("tr", {}, make("th", { scope: "row" }, ...one.shown.map((key) => make("kbd", { text: key }))),
      make("td", { text: one.text })));
  const close = make("button", { type: "button", class: "plain", text: "Close", onclick: () => sheet.close() });
  const sheet = make("dialog", { class: "sheet", "aria-label": title, onclose: () => { sheet.remove(); onClose(); } },
    make("h2", { text: title }), make("table", {}, make("tbody", {}, ...rows)), close);
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "?") sheet.close();
    event.stopPropagation();
  });
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
  return sheet;
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
