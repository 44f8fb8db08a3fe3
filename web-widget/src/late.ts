declare const LATER_HASH: string; // of later.js; set by cmd/webbuild

let failed = 0; // times; a failed address is remembered by some browsers

// Fetches later.js, once, when something of it is needed.
export function late(base: string, lang: string): Promise<typeof import("./later")> {
  return import(`${base}${lang}/later.js?v=${LATER_HASH}${failed ? "&n=" + failed : ""}`).catch((e: unknown) => {
    failed++;
    throw e;
  });
}
