// The lesson goes on by itself; without this, the link "What now?" shows the next words.
const lesson = document.querySelector("[data-lesson]")

async function ask() {
  try {
    const answer = await fetch("/teach/now")
    const now = await answer.json()
    if (!now.on) return location.reload()
    for (const part of lesson.querySelectorAll("[data-word]")) {
      const text = now[part.dataset.word]
      if (part.textContent !== text) part.textContent = text
    }
  } catch {
    // The page's process starts again, or the net is gone for a moment.
  }
  setTimeout(ask, 700)
}

if (lesson) ask()
