// Makes the panel live: a ticking clock, posts without a page change, partial updates, keys.
// The page works without this module. Nothing about the patient is stored in the browser: what is typed lives in the page alone.

const POLL = { waiting: 2, running: 15, idle: 60 };
const IMPATIENT_POLLS = 30; // after a minute of waiting for the EHR, ask less often
const TIMEOUT_MS = 15000;
const main = document.getElementById("content");
const byId = (id) => document.getElementById(id);
const live = (root) => [...root.querySelectorAll("[data-live]")];

let composing = false; // an input method is composing text: replacing its field would break the word
let ended = false; // the session is over: the page stays as it is, for the note to be copied
let failures = 0;
let waitingPolls = 0;
let next = 0;

// Clock: the server's, as an offset to this machine's; only differences of the server's own times are shown.
let offset = 0;
const setOffset = () => { offset = Number(main.dataset.now) - Date.now() / 1000; };
const serverNow = () => Date.now() / 1000 + offset;

function clock(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const tail = `${two(minutes % 60)}:${two(seconds % 60)}`;
  return minutes >= 60 ? `${Math.floor(minutes / 60)}:${tail}` : tail;
}

function tick() {
  const { state, seconds, asOf } = main.dataset;
  const running = state === "running" ? Math.max(0, serverNow() - Number(asOf)) : 0;
  const text = clock(Math.floor(Number(seconds) + running));
  for (const element of document.querySelectorAll("[data-clock]")) {
    if (element.textContent !== text) element.textContent = text;
  }
}

// Messages: `say` for assistive technology, `flash` for what everybody must see.
function say(text) { byId("announce").textContent = text; }
function flash(text) { if (byId("flash").textContent !== text) byId("flash").textContent = text; }

// Partial updates. A section is replaced only where the server's own HTML differs, clock and tokens aside.
function fingerprint(section) {
  const copy = section.cloneNode(true);
  for (const element of copy.querySelectorAll("[data-clock]")) element.textContent = "";
  for (const field of copy.querySelectorAll("[name=csrf_token], [name=key]")) field.removeAttribute("value");
  return copy.outerHTML;
}
const marks = new Map(live(document).map((section) => [section.dataset.live, fingerprint(section)]));

const changed = (field) => {
  if (field.type === "radio") return field.checked && !field.defaultChecked;
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== defaultIndex(field);
  return field.value !== field.defaultValue;
};
const defaultIndex = (select) => Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));

const wasSent = (field, sent) => sent && sent.form === field.form.id
  && sent.data.getAll(field.name).includes(field.value) === (field.type !== "checkbox" || field.checked);

// What a person has done to a section and not yet sent: typed text, choices, opened rows, the place of the cursor.
function remember(section, sent) {
  const active = section.contains(document.activeElement) ? document.activeElement : null;
  return {
    fields: [...section.querySelectorAll("input[id], textarea[id], select[id]")]
      .filter((field) => changed(field) && !wasSent(field, sent))
      .map((field) => ({ id: field.id, value: field.value, checked: field.checked })),
    details: [...section.querySelectorAll("details[id]")]
      .filter((one) => !(sent && one.matches(".manual, .voiding, .correcting, .act") && one.contains(byId(sent.form))))
      .map(({ id, open }) => ({ id, open })),
    focus: active && (active.id || active.closest("details[id]")?.id || section.id),
    range: active && active.tagName === "TEXTAREA" ? [active.selectionStart, active.selectionEnd] : null,
  };
}

function recall(kept) {
  for (const { id, value, checked } of kept.fields) {
    const field = byId(id);
    if (!field) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = checked;
    else field.value = value;
  }
  for (const { id, open } of kept.details) if (byId(id)) byId(id).open = open;
  const target = kept.focus && byId(kept.focus);
  if (target) {
    (target.tagName === "DETAILS" ? target.querySelector("summary") : target).focus({ preventScroll: true });
    if (kept.range) target.setSelectionRange(...kept.range);
  }
}

