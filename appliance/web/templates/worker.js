// Shows a page of ours, not the browser's, where the jukebox cannot be reached. Keeps nothing else.
const KEPT = {{ kept|tojson }}
const STORE = "{{ version }}"

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(KEPT)).then(() => self.skipWaiting()))
})

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name !== STORE).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()))
})

self.addEventListener("fetch", (event) => {
  const { mode, method, url } = event.request
  const path = url.slice(self.location.origin.length)
  if (mode === "navigate" && method === "GET") {
    event.respondWith(fetch(event.request).catch(() => caches.match(KEPT[0])))
  } else if (KEPT.includes(path)) {
    event.respondWith(caches.match(path).then((kept) => kept ?? fetch(event.request)))
  }
})
