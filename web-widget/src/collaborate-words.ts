// What the customer reads about showing their page. cause: why it ended.
const sv = {
  ask: (who: string) => `${who} vill se den här sidan`,
  lead: "Medan ni pratar ser hen sidan som du ser den, på den här webbplatsen och ingen annanstans. Lösenord visas aldrig, och det du skriver i fält bara där webbplatsen har valt att visa det.",
  yes: "Visa sidan",
  no: "Nej tack",
  askControl: (who: string) => `Får ${who} klicka och fylla i åt dig?`,
  leadControl: (sends: boolean) => `Hen kan inte skriva lösenord eller kortnummer${sends ? " eller välja filer" : ", välja filer eller trycka på knappar som skickar formulär"}. Du kan ta tillbaka det när du vill.`,
  yesControl: "Ja, låt hen hjälpa till",
  sees: (who: string) => `${who} ser sidan`,
  helps: (who: string) => `${who} ser sidan och kan klicka`,
  stop: "Sluta visa",
  back: "Ta tillbaka",
  key: "Esc",
  shown: "Din sida visas",
  title: "Visa sidan för den du pratar med",
  code: "Koden som du har fått",
  go: "Fortsätt",
  cancel: "Avbryt",
  close: "Stäng",
  digits: "Skriv de sex siffrorna.",
  gone: "Det gick inte att nå oss. Försök igen om en stund.",
  over: "Din sida visas inte längre.",
  cause: {
    idle: "Ingen gjorde något på fem minuter, så din sida visas inte längre.",
    left: "Ni pratar inte längre, så din sida visas inte.",
    too_large: "Sidan är för stor för att visas.",
    bad_rules: "Sidan kan inte visas just nu.",
    elsewhere: "Du visar redan en annan flik.",
    declined: "",
    unanswered: "",
  } as Record<string, string>,
};

const en: typeof sv = {
  ask: (who) => `${who} would like to see this page`,
  lead: "While you talk they see the page as you see it, on this website and nowhere else. Passwords are never shown, and what you type into fields only where this website has chosen to show it.",
  yes: "Show the page",
  no: "No thanks",
  askControl: (who) => `May ${who} click and fill in for you?`,
  leadControl: (sends) => `They cannot type passwords or card numbers${sends ? " or choose files" : ", choose files or press buttons that send forms"}. You can take it back at any time.`,
  yesControl: "Yes, let them help",
  sees: (who) => `${who} sees the page`,
  helps: (who) => `${who} sees the page and can click`,
  stop: "Stop showing",
  back: "Take back",
  key: "Esc",
  shown: "Your page is shown",
  title: "Show the page to whom you talk with",
  code: "The code that you were given",
  go: "Continue",
  cancel: "Cancel",
  close: "Close",
  digits: "Type the six digits.",
  gone: "We could not be reached. Try again in a moment.",
  over: "Your page is not shown any more.",
  cause: {
    idle: "Nobody did anything for five minutes, so your page is not shown any more.",
    left: "You are not talking any more, so your page is not shown.",
    too_large: "The page is too large to be shown.",
    bad_rules: "The page cannot be shown just now.",
    elsewhere: "You show another tab already.",
    declined: "",
    unanswered: "",
  },
};

export type Words = typeof sv;

export function words(lang: string): Words {
  return lang === "sv" ? sv : en;
}
