// @ts-check
export default function ({ data, parentElement, setTriggerValue }) {
  let strip = parentElement.querySelector(".strip");
  if (!strip) {
    strip = document.createElement("div");
    strip.className = "strip";
    strip.setAttribute("role", "group");
    parentElement.appendChild(strip);
  }
  strip.setAttribute("aria-label", "Neighbouring photos");
  const known = new Map([...strip.children].map((button) => [button.dataset.photo, button]));
  const wanted = data.photos.map((photo) => {
    const button = known.get(photo.photo_id) || document.createElement("button");
    if (!button.firstChild) {
      button.type = "button";
      button.dataset.photo = photo.photo_id;
      const image = document.createElement("img");
      image.src = data.thumbnails + photo.photo_id;
      image.decoding = "async";
      button.appendChild(image);
    }
    button.firstChild.alt = photo.text;
    button.title = photo.text;
    button.setAttribute("aria-current", photo.current);
    button.onclick = () => setTriggerValue("chosen", photo.photo_id);
    return button;
  });
  strip.replaceChildren(...wanted);
}
