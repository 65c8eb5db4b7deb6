"""What can be measured of whether everybody can use a page: names, labels, headings, landmarks, contrast, targets.

The rules are those of WCAG 2.2 that a program can decide; colours are read from the browser as it painted them.
"""

from __future__ import annotations

from typing import Any

CHECKS = """
() => {
  const wrong = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const brief = (one) => one.outerHTML.slice(0, 120);
  if (!document.documentElement.lang) wrong.push("no language");
  if (!document.title.trim()) wrong.push("no title");
  if (!document.querySelector("meta[name=viewport]")) wrong.push("no viewport");
  for (const [place, count] of [["main", 1], ["header", 1], ["footer", 1], ["h1", 1]]) {
    const found = document.querySelectorAll(place).length;
    if (found !== count) wrong.push(`${found} of ${place}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) wrong.push(`heading skips from ${level} to ${now}: ${heading.textContent}`);
    if (!heading.textContent.trim()) wrong.push("an empty heading");
    level = now;
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.filter((other) => other === id).length > 1) wrong.push(`id twice: ${id}`);
  for (const one of document.querySelectorAll("[aria-labelledby],[aria-describedby]")) {
    for (const name of ["aria-labelledby", "aria-describedby"]) {
      for (const id of (one.getAttribute(name) || "").split(/\\s+/).filter(Boolean)) {
        if (!document.getElementById(id)) wrong.push(`${name} leads nowhere: ${id}`);
      }
    }
  }
  for (const nav of document.querySelectorAll("nav")) {
    if (!nav.getAttribute("aria-label") && !nav.getAttribute("aria-labelledby")) wrong.push(`nameless: ${brief(nav)}`);
  }
  for (const control of document.querySelectorAll("input:not([type=hidden]),select,textarea")) {
    const name = [...(control.labels || [])].map((label) => label.textContent.trim()).join(" ");
    if (!name && !control.getAttribute("aria-label")) wrong.push(`no label: ${brief(control)}`);
  }
  for (const one of document.querySelectorAll("a,button")) {
    const name = one.textContent.trim() || one.getAttribute("aria-label");
    if (!name) wrong.push(`no name: ${brief(one)}`);
    if (one.tagName === "A" && !one.getAttribute("href")) wrong.push(`a link to nowhere: ${brief(one)}`);
    if (shown(one) && (one.tagName === "BUTTON" || one.classList.contains("button"))) {
      const box = one.getBoundingClientRect();
      if (box.width < 24 || box.height < 24) wrong.push(`too small to hit: ${brief(one)}`);
    }
  }
  for (const image of document.querySelectorAll("img")) {
    if (!image.hasAttribute("alt")) wrong.push(`no alt: ${brief(image)}`);
    if (!image.complete || !image.naturalWidth) wrong.push(`not loaded: ${brief(image)}`);
  }
  for (const group of document.querySelectorAll("fieldset")) {
    if (!group.querySelector("legend")) wrong.push(`no legend: ${brief(group)}`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("th[scope]")) wrong.push("a table without heads");
  }
  if (document.querySelectorAll("[style],style,script:not([src])").length) wrong.push("a style or script inside");
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    wrong.push(`wider than the window: ${document.documentElement.scrollWidth}`);
  }

  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const over = (front, back) => {
    const alpha = front.length > 3 ? front[3] : 1;
    return [0, 1, 2].map((i) => front[i] * alpha + back[i] * (1 - alpha));
  };
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(numbers(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(one) || one.closest(".sr, .skip, :disabled")) continue;
    const style = getComputedStyle(one);
    const back = ground(one);
    const [a, b] = [light(over(numbers(style.color), back)), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim()}`);
  }
  return wrong;
}
"""


async def barriers(page: Any) -> list[str]:
    """What stands in somebody's way on this page as it is shown now."""
    found: list[str] = await page.evaluate(CHECKS)
    return found
