import { Icon, useState } from "./kit";
import type { Sent } from "./types";
import type { Part } from "./window";

const sheet = ["M9.2 1.8H4.6a1.4 1.4 0 0 0-1.4 1.4v9.6a1.4 1.4 0 0 0 1.4 1.4h6.8a1.4 1.4 0 0 0 1.4-1.4V5.4Z", "M9.2 1.8v3.6h3.6"];

// A file that is stored: a picture is shown, if the page lets it, anything else stands as a card.
export function Shown({ part, file }: { part: Part; file: Sent }) {
  const [broken, setBroken] = useState(false);
  const href = new URL(file.url, part.session.address).href;
  const picture = !broken && /^image\/(png|jpeg|gif|webp)$/.test(file.type);
  return (
    <a class={picture ? "pic" : "doc"} href={href} target="_blank" rel="noopener noreferrer">
      {picture ? <img src={href} alt={file.name} onError={() => setBroken(true)} /> : (
        <><Icon of={sheet} /><span class="col"><span class="med ell" dir="auto">{file.name}</span><span class="meta">{size(file.size, part.lang)}</span></span></>
      )}
      <span class="vh">{part.w.newTab}</span>
    </a>
  );
}

function size(bytes: number, lang: string): string {
  const large = bytes >= 1e6;
  return new Intl.NumberFormat(lang, { maximumFractionDigits: large ? 1 : 0 }).format(Math.max(1, bytes / 1e3) / (large ? 1e3 : 1)) + (large ? " MB" : " kB");
}
