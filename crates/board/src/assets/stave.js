// Keeps a page fresh and searches while somebody types. Pages are whole without this file.

const status = document.getElementById("live");
const say = (text) => { if (status) status.textContent = text; };

/** The same page as the server has it now, or null. */
async function fetched(address, signal) {
  try {
    const answer = await fetch(address, { signal, headers: { accept: "text/html" } });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

/** Puts the element with this id from another document into this one; true if both have it. */
function take(id, from) {
  const [old, fresh] = [document.getElementById(id), from.getElementById(id)];
  if (!old || !fresh) return false;
  old.replaceChildren(...fresh.childNodes);
  return true;
}

// A new position: show it at once, unless somebody is in the middle of something here.
function busy() {
  const main = document.getElementById("main");
  const focus = document.activeElement;
  const selected = !getSelection().isCollapsed;
  const open = main.querySelector("details[open]");
  return selected || open || (focus && focus !== main && main.contains(focus));
}

async function refresh(position) {
  const fresh = await fetched(location.href);
  if (!fresh) return;
  if (!take("main", fresh)) return;
  take("position", fresh);
  document.body.dataset.position = fresh.body.dataset.position;
  say(`The map has changed; this is position ${position}.`);
}

function offer(position) {
  if (!status) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = `The map has changed: show position ${position}`;
  status.replaceChildren(link);
}

function listen() {
  const events = new EventSource("/events");
  events.addEventListener("position", (event) => {
    const position = event.data;
    if (position === document.body.dataset.position) return;
    if (busy()) offer(position);
    else refresh(position);
  });
  addEventListener("pagehide", () => events.close(), { once: true });
}

// A page that answers what was sent is nowhere to be fetched from again.
if (document.body.dataset.still === undefined) addEventListener("pageshow", listen);

// Search while typing: the form still works by itself.
const field = document.querySelector("input[data-live]");
if (field) {
  let waiting;
  let running = new AbortController();
  const search = async () => {
    running.abort();
    running = new AbortController();
    const query = new URLSearchParams(new FormData(field.form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    const address = `${field.form.getAttribute("action")}${query.size ? `?${query}` : ""}`;
    const fresh = await fetched(address, running.signal);
    if (fresh && take(field.dataset.live, fresh)) {
      history.replaceState(null, "", address);
      document.title = fresh.title;
    }
  };
  const later = () => { clearTimeout(waiting); waiting = setTimeout(search, 150); };
  field.form.addEventListener("input", later);
}

// Names to choose from while somebody types one. Without this, a name that means several is asked for again.
const names = document.getElementById("pieces");
let finding = new AbortController();
async function propose(words) {
  finding.abort();
  finding = new AbortController();
  const address = `/api/v1/find?limit=12&q=${encodeURIComponent(words)}`;
  try {
    const answer = await fetch(address, { signal: finding.signal });
    if (!answer.ok) return;
    const { rows } = await answer.json();
    const list = document.getElementById("pieces");
    list.replaceChildren(...rows.map(({ name }) => Object.assign(document.createElement("option"), { value: name })));
  } catch {
    // The names that the page came with are offered still.
  }
}
if (names) {
  let waiting;
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("input[data-find]") || target.value.trim().length < 2) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => propose(target.value), 150);
  });
}
