// The new batch: counts what is pasted, takes dropped files, keeps a draft, and sends without losing chosen files.
import { byId, fill, safely } from "./site.js";

const form = byId("new-batch");
const links = byId("links");
const input = byId("files");
const chosen = byId("chosen");
const hint = byId("links-hint");
const problems = byId("problems");
const copyOf = (id) => byId(id).content.firstElementChild.cloneNode(true);
const firstHint = hint.textContent;
const DRAFT = "draft";

// -- what is pasted

let timer = 0;
let asked = 0;

async function count() {
  const mine = (asked += 1);
  hint.classList.toggle("counted", Boolean(links.value.trim()));
  if (!links.value.trim()) {
    hint.textContent = firstHint;
    return;
  }
  const body = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body });
    if (!answer.ok || mine !== asked) return;
    hint.textContent = (await answer.json()).sentence;
  } catch {
    // Sending tells the same.
  }
}

// Everything but files and the token outlives a reload.
const store = (fields) => safely(() => sessionStorage.setItem(DRAFT, JSON.stringify(fields)));
const typed = () => [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && !value.name);

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    store(typed());
    count();
  }, 300);
});
links.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
for (const [name, value] of safely(() => JSON.parse(sessionStorage.getItem(DRAFT))) ?? []) {
  const field = form.elements[name];
  if (!field || field.type === "file") continue;
  if (field.type === "checkbox") field.checked = true;
  else if (!field.options || [...field.options].some((option) => option.value === value)) field.value = value;
  if (value) field.closest("details")?.setAttribute("open", "");
}
count();

// -- files

function setFiles(files) {
  const all = new DataTransfer();
  for (const file of files) all.items.add(file);
  input.files = all.files;
  known = [...files];
  showFiles();
}

function showFiles() {
  chosen.hidden = !known.length;
  chosen.replaceChildren(
    ...known.map((file, index) => {
      const entry = copyOf("chosen-file");
      const [name, remove] = entry.children;
      name.textContent = file.name;
      remove.setAttribute("aria-label", fill(chosen.dataset.remove, { name: file.name }));
      remove.addEventListener("click", () => {
        setFiles(known.filter((_, other) => other !== index));
        (chosen.querySelector("button") ?? input).focus();
      });
      return entry;
    }),
  );
}

function add(files) {
  const key = (file) => `${file.name}/${file.size}/${file.lastModified}`;
  const seen = new Set(known.map(key));
  setFiles([...known, ...[...files].filter((file) => !seen.has(key(file)))]);
}

let known = [];
let depth = 0;
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
const mark = (change) => {
  depth = Math.max(0, depth + change);
  document.documentElement.classList.toggle("dropping", depth > 0);
};
input.addEventListener("change", () => add(input.files));
addEventListener("dragenter", (event) => holdsFiles(event) && mark(1));
addEventListener("dragleave", (event) => holdsFiles(event) && mark(-1));
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  mark(-depth);
  add(event.dataTransfer.files);
});

// -- sending: on an error only the problems change, so chosen files stay chosen

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.primary");
  button.disabled = true;
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
    if (answer.status === 201) {
      store([]);
      location.assign((await answer.json()).url);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("problems");
    if (found) {
      found.querySelector(".no-js")?.remove();
      problems.replaceChildren(...found.childNodes);
    } else tell(page.querySelector("h1")?.textContent ?? form.dataset.broken);
  } catch {
    tell(form.dataset.away);
  }
  button.disabled = false;
  problems.focus();
});

function tell(sentence) {
  const note = copyOf("trouble");
  note.textContent = sentence;
  problems.replaceChildren(note);
}
