// @ts-check
// Asks every two seconds whether anybody has changed anything, so that one page sees what another one sets.

const WATCH_MS = 2000;

const watch = (grid, signal) => {
  let asking = false;
  const look = async () => {
    const { data, labels, large } = grid;
    if (!data || document.hidden || asking) return;
    asking = true;
    const answer = await ask(`${data.base}/revision`).catch(() => null);
    asking = false;
    if (!answer) return; // the server is away: what is not sent says so
    labels.flush(); // what waits, here or left by a page that was closed
    large.askAgain();
    if (!data.live) grid.learn(answer.revision);
  };
  const timer = setInterval(look, WATCH_MS);
  document.addEventListener("visibilitychange", look, { signal });
  signal.addEventListener("abort", () => clearInterval(timer));
};