function update(page, sent) {
  const said = [];
  Object.assign(main.dataset, page.getElementById("content").dataset);
  setOffset();
  for (const fresh of live(page)) {
    const name = fresh.dataset.live;
    const old = document.querySelector(`[data-live="${name}"]`);
    const mark = fingerprint(fresh);
    const posted = sent && old.contains(byId(sent.form));
    if (!old || (mark === marks.get(name) && !posted)) continue;
    if (fresh.dataset.announce && fresh.dataset.announce !== old.dataset.announce) said.push(fresh.dataset.announce);
    const kept = remember(old, sent);
    old.replaceWith(fresh);
    recall(kept);
    marks.set(name, mark);
  }
  const token = page.querySelector("[name=csrf_token]").value;
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
  if (said.length) say(said.join(". "));
  tick();
}

async function refresh(sent) {
  if (ended || (composing && !sent)) return;
  let response;
  try {
    response = await fetch(location.pathname, {
      headers: { Accept: "text/html", "X-Cadence-Refresh": "1" }, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 500) throw new Error(String(response.status));
  } catch {
    failures += 1;
    if (failures > 1) flash("No connection to Cadence. Your timer keeps running on the server; this page tries again by itself.");
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok || !page.querySelector("[data-live]")) { end(); return; }
  if (failures > 1) flash("");
  failures = 0;
  update(page, sent);
}

function end() {
  ended = true;
  flash("This session has ended. Open Cadence again from the patient’s chart; what you typed is still here to copy.");
}

function pause() {
  const waiting = document.querySelector('[data-status="waiting"]');
  waitingPolls = waiting ? waitingPolls + 1 : 0;
  const state = main.dataset.state === "running" ? "running" : "idle";
  const seconds = waiting && waitingPolls <= IMPATIENT_POLLS ? POLL.waiting : waiting ? POLL.running : POLL[state];
  return Math.min(60, seconds * 2 ** Math.min(failures, 5));
}

function plan() {
  clearTimeout(next);
  if (ended || document.hidden) return;
  next = setTimeout(async () => { await refresh(); plan(); }, pause() * 1000);
}

// Posts. Errors stand beside their field; the same entry key is kept until the server has taken it.
function fieldError(form, name, message) {
  const named = form.elements[name === "start" ? "local_time" : name];
  const field = named instanceof RadioNodeList ? named[0] : named;
  if (!field || !field.id) return false;
  const text = document.createElement("p");
  text.className = "error";
  text.id = `${field.id}-error`;
  text.textContent = message;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", text.id);
  field.closest(".field, .tick").append(text);
  return true;
}

function clearErrors(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  for (const text of form.querySelectorAll(".error")) text.remove();
}

async function explain(old, response) {
  const problem = await response.json().catch(() => ({}));
  if (response.status === 409) await refresh(); // the page is behind: a silent timer asks for its minutes, say
  const form = byId(old.id) || old;
  const left = (problem.errors || []).filter(({ field, message }) => !fieldError(form, field, message));
  form.querySelector("[aria-invalid]")?.focus();
  const rest = left.map(({ message }) => message).join(" ");
  if (rest || !problem.errors?.length) flash(rest || problem.detail || problem.title || "Cadence could not take this. Nothing was changed; try again.");
}

// getAttribute: the buttons called "action" hide form.action.
const post = (form, data) => fetch(form.getAttribute("action"), {
  method: "POST", body: data, signal: AbortSignal.timeout(TIMEOUT_MS),
  headers: { Accept: "application/json", "X-CSRF-Token": data.get("csrf_token") },
}).catch(() => null);

async function send(form, button) {
  const data = new URLSearchParams(new FormData(form));
  if (button?.name) data.set(button.name, button.value);
  if (button?.dataset.minutes) data.set("minutes", button.dataset.minutes);
  clearErrors(form);
  form.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true");
  const response = await post(form, data);
  if (!response) flash("No answer from Cadence. What you entered is still here; send it again: it will not count twice.");
  else if (response.status === 401) end();
  else if (!response.ok) await explain(form, response);
  else { flash(""); await refresh({ form: form.id, data }); }
  form.removeAttribute("aria-busy");
  button?.removeAttribute("aria-disabled");
  waitingPolls = 0;
  plan();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("method") !== "post" || form.classList.contains("logout")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") !== "true") send(form, event.submitter);
});

