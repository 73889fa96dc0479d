// Shows how much of an upload has been sent. The form works without this.
const form = document.querySelector("[data-upload]")
const said = document.getElementById("said")

function tooLarge() {
  const most = form.dataset.largest * 1e6
  const file = [...form.elements.music.files].find((chosen) => chosen.size > most)
  return file ? form.dataset.tooLarge.replace("{name}", file.name) : ""
}

// Not fetch(), which does not tell how much it has sent.
function send(progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("POST", form.action)
    request.setRequestHeader("Accept", "application/json")
    request.responseType = "json"
    request.upload.onprogress = (event) => { progress.value = 100 * event.loaded / event.total }
    request.onload = () => resolve(request)
    request.onerror = reject
    request.send(new FormData(form))
  })
}

// The songs as they are now, without leaving the page.
async function renewSongs() {
  const text = await (await fetch(location.href)).text()
  const page = new DOMParser().parseFromString(text, "text/html")
  document.getElementById("songs").replaceWith(page.getElementById("songs"))
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault()
  const progress = form.querySelector("progress")
  if (!progress.hidden) return // it is on its way already
  said.textContent = tooLarge()
  if (said.textContent) return
  const button = form.querySelector("button")
  progress.value = 0
  progress.hidden = false
  button.setAttribute("aria-busy", "true")
  try {
    const { status, response } = await send(progress)
    if (status === 401) return location.reload()
    said.textContent = response.text
    if (response.ok) form.reset()
    await renewSongs()
  } catch {
    said.textContent = form.dataset.failed
  } finally {
    progress.hidden = true
    button.removeAttribute("aria-busy")
  }
})
