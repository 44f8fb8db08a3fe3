const said = {
  sv: ['Sidan kan inte visas. Det du har skrivit finns kvar.', 'Ladda om'],
  en: ['This page cannot be shown. What you have written is kept.', 'Load again'],
}

/** What stands where even the words are missing: it needs nothing that is fetched. */
export function Lost() {
  const [text, again] = said[document.documentElement.lang === 'en' ? 'en' : 'sv']
  return (
    <div className="banner banner--crit" role="alert">
      <span className="grow">{text}</span>
      <button className="btn btn--xs" onClick={() => location.reload()}>
        {again}
      </button>
    </div>
  )
}
