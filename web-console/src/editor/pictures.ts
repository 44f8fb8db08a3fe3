import { uuid } from '../api/client'

/** Pictures that were put into a text in this window, by the cid under which they stand there. */
const shown = new Map<string, string>()

/** Gives a picture a cid that is like no other (RFC 2392), under which it can be seen at once. */
export function hold(file: File): string {
  const cid = `${uuid()}@vaxel`
  shown.set(cid, URL.createObjectURL(file))
  return cid
}

export const held = (cid: string) => shown.get(cid)

/** What every mail program shows within a text. */
export const isPicture = (f: File) => /^image\/(png|jpeg|gif|webp)$/.test(f.type)
