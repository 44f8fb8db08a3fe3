import type sv from "./words/sv.json";

// Everything that a customer reads stands in words/, a file for each language. cmd/webbuild makes a chat.js of each:
// its words, by these names, then the code.
export type Words = (typeof sv)["chat"];

declare const LANG: string;
declare const WORDS: Words;

export const made = () => ({ lang: LANG, words: WORDS });
