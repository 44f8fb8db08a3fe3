import { fill } from "./fill";
import { words } from "./laterwords";
import type { FrameOut } from "./types";

// Sends a file, which is answered as a line is: the stream shows it when it is stored. A file that the page before
// was given is not here any more.
export async function upload(url: string, lang: string, most: number, token: string, cid: string, file?: File): Promise<FrameOut> {
  const w = words();
  const refused = file ? file.size > most && fill(w.tooLarge, most >> 20) : w.lost;
  if (refused) return { t: "error", cid, detail: refused };
  const body = new FormData();
  body.set("token", token);
  body.set("cid", cid);
  body.set("file", file!);
  const r = await fetch(url + lang, { method: "POST", body, credentials: "omit" });
  return r.ok ? { t: "ack", cid } : { ...((await r.json()) as FrameOut), cid };
}
