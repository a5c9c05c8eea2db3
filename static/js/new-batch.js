// The new batch: counts what is pasted, takes what is dropped, keeps a draft, and sends without losing chosen files.
import { byId, fill, parse, safely } from "./site.js";

const form = byId("new-batch");
const links = byId("links");
const input = byId("files");
const chosen = byId("chosen");
const hint = byId("links-hint");
const problems = byId("problems");
const button = form.querySelector("button.primary");
const copyOf = (id) => byId(id).content.firstElementChild.cloneNode(true);
const post = (to, body) => fetch(to, { method: "POST", body, headers: { Accept: "application/json" } });
const firstHint = hint.textContent;
const draft = `draft-${form.dataset.user}`;

// -- what is pasted

let timer;
let asked = 0;

async function count() {
  const mine = ++asked;
  // Sending tells the same.
  const answer = await post(form.dataset.preview, new URLSearchParams(new FormData(form))).catch(() => ({}));
  if (!answer.ok || mine !== asked) return;
  const { sentence, rejected } = await answer.json();
  hint.textContent = sentence || firstHint;
  byId("rejected").textContent = rejected.join("\n");
}

// What outlives a reload: everything but files and the token.
const store = (fields) => safely(() => sessionStorage.setItem(draft, JSON.stringify(fields)));
const typed = () => [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && value.trim);

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    store(typed());
    count();
  }, 300);
});
links.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
  if (key === "Enter" && (ctrlKey || metaKey)) form.requestSubmit();
});
for (const [name, value] of safely(() => JSON.parse(sessionStorage.getItem(draft))) ?? []) {
  const field = form.elements[name];
  if (!field) continue;
  if (field.type === "checkbox") field.checked = true;
  else if (!field.options || [...field.options].some((option) => option.value === value)) field.value = value;
  if (value) field.closest("details")?.setAttribute("open", "");
}
if (links.value.trim()) count();

// -- files

let known = [];

function setFiles(files) {
  const all = new DataTransfer();
  for (const file of files) all.items.add(file);
  input.files = all.files;
  known = files;
  chosen.hidden = !files.length;
  chosen.replaceChildren(
    ...files.map((file) => {
      const entry = copyOf("chosen-file");
      const [name, remove] = entry.children;
      name.textContent = file.name;
      remove.setAttribute("aria-label", fill(chosen.dataset.remove, file));
      remove.addEventListener("click", () => {
        setFiles(files.filter((other) => other !== file));
        (chosen.querySelector("button") ?? input).focus();
      });
      return entry;
    }),
  );
}

function add(files) {
  const key = ({ name, size, lastModified }) => [name, size, lastModified].join("/");
  const seen = new Set(known.map(key));
  setFiles([...known, ...[...files].filter((file) => !seen.has(key(file)))]);
}
input.addEventListener("change", () => add(input.files));

// -- dropping files, links, text anywhere; but what a field takes by itself

const { classList } = document.documentElement;
const takes = ({ dataTransfer: { types }, target }) =>
  types.includes("Files") || (types.includes("text/plain") && !target.matches?.("input, textarea"));
addEventListener("dragenter", (event) => takes(event) && classList.add("dropping"));
addEventListener("dragleave", (event) => event.relatedTarget || classList.remove("dropping"));
addEventListener("dragover", (event) => takes(event) && event.preventDefault());
addEventListener("drop", (event) => {
  classList.remove("dropping");
  if (!takes(event)) return;
  event.preventDefault();
  const { dataTransfer: data } = event;
  if (data.files.length) return add(data.files);
  links.value = `${links.value.trimEnd()}\n${data.getData("text")}`.trimStart();
  links.dispatchEvent(new Event("input", { bubbles: true }));
});

// -- sending: on an error only the problems change, so chosen files stay chosen

const tell = (sentence) =>
  problems.replaceChildren(Object.assign(copyOf("trouble"), { textContent: sentence || form.dataset.broken }));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  clearTimeout(timer); // or it stores the draft again
  store(typed());
  try {
    // Who has logged in again in another tab, has another token.
    form.elements.csrfmiddlewaretoken.value = /csrftoken=(\w+)/.exec(document.cookie)?.[1];
    const answer = await post(form.action, new FormData(form));
    if (answer.status === 201) {
      store([]);
      return location.assign((await answer.json()).url);
    }
    const page = await parse(answer);
    const found = page.getElementById("problems");
    found?.querySelector(".no-js")?.remove();
    if (found) problems.replaceChildren(...found.childNodes);
    else tell([...page.querySelectorAll("h1, .card > p")].map((node) => node.textContent).slice(0, 2).join(". "));
  } catch {
    tell(form.dataset.away);
  }
  count();
  button.disabled = false;
  problems.focus();
});
