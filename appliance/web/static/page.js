// The page works without this. With it, it follows the house by itself, and buttons answer at once.
const body = document.body
const said = document.getElementById("said")
let state = {}
let saidTimer = 0

function say(text) {
  clearTimeout(saidTimer)
  said.textContent = text
  if (text) saidTimer = setTimeout(() => { said.textContent = "" }, 8000)
}

// --- the state on the page --------------------------------------------------------------------

const all = (selector, act) => document.querySelectorAll(selector).forEach(act)

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function show(next) {
  if (next.time < state.time) return
  state = next
  state.volume_known = state.volume !== null
  body.dataset.mood = state.mood
  document.getElementById("mood-glyph").setAttribute("href", "#m-" + state.mood.split(" ")[0])
  all("[data-text]", (element) => setText(element, String(state[element.dataset.text] ?? "")))
  all("[data-list]", showList)
  all("[data-pressed]", (element) => {
    const [key, value] = element.dataset.pressed.split("=")
    element.setAttribute("aria-pressed", String(state[key] === value))
  })
  const focused = document.activeElement
  all("[data-show]", (element) => { element.hidden = !state[element.dataset.show] })
  all("[data-hide]", (element) => { element.hidden = !!state[element.dataset.hide] })
  if (focused?.hidden) focusTwin(focused)
  showCover()
  showVolume()
  showElapsed()
}

// A button that was pressed gives way to its opposite; the keyboard's place goes with it.
function focusTwin(element) {
  const { show, hide } = element.dataset
  element.parentElement.querySelector(show ? `[data-hide="${show}"]` : `[data-show="${hide}"]`)?.focus()
}

function showList(element) {
  const items = state[element.dataset.list]
  if ([...element.children].map((item) => item.textContent).join("\n") === items.join("\n")) return
  element.replaceChildren(...items.map((text) => {
    const item = document.createElement("li")
    item.textContent = text
    return item
  }))
}

function showCover() {
  const cover = document.getElementById("cover")
  if (cover.getAttribute("src") === state.cover || (!state.cover && cover.hidden)) return
  cover.hidden = true
  if (state.cover) cover.src = state.cover
  else cover.removeAttribute("src")
}

function showVolume() {
  const volume = document.getElementById("volume")
  if (!volume || volume === document.activeElement && volume.dataset.moving) return
  volume.max = state.volume_max
  volume.value = state.volume ?? 0
}

function showElapsed() {
  const bar = document.getElementById("elapsed")
  if (!bar || !state.duration) return
  // The clocks of this device and of the jukebox may differ: what counts is when the state came.
  const since = state.playing ? Date.now() / 1000 - state.came + (state.time - state.at) : 0
  bar.max = state.duration
  bar.value = Math.min(state.elapsed + Math.max(since, 0), state.duration)
}

// --- the stream -------------------------------------------------------------------------------

const SILENT_MS = 40_000 // the jukebox says something every 15 s at least
let stream = null
let waiting = 0
let heard = Date.now()

function take(event) {
  const next = JSON.parse(event.data)
  next.came = Date.now() / 1000
  show(next)
  hear()
}

function hear() {
  heard = Date.now()
  lost(false)
}

// A connection may be dead without an end: a phone that changed its network, a process that hangs.
function doubt() {
  if (!stream || Date.now() - heard < SILENT_MS) return
  lost(true)
  close()
  open()
}

// A short gap is nobody's business; the browser tries again every second.
function lost(is) {
  if (is) {
    waiting ||= setTimeout(() => sayLost(body.dataset.lost), 2500)
  } else {
    clearTimeout(waiting)
    waiting = 0
    sayLost("")
  }
}

function sayLost(text) {
  const trouble = document.querySelector(".trouble")
  trouble.hidden = !text && !state.trouble
  setText(trouble, text || state.trouble || "")
}

function open() {
  if (stream && stream.readyState !== EventSource.CLOSED) return
  heard = Date.now()
  stream = new EventSource("/events")
  stream.addEventListener("state", take)
  stream.addEventListener("beat", hear)
  stream.addEventListener("replaced", close)
  stream.addEventListener("error", () => {
    lost(true)
    // After an answer that is no stream, browsers try no more by themselves.
    if (stream?.readyState === EventSource.CLOSED) setTimeout(check, 2000)
  })
}

function close() {
  stream?.close()
  stream = null
}

async function check() {
  try {
    const answer = await fetch("/paired")
    if (!(await answer.json()).may) location.reload()
    else if (document.visibilityState === "visible") open()
  } catch {
    setTimeout(check, 2000)
  }
}

// A page that nobody sees needs no stream: a browser has six connections for all its pages.
function follow() {
  if (document.visibilityState === "visible") open()
  else close()
}

// --- buttons ----------------------------------------------------------------------------------

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button))
  button?.setAttribute("aria-busy", "true")
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: fields, headers: { Accept: "application/json" },
    })
    if (answer.status === 401) return location.reload()
    const done = await answer.json()
    done.state.came = Date.now() / 1000
    show(done.state)
    say(done.text)
  } catch {
    say(body.dataset.failed)
  } finally {
    button?.removeAttribute("aria-busy")
  }
}

if ("live" in body.dataset) {
  body.classList.add("live")
  document.getElementById("cover").addEventListener("load", (event) => { event.target.hidden = false })
  document.getElementById("cover").addEventListener("error", (event) => { event.target.hidden = true })
  show({ ...JSON.parse(body.dataset.state), came: Date.now() / 1000 })
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/") return
    event.preventDefault()
    send(event.target, event.submitter)
  })
  const volume = document.getElementById("volume")
  volume?.addEventListener("input", () => {
    volume.dataset.moving = "1"
    setText(document.querySelector("[data-text=volume]"), volume.value)
  })
  volume?.addEventListener("change", () => {
    delete volume.dataset.moving
    send(volume.form)
  })
  setInterval(() => {
    if (document.visibilityState !== "visible") return
    showElapsed()
    doubt()
  }, 1000)
  document.addEventListener("visibilitychange", follow)
  window.addEventListener("focus", follow)
  follow()
}

// --- other pages ------------------------------------------------------------------------------

async function ask() {
  try {
    return await (await fetch("/paired")).json()
  } catch {
    return {}
  }
}

// A paired browser that came by a link from elsewhere did not show its cookie: now it does. And
// somebody may press the button on the jukebox while this page is open.
async function lookWhetherPaired() {
  const { may, button } = await ask()
  const typed = document.getElementById("code")?.value
  const news = may && location.pathname !== "/pair" || button && !("button" in body.dataset)
  if (news && !typed) location.reload()
}

if ("unpaired" in body.dataset) {
  lookWhetherPaired()
  setInterval(() => { if (document.visibilityState === "visible") lookWhetherPaired() }, 3000)
}

if ("offline" in body.dataset) {
  setInterval(async () => { if ("may" in await ask()) location.reload() }, 3000)
}

// Only a page that came by HTTPS, or from this machine itself, may have one.
if ("live" in body.dataset && window.isSecureContext) {
  navigator.serviceWorker?.register("/worker.js").catch(() => {}) // not with every certificate
}
