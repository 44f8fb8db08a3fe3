import type sv from "./words/sv.json";

declare const WORDS: (typeof sv)["later"]; // in the language of this later.js; see words.ts

export const words = () => WORDS;
