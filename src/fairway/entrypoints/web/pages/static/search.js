// Live search: while somebody types into a form with data-live, the part of the page with that id is fetched again.
// Without this script the form works as forms do.
"use strict";

for (const form of document.querySelectorAll("form[data-live]")) {
  const field = form.querySelector("input[type=search]");
  let waiting = 0;
  let asked = null;

  const search = async () => {
    if (asked) asked.abort();
    asked = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    const address = `${form.action.split("?")[0]}?${query}`;
    try {
      const answer = await fetch(address, { credentials: "same-origin", signal: asked.signal });
      if (!answer.ok) {
        form.submit();
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = document.getElementById(form.dataset.live);
      const next = page.getElementById(form.dataset.live);
      // The heading stays the same element, so that its change is read out.
      const [told, news] = [now.querySelector("[role=status]"), next.querySelector("[role=status]")];
      told.textContent = news.textContent;
      news.replaceWith(told);
      now.replaceChildren(...next.childNodes);
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
}
