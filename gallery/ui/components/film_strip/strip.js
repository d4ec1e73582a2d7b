// @ts-check
// Neighbouring photos as buttons.

export default drawn(({ data, setTriggerValue }) => el("div", { class: "strip", role: "group", "aria-label": "Neighbouring photos" },
  data.photos.map(({ photo_id: id, text, current }) => el("button", {
    key: id, type: "button", title: text, "aria-current": current, onclick: () => setTriggerValue("chosen", id) },
    el("img", { src: data.thumbnails + id, alt: text, decoding: "async" })))));
