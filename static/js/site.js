// What every page has: the theme button, local times, and a guard against sending a form twice.
const THEMES = ["", "light", "dark"];

export const byId = (id) => document.getElementById(id);

// What is done with storage, which may be full or forbidden: then things last as long as the page.
export function safely(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

// A sentence of the server with its {places} filled in.
export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function themeButton(button) {
  const root = document.documentElement;
  const show = () => {
    const word = button.dataset[root.dataset.theme || "auto"];
    button.lastElementChild.textContent = word;
    button.setAttribute("aria-label", fill(button.dataset.label, { word }));
  };
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "") + 1) % THEMES.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    safely(() => localStorage.setItem("theme", next));
    show();
  });
}

export function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const timeStyle = time.textContent.includes(":") ? "short" : undefined; // a day stays a day
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle });
  }
}

// Takes the parts with these ids from the page as it is now; the focus stays on what says the same.
export async function refresh(ids) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const [old, young] = [byId(id), fresh.getElementById(id)];
    if (!old || !young) continue;
    const focused = old.contains(document.activeElement) && document.activeElement.textContent.trim();
    old.replaceChildren(...young.childNodes);
    localTimes(old);
    if (!focused) continue;
    const same = [...old.querySelectorAll("a, button")].find((node) => node.textContent.trim() === focused);
    (same ?? byId("main")).focus({ preventScroll: true });
  }
}

document.querySelectorAll(".theme").forEach(themeButton);
localTimes(document);

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  // After the browser has collected the form, or the pressed button's own value would be lost.
  setTimeout(() => {
    for (const button of event.target.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("form button:disabled")) button.disabled = false;
});
