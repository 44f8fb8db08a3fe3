import { api } from '../api/client'
import type { Article } from '../api/types'

/** An article as HTML for a letter: its title as a link, or all that it says. The title is there whatever the network does. */
export async function articlePiece(a: Article, whole: boolean): Promise<string> {
  const { body } = document.implementation.createHTMLDocument()
  const title = document.createElement('a')
  title.textContent = a.title
  body.append(title)
  try {
    const read = await api.readArticle(a.id, a.language)
    if (whole && read.html) body.innerHTML = read.html
    else if (whole) title.textContent = read.markdown ?? a.snippet
    else if (read.url) title.href = read.url
  } catch {
    // its title is better than nothing
  }
  for (const e of body.querySelectorAll('a[href]')) e.setAttribute('href', new URL(e.getAttribute('href')!, location.origin).href)
  return body.innerHTML
}
