// Everything on these pages works without this file. It suggests answers while a question is typed, and opens
// the chat with the question in it.
(() => {
  const input = document.querySelector('.hc-search input[name="q"]')
  const chat = document.querySelectorAll('[data-chat]')
  for (const a of chat) {
    a.addEventListener('click', (e) => {
      if (typeof window.vaxel !== 'function') return // no chat: the link leads on
      e.preventDefault()
      if (a.dataset.chat) window.vaxel('set', { question: a.dataset.chat })
      window.vaxel('open')
    })
  }
  document.addEventListener('click', (e) => {
    for (const d of document.querySelectorAll('details[open]')) if (!d.contains(e.target)) d.open = false
  })
  if (!input) return

  const field = input.closest('.hc-search')
  const list = document.createElement('div')
  list.className = 'hc-sugg pop'
  list.id = 'suggestions'
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', input.dataset.suggestions)
  list.hidden = true
  field.append(list)
  input.setAttribute('role', 'combobox')
  input.setAttribute('aria-controls', list.id)
  input.setAttribute('aria-expanded', 'false')
  input.autocomplete = 'off'

  let active = -1
  let asked
  let timer
  const options = () => [...list.querySelectorAll('[role="option"]')]
  const show = (on) => {
    list.hidden = !on
    input.setAttribute('aria-expanded', String(on))
    if (!on) input.removeAttribute('aria-activedescendant')
  }
  const point = (n) => {
    const all = options()
    active = all.length ? (n + all.length) % all.length : -1
    all.forEach((o, i) => {
      o.classList.toggle('is-active', i === active)
      o.setAttribute('aria-selected', String(i === active))
    })
    if (active >= 0) input.setAttribute('aria-activedescendant', all[active].id)
  }
  const suggest = async () => {
    asked?.abort()
    const q = input.value.trim()
    if (q.length < 2) return show(false)
    asked = new AbortController()
    try {
      const answer = await fetch(input.dataset.from + '?q=' + encodeURIComponent(q), { signal: asked.signal })
      if (!answer.ok) return show(false)
      list.innerHTML = await answer.text() // our own page, escaped by the server
      show(options().length > 0)
      point(-1)
      active = -1
      options().forEach((o) => o.classList.remove('is-active'))
    } catch {
      // an older question, or no network: the form still works
    }
  }
  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(suggest, 80)
  })
  input.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') show(false)
    if (list.hidden) return
    if (e.key === 'ArrowDown') e.preventDefault(), point(active + 1)
    if (e.key === 'ArrowUp') e.preventDefault(), point(active < 0 ? -1 : active - 1)
    if (e.key === 'Enter' && active >= 0) {
      e.preventDefault()
      options()[active].click()
    }
  })
  input.addEventListener('blur', () => setTimeout(() => show(false), 200))
  input.addEventListener('focus', () => show(options().length > 0))
})()
