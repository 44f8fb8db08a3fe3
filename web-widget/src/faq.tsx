import { Icon, useState } from "./kit";
import { words } from "./laterwords";
import type { Card } from "./types";
import type { Part } from "./window";

const opens = ["M6.5 3.2H4a1.4 1.4 0 0 0-1.4 1.4V12A1.4 1.4 0 0 0 4 13.4h7.4a1.4 1.4 0 0 0 1.4-1.4V9.5M9.4 2.6h4v4M13 3 7.6 8.4"];
const thumb = ["M5.2 7 7.6 2.6A1.4 1.4 0 0 1 9 4v2.2h3a1.4 1.4 0 0 1 1.4 1.7l-.8 4a1.4 1.4 0 0 1-1.4 1.1H5.2M2.6 7h2.6v6H2.6Z"];

// An article that the agent gave, and whether it helped.
export function Faq({ part, card }: { part: Part; card: Card }) {
  const { session, state } = part;
  const w = words();
  const [voted, setVoted] = useState(false);
  const vote = (useful: boolean) => {
    session.dispatch({ do: "vote", id: card.id, lang: card.lang, useful });
    setVoted(true);
  };
  return (
    <div class="faq">
      <span class="ttl" dir="auto" lang={card.lang}>{card.title}</span>
      {card.snippet && <span class="txt" dir="auto" lang={card.lang}>{card.snippet}</span>}
      <a class="lnk" href={new URL(card.url, session.address).href} target="_blank" rel="noopener noreferrer">{w.readArticle} <Icon of={opens} size={12} /><span class="vh">{part.w.newTab}</span></a>
      <div class="useful">
        {voted ? <span class="grow">{w.thanks}</span> : (
          <>
            <span class="grow">{w.helped}</span>
            <button class="btn btn--xs" type="button" disabled={state.net !== "on"} onClick={() => vote(true)}><Icon of={thumb} size={12} />{w.yes}</button>
            <button class="btn btn--xs" type="button" disabled={state.net !== "on"} onClick={() => vote(false)}><Icon of={thumb} size={12} turned />{w.no}</button>
          </>
        )}
      </div>
    </div>
  );
}
