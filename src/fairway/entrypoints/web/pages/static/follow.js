// Brings the story of a running deployment up to date in place; without scripts the page comes anew as a whole.
// A screen reader hears of a new state, once, and nothing else moves: focus and scroll stay where they are.
(() => {
  "use strict";
  let wait = 0;

  async function look() {
    const story = document.getElementById("story");
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (answer.ok && !answer.redirected) {
        put(story, new DOMParser().parseFromString(await answer.text(), "text/html"));
        wait = 0;
      } else {
        wait += 1;
      }
    } catch {
      wait += 1;
    }
    plan();
  }

  function put(story, fresh) {
    const next = fresh.getElementById("story");
    if (!next || next.isEqualNode(story)) return;
    const changed = next.dataset.state !== story.dataset.state;
    const focused = story.contains(document.activeElement) ? [...story.querySelectorAll("a, pre")].indexOf(document.activeElement) : -1;
    story.replaceWith(next);
    document.title = fresh.title;
    if (focused >= 0) [...next.querySelectorAll("a, pre")][focused]?.focus({ preventScroll: true });
    if (changed) document.getElementById("said").textContent = next.dataset.says;
  }

  function plan() {
    const seconds = Number(document.getElementById("story").dataset.refresh || 0);
    if (seconds) setTimeout(look, Math.min(seconds * 400 * (1 + wait), 60000));
  }

  plan();
})();
