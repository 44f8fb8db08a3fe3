import type { Words } from "./words";

declare const LATER_HASH: string; // of later.js; set by cmd/webbuild
declare const WORDS_HASH: string; // of the words alone, in all languages; the same

const failed: Record<string, number> = {}; // times; a failed address is remembered by some browsers

async function fetched<T>(address: string): Promise<T> {
  const times = failed[address] ?? 0;
  try {
    return (await import(address + (times ? "&n=" + times : ""))) as T;
  } catch (e) {
    failed[address] = times + 1;
    throw e;
  }
}

// Fetches later.js, once, when something of it is needed.
export function late(base: string, lang: string): Promise<typeof import("./later")> {
  return fetched(`${base}${lang}/later.js?v=${LATER_HASH}`);
}

// Fetches the words of another language than this file's.
export function spoken(base: string, lang: string): Promise<{ words: Words }> {
  return fetched(`${base}${lang}/words.js?v=${WORDS_HASH}`);
}
