import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fill, span } from "./fill";
import { Icon } from "./icons";
import type { Card } from "./types";
import type { Part, Prefill } from "./window";

// Before the chat: what it is about, the answers that we have already, then who asks.
export function Before({ part, prefill, base }: { part: Part; prefill: Prefill; base: string }) {
  const { session, state, w, lang } = part;
  const site = state.site!;
  const form = site.form;
  const greeting = site.texts?.[lang]?.greeting;
  const [question, setQuestion] = useState(prefill.question ?? session.store.get().draft ?? "");
  const [topic, setTopic] = useState(prefill.topic ?? "");
  const [name, setName] = useState(prefill.name ?? "");
  const [email, setEmail] = useState(prefill.email ?? "");
  const [tried, setTried] = useState(false);
  const [writes, setWrites] = useState(false); // a letter, which the doors that open meanwhile don't take away
  const [calls, setCalls] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const found = useAnswers(part, question);

  const wrong = {
    question: question.trim() ? "" : w.needQuestion,
    name: form.name === "required" && !state.known && !name.trim() ? w.needName : "",
    email: (form.email === "required" && !state.known || email.trim()) && !/^\S+@\S+\.\S+$/.test(email.trim()) ? w.needEmail : "",
  };
  const write = (text: string) => {
    setQuestion(text);
    session.store.set({ draft: text });
  };
  const submit = (e: Event) => {
    e.preventDefault();
    setTried(true);
    if (wrong.question || wrong.name || wrong.email) {
      const first = wrong.question ? "q" : wrong.name ? "n" : "e";
      (input.current?.form?.elements.namedItem(first) as HTMLElement | null)?.focus();
      return;
    }
    const form = e.currentTarget as HTMLFormElement;
    if (!form.reportValidity()) return;
    const fields: Record<string, string> = {};
    new FormData(form).forEach((v, k) => { if (k[1] === ":") fields[k.slice(2)] = String(v); });
    session.store.set({ draft: "" });
    session.dispatch({ do: "form", text: question.trim(), name: name.trim(), email: email.trim(), topic, fields });
  };

  const { later } = part;
  const letter = !site.open || writes && !state.left;
  const call = form.callback && later && <later.Call part={part} asking={calls} ask={setCalls} text={question} name={name} topic={topic} />;
  const called = state.called !== undefined;
  if (calls && !called) return <div class="w-body">{call}</div>;
  const ask = (
    <>
      <div class="w-f">
        <label class="label" for="q">{letter ? w.search : w.question}</label>
        <div class="field">
          <input id="q" name="q" dir={question ? "auto" : undefined} ref={input} value={question} maxLength={1000} autocomplete="off" onInput={(e) => write(e.currentTarget.value)} {...bad("question")} />
          {question && <button class="ibtn" type="button" aria-label={w.clear} onClick={() => { write(""); input.current?.focus(); }}><Icon of="x" /></button>}
        </div>
        {problem("question")}
      </div>
      <Answers part={part} cards={found} base={base} asked={question} />
    </>
  );
  function bad(field: "question" | "name" | "email") {
    return tried && wrong[field] ? { "aria-invalid": true, "aria-describedby": "bad-" + field } : {};
  }
  function problem(field: "question" | "name" | "email") {
    return tried && wrong[field] ? <span class="bad" id={"bad-" + field}>{wrong[field]}</span> : null;
  }
  function who(field: "name" | "email", id: string, value: string, set: (v: string) => void, more: JSX.IntrinsicElements["input"]) {
    return form[field] !== "off" && !state.known && (
      <div class="w-f">
        <label class="label" for={id}>{w[field]} {form[field] !== "required" && <span class="meta">{w.optional}</span>}</label>
        <div class="field"><input id={id} name={id} dir={value ? "auto" : undefined} value={value} autocomplete={field} onInput={(e) => set(e.currentTarget.value)} {...more} {...bad(field)} /></div>
        {problem(field)}
      </div>
    );
  }
  if (letter) {
    return <div class="w-body">{called && call}{later && !site.open && <later.Closed part={part} />}{ask}{later && <later.Letter part={part} onWrite={setWrites} />}{!called && call}</div>;
  }
  return (
    <form class="w-body" novalidate onSubmit={submit}>
      {state.left && <b>{fill(w.sent, "")}</b>}
      {called && call}
      {greeting && <p dir="auto">{greeting}</p>}
      {ask}
      {!!form.topics?.length && (
        <fieldset class="w-f">
          <legend class="label">{w.topic}</legend>
          <div class="pick">
            {form.topics.map((t) => (
              <label class={topic === t.id ? "is-on" : ""}>
                <input class="vh" type="radio" name="t" value={t.id} checked={topic === t.id} onChange={() => setTopic(t.id)} />
                {topic === t.id && <Icon of="check" size={12} />}{t.label[lang] ?? Object.values(t.label)[0]}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <span class="grow" />
      <div class="f2">
        {who("name", "n", name, setName, { maxLength: 100 })}
        {who("email", "e", email, setEmail, { type: "email", maxLength: 320, placeholder: w.forCopy })}
      </div>
      {later && <later.Asked part={part} />}
      <button class="btn btn--lg btn--primary btn--block"><Icon of="chat" />{site.wait ? fill(w.startIn, part.number(Math.max(1, Math.round(site.wait / 60)))) : w.start}</button>
      {!called && call}
      {(form.privacy || form.months) && (
        <p class="meta">{form.months ? fill(w.kept, span(form.months, "month", lang)) + " " : ""}{form.privacy && <a href={form.privacy} target="_blank" rel="noopener noreferrer">{w.privacy}</a>}</p>
      )}
    </form>
  );
}

// Searches while the customer types: 150 ms after the last key, the older question is given up.
function useAnswers({ session }: Part, question: string): Card[] | null {
  const [found, setFound] = useState<Card[] | null>(null);
  useEffect(() => {
    const q = question.trim();
    if (q.length < 3) {
      setFound(null);
      return;
    }
    const stop = new AbortController();
    const t = setTimeout(() => session.articles(q, stop.signal).then(setFound, () => {}), 150);
    return () => {
      clearTimeout(t);
      stop.abort();
    };
  }, [question]);
  return found;
}

function Answers({ part: { w, state }, cards, base, asked }: { part: Part; cards: Card[] | null; base: string; asked: string }) {
  if (!cards?.length) return !state.site!.open && cards && asked ? <p class="meta">{w.noAnswer}</p> : null;
  return (
    <div class="col gap">
      <span class="overline" id="answers">{w.answers}</span>
      <ul class="w-list" aria-labelledby="answers">
        {cards.map((c, i) => (
          <li>
            <a class={"w-art" + (i ? "" : " is-top")} href={new URL(c.url, base).href} target="_blank" rel="noopener noreferrer">
              <Icon of="book" />
              <span class="col grow"><span class={i ? "ell" : "med ell"} dir="auto">{c.title}</span>{!i && c.snippet && <span class="meta ell" dir="auto">{c.snippet}</span>}</span>
              <span class="vh">{w.newTab}</span><Icon of="right" />
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
