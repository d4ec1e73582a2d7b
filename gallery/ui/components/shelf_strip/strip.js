// @ts-check
// The shelves as cards: cover, icon, name, count and mean confidence. The chosen one is pressed.

const card = (shelf, choose) => el("button", {
  key: shelf.name, type: "button", class: "shelf", "data-name": shelf.name, title: shelf.tooltip, "--class": shelf.fill,
  disabled: shelf.count === 0 && !shelf.chosen, "aria-pressed": shelf.chosen, onclick: () => choose(shelf.name) },
  el("span", { class: "cover" },
    el("img", { key: shelf.cover, class: "photo", alt: "", decoding: "async", hidden: !shelf.cover, src: shelf.cover,
      onerror: ({ target }) => { target.hidden = true; } }), // the icon stands alone then
    el("img", { class: "icon", alt: "", src: shelf.icon })),
  el("span", { class: "about" },
    el("span", { class: "name", text: shelf.title }),
    el("span", { class: "count", text: shelf.count.toLocaleString("en") }),
    el("span", { class: "sure", text: shelf.sure })));

export default drawn(({ data, setStateValue, parentElement }) => {
  const choose = (name) => {
    for (const shown of parentElement.querySelectorAll(".shelf")) put(shown, { "aria-pressed": shown.dataset.name === name });
    // a state, not a trigger: a trigger is lost when the page refreshes itself at the same moment
    setStateValue("shelf", { name, at: Date.now() });
  };
  return el("nav", { class: "strip", "aria-label": "Shelves" }, data.shelves.map((shelf) => card(shelf, choose)));
});
