// @ts-check
// The classes with their probabilities, each a button.

export default drawn(({ data, setTriggerValue }) => el("ol", { "aria-label": data.label }, data.bars.map((bar) => el("li", {},
  el("button", { type: "button", "aria-pressed": bar.chosen, "aria-label": bar.description,
    onclick: () => setTriggerValue("chosen", bar.name) },
    el("span", { class: "name" }, el("img", { src: bar.icon, alt: "" }), ` ${bar.text}`),
    el("div", { class: "track" },
      el("div", { class: "fill", style: `width: ${100 * bar.value}%; background: ${bar.fill}; border-color: ${bar.edge}` })),
    el("span", { class: "share", text: bar.share }),
    el("span", { class: "mark", hidden: !bar.mark, text: bar.mark }))))));
