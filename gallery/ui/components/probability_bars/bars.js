// @ts-check
export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ol");
  if (!list) { list = document.createElement("ol"); parentElement.appendChild(list); }
  list.setAttribute("aria-label", data.label);
  while (list.children.length > data.bars.length) list.lastChild.remove();
  data.bars.forEach((bar, index) => {
    let item = list.children[index];
    if (!item) {
      item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      for (const part of ["name", "track", "share", "mark"]) {
        const span = document.createElement(part === "track" ? "div" : "span");
        span.className = part;
        button.appendChild(span);
      }
      const icon = document.createElement("img");
      icon.alt = "";
      button.querySelector(".name").append(icon, "");
      const fill = document.createElement("div");
      fill.className = "fill";
      button.querySelector(".track").appendChild(fill);
      item.appendChild(button);
      list.appendChild(item);
    }
    const button = item.firstChild, fill = item.querySelector(".fill");
    const [icon, title] = button.querySelector(".name").childNodes;
    if (icon.getAttribute("src") !== bar.icon) icon.src = bar.icon;
    title.data = ` ${bar.text}`;
    button.querySelector(".share").textContent = bar.share;
    const mark = button.querySelector(".mark");
    mark.textContent = bar.mark;
    mark.hidden = !bar.mark;
    fill.style.width = (100 * bar.value) + "%";
    fill.style.background = bar.fill;
    fill.style.borderColor = bar.edge;
    button.setAttribute("aria-pressed", bar.chosen);
    button.setAttribute("aria-label", bar.description);
    button.onclick = () => setTriggerValue("chosen", bar.name);
  });
}
