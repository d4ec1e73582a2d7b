// @ts-check
// Draws the report's charts when they come near the window, in the colours of the screen or of paper.

const PRINTED_PX = 340; // two of them stand side by side on paper
const PRINTED_WIDE_PX = 680;
const charts = JSON.parse(document.getElementById("charts")?.textContent || "{}");
const dark = matchMedia("screen and (prefers-color-scheme: dark)");
const drawn = new Set();
let printing = false;

/** @param {Element} place */
function draw(place) {
  const { data, layout } = charts[place.id.slice("chart-".length)][dark.matches && !printing ? "dark" : "light"];
  const width = place.matches(".charts .chart") ? PRINTED_PX : PRINTED_WIDE_PX;
  drawn.add(place);
  // @ts-ignore: plotly stands above, in the same file
  Plotly.react(place, data, { ...layout, width: printing ? width : undefined }, { displayModeBar: false, responsive: true });
}

const places = [...document.querySelectorAll(".chart")];
const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting && !drawn.has(target)) draw(target);
}, { rootMargin: "800px" });
places.forEach((place) => near.observe(place));

/** @param {boolean} begins */
function onPaper(begins) {
  printing = begins;
  places.forEach((place) => (begins || drawn.has(place)) && draw(place));
}
addEventListener("beforeprint", () => onPaper(true));
addEventListener("afterprint", () => onPaper(false));
dark.addEventListener("change", () => drawn.forEach(draw));
