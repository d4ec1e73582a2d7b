// Streamlit calls this whenever Python sends something; the desk itself stays.

const desks = new WeakMap();

export default function (component) {
  let desk = desks.get(component.parentElement);
  if (!desk) {
    desk = new Desk(component.parentElement, component);
    desks.set(component.parentElement, desk);
  }
  desk.take(component);
  // Streamlit also calls this for a call that a newer one has overtaken; the desk goes only with its element.
  return () => setTimeout(() => {
    if (desk.root.isConnected) return;
    desk.dispose();
    desks.delete(component.parentElement);
  }, 50);
}
