import type { Part } from "./window";

// What only later.js says, in both languages; see words.ts.

const sv = {
  closedTitle: "Vi har stängt just nu",
  closedText: (t: string) => (t ? `Vi öppnar igen ${t}. Sök gärna efter ditt svar här under tiden.` : "Sök gärna efter ditt svar här under tiden."),
  endedText: "Tack för att du hörde av dig.",
  again: "Starta en ny chatt",
  rate: "Hur nöjd är du med hjälpen?",
  score: (n: number) => `${n} av 5`,
  comment: "Vad var bra eller dåligt?",
  rated: "Tack för ditt betyg!",
  mail: "Få chatten som mejl",
  mailed: "Chatten är på väg som mejl.",
  called: "Vi ringer dig.",
  callMe: "Ring mig på",
  nobody: "Ingen kan svara nu.",
  readArticle: "Läs artikeln",
  helped: "Hjälpte det?",
  yes: "Ja",
  no: "Nej",
  thanks: "Tack för svaret!",
  soundOn: "Slå på ljud",
  soundOff: "Stäng av ljud",
  endChat: "Avsluta chatten",
  endAsk: "Vill du avsluta chatten?",
  endYes: "Avsluta",
  endNo: "Fortsätt chatta",
  elsewhere: "Chatten är öppen i en annan flik.",
  here: "Fortsätt här",
  refused: "Chatten får inte visas på den här sidan.",
};

const en: typeof sv = {
  closedTitle: "We are closed right now",
  closedText: (t) => (t ? `We open again ${t}. You may find your answer here meanwhile.` : "You may find your answer here meanwhile."),
  endedText: "Thank you for writing to us.",
  again: "Start a new chat",
  rate: "How happy are you with the help?",
  score: (n) => `${n} of 5`,
  comment: "What was good or bad?",
  rated: "Thank you for your rating!",
  mail: "Get the chat by mail",
  mailed: "The chat is on its way by mail.",
  called: "We will call.",
  callMe: "Call me at",
  nobody: "Nobody can answer.",
  readArticle: "Read the article",
  helped: "Did it help?",
  yes: "Yes",
  no: "No",
  thanks: "Thank you!",
  soundOn: "Turn sound on",
  soundOff: "Turn sound off",
  endChat: "End the chat",
  endAsk: "Do you want to end the chat?",
  endYes: "End it",
  endNo: "Keep chatting",
  elsewhere: "The chat is open in another tab.",
  here: "Continue here",
  refused: "The chat may not be shown on this page.",
};

export function words({ lang }: Part): typeof sv {
  return lang === "en" ? en : sv;
}
