/**
 * HTML from elsewhere, before the schema reads it: looks that stand in style attributes become
 * elements. The page's policy keeps styles from meaning anything here, so they are read as text.
 */
export function parsed(html: string): HTMLElement {
  const quiet = html.replace(/<style[^]*?<\/style>/gi, '').replace(/<[^>]*>/g, (tag) => tag.replace(/\s(?=style\s*=|on\w+\s*=)/gi, ' data-')) // or the browser complains of each
  const { body } = new DOMParser().parseFromString(quiet, 'text/html')
  for (const e of [...body.querySelectorAll<HTMLElement>('[data-style]')]) {
    const style = e.dataset.style!
    delete e.dataset.style
    if (/^[BI]$/.test(e.tagName) && /font-(weight|style)\s*:\s*(normal|[1-5]00)/i.test(style)) e.replaceWith(...e.childNodes) // how some programs wrap what is copied
    else for (const [look, tag] of looks) if (look.test(style)) within(e, tag)
  }
  return body
}

const looks: [RegExp, string][] = [
  [/font-weight\s*:\s*(bold|[6-9]00)/i, 'strong'],
  [/font-style\s*:\s*italic/i, 'em'],
  [/text-decoration(-line)?\s*:[^;]*underline/i, 'u'],
]

function within(e: HTMLElement, tag: string) {
  const look = document.createElement(tag)
  look.append(...e.childNodes)
  e.append(look)
}

/** What was pasted: a row of a table is a line, and pictures go, but for those that this mail has itself. */
export function tidy(html: string, ours: (cid: string) => boolean): string {
  const body = parsed(html)
  for (const e of body.querySelectorAll('img')) if (!ours(/^cid:(.+)/.exec(e.getAttribute('src') ?? '')?.[1] ?? '')) e.remove()
  for (const row of body.querySelectorAll('tr')) {
    if (row.querySelector('table')) continue // only lays out what is in it
    const line = document.createElement('p')
    for (const [k, cell] of [...row.cells].entries()) line.append(...(k > 0 ? [' \u00a0 '] : []), ...cell.childNodes)
    row.replaceChildren(line)
  }
  return body.innerHTML
}
