// What every page has: the theme button, local times, and a guard against sending a form twice.
const THEMES = ["", "light", "dark"];

export const byId = (id) => document.getElementById(id);

// For what may be forbidden, such as storage: then it is not done.
export function safely(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

// A sentence of the server with its {places} filled in.
export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export const parse = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

function themeButton(button) {
  const { dataset } = document.documentElement;
  let at = Math.max(0, THEMES.indexOf(dataset.theme));
  const show = () => {
    const word = button.dataset[THEMES[at] || "auto"];
    button.firstElementChild.textContent = "◐○●"[at];
    button.lastElementChild.textContent = word;
    button.setAttribute("aria-label", fill(button.dataset.label, { word }));
  };
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    at = (at + 1) % 3;
    dataset.theme = THEMES[at];
    safely(() => localStorage.setItem("theme", THEMES[at]));
    show();
  });
}

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const timeStyle = time.textContent.includes(":") ? "short" : undefined; // a day stays a day
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle });
  }
}

// Takes the parts with these ids from the page as it is now. The focus stays on what has its id, or its place and words.
export async function refresh(ids) {
  const fresh = await parse(await fetch(location.href));
  for (const id of ids) {
    const [old, young] = [byId(id), fresh.getElementById(id)];
    if (!old || !young) continue;
    const all = (kinds) => [...old.querySelectorAll(kinds)];
    const focus = document.activeElement;
    const at = all("a, button, summary, input").indexOf(focus);
    const open = all("details").map((details) => details.open);
    old.replaceChildren(...young.childNodes);
    localTimes(old);
    all("details").forEach((details, index) => (details.open = open[index] ?? details.open));
    if (at < 0) continue;
    const same = focus.id ? byId(focus.id) : all("a, button, summary, input")[at];
    (same?.textContent === focus.textContent ? same : byId("main")).focus({ preventScroll: true });
  }
}

document.querySelectorAll(".theme").forEach(themeButton);
localTimes(document);

const enable = (form, isEnabled) => {
  for (const button of form.querySelectorAll("form button:not([type=button])")) button.disabled = !isEnabled;
};
addEventListener("submit", ({ defaultPrevented, target }) => {
  // After the browser has collected the form, or the pressed button's own value would be lost. A GET may be a download.
  if (!defaultPrevented && target.method === "post") setTimeout(enable, 0, target);
});
addEventListener("pageshow", (event) => event.persisted && enable(document, true));

// The operations page shows the numbers of now while somebody looks.
if (byId("numbers")) setInterval(() => document.hidden || refresh(["numbers"]).catch(() => {}), 10_000);
