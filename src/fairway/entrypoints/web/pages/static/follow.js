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
    if (!next) return;
    // What is inside of them is elements to a parser that runs no scripts, and text to one that does.
    for (const one of [...story.querySelectorAll("noscript"), ...next.querySelectorAll("noscript")]) one.remove();
    if (withoutTimes(story).isEqualNode(withoutTimes(next))) {
      const times = next.querySelectorAll("time");
      story.querySelectorAll("time").forEach((one, n) => { one.textContent = times[n].textContent; });
      return;
    }
    const changed = next.dataset.says !== story.dataset.says;
    const focused = focusable(story).indexOf(document.activeElement);
    story.replaceWith(next);
    document.title = fresh.title;
    focusable(next)[focused]?.focus({ preventScroll: true });
    if (changed) document.getElementById("said").textContent = next.dataset.says;
  }

  function withoutTimes(story) {
    const bare = story.cloneNode(true);
    for (const one of bare.querySelectorAll("time")) one.textContent = "";
    return bare;
  }

  function focusable(story) {
    return [...story.querySelectorAll("a, pre")];
  }

  function plan() {
    const seconds = Number(document.getElementById("story").dataset.refresh || 0);
    if (seconds) setTimeout(look, Math.min(seconds * 400 * (1 + wait), 60000));
  }

  plan();
})();