// "Still working?" is asked, without taking the focus, when a running timer sees no input for five minutes. On the phone
// or on video nobody touches the screen, so there it is never asked. Any input is a sign of life, told once a minute.
const IDLE = 300;
const SIGN_OF_LIFE = 60;
const CALLS = ["phone", "video"];
const INPUTS = ["pointerdown", "pointermove", "keydown", "touchstart", "wheel", "scroll"];
let lastInput = 0; // these three in seconds by the server's clock
let lastKept = 0;
const lastSeen = () => Math.max(lastInput, Number(main.dataset.seenAt));
const running = () => main.dataset.state === "running" && !byId("timer-minutes");
const calling = () => CALLS.includes(document.querySelector("#timer input[name=modality]:checked")?.value);
const inDoubt = () => running() && !calling() && serverNow() - lastSeen() >= IDLE;

function input() {
  if (inDoubt()) return; // now only an answer says whether the gap was work
  lastInput = serverNow();
  if (!running() || lastInput - Math.max(lastKept, Number(main.dataset.seenAt)) < SIGN_OF_LIFE) return;
  lastKept = lastInput;
  keep();
}

async function keep() {
  const form = byId("timer-form");
  const data = new URLSearchParams({ action: "keep" });
  for (const name of ["csrf_token", "patient"]) data.set(name, form.elements[name].value);
  const response = await post(form, data);
  if (response?.status === 401) end();
  else if (response?.status === 409) await refresh();
}

function ask() {
  const no = byId("still-no");
  const zone = main.dataset.timezone;
  const at = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(lastSeen() * 1000);
  const minutes = Math.floor((Number(main.dataset.seconds) + lastSeen() - Number(main.dataset.asOf)) / 60);
  byId("still-since").textContent = `No input here since ${at}; the timer goes on.`;
  no.textContent = minutes > 0 ? `No, stop at ${at}` : "No, discard this time";
  no.value = minutes > 0 ? "stop" : "discard";
  no.dataset.minutes = minutes > 0 ? minutes : "";
  byId("still").open = true; // not show(): that would take the focus from whoever is typing
  say(`Still working? ${byId("still-since").textContent}`);
}

function checkIdle() {
  const dialog = byId("still");
  const known = serverNow() - Number(main.dataset.now) < 60; // whether another tab is in use
  if (dialog.open && !inDoubt()) {
    if (dialog.contains(document.activeElement)) byId("timer").focus({ preventScroll: true });
    dialog.open = false;
  } else if (!dialog.open && known && !document.hidden && inDoubt()) ask();
}

// Keys. Enter on a chip must not press the form's first button.
function press(values) {
  document.querySelector(values.map((value) => `#timer button[value="${value}"]`).join(", "))?.click();
}
// A key must not confirm the proposed minutes of a timer that ran on unattended: it leads to them.
function unconfirmed() {
  byId("timer-minutes")?.focus();
  return byId("timer-minutes");
}
const keys = {
  s: () => unconfirmed() || press(main.dataset.state === "idle" ? ["start"] : ["stop"]),
  p: () => unconfirmed() || press(["pause", "resume"]),
  a: () => document.querySelector("#timer input[name=activity]:checked")?.focus(),
  n: () => byId("timer-note").focus(),
  e: () => { byId("manual").open = true; byId("manual-time").focus(); },
  "?": () => byId("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("textarea, select, dialog, input:not([type=radio])");
  if (event.key === "Enter" && event.target.type === "radio") event.preventDefault();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !byId("keys-on").checked) return;
  const action = Object.hasOwn(keys, event.key) && keys[event.key];
  if (action) { event.preventDefault(); action(); }
});

byId("keys-open").hidden = false;
byId("keys-open").addEventListener("click", keys["?"]);
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", () => { composing = false; });
document.addEventListener("visibilitychange", async () => { if (!document.hidden) { await refresh(); plan(); } });
setOffset();
lastInput = serverNow();
setInterval(tick, 250);
for (const name of INPUTS) document.addEventListener(name, input, { capture: true, passive: true });
setInterval(checkIdle, 1000);
plan();
