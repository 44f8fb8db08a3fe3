// Whom a website asks whether they need help. Pure.

export interface Invite {
  id: string;
  text: Record<string, string>; // by language
  url?: string; // a pattern, * is anything
  after?: number; // seconds on the page
  visits?: number; // pages looked at before, at least
}

export interface Seen {
  pages: number; // looked at before this one
  asked: string[]; // ids: each is asked once
}

// The first that fits the page and has not been asked.
export function due(list: Invite[], seen: Seen, address: string): Invite | undefined {
  const page = address.split("#")[0]!;
  return list.find((i) => !seen.asked.includes(i.id) && seen.pages >= (i.visits ?? 0) && (!i.url || pattern(i.url).test(page)));
}

function pattern(url: string): RegExp {
  return new RegExp("^" + url.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$");
}
