// What the tests that run in a page share.

export function page(html: string): void {
  document.body.innerHTML = html;
}

export function at<E extends Element = HTMLElement>(selector: string): E {
  const el = document.querySelector<E>(selector);
  if (!el) throw new Error(`there is no ${selector}`);
  return el;
}

export function same(got: unknown, want: unknown, what: string): void {
  const [g, w] = [JSON.stringify(got), JSON.stringify(want)];
  if (g !== w) throw new Error(`${what}: got ${g}, want ${w}`);
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await new Promise((r) => setTimeout(r, 20))) if (holds()) return;
  throw new Error(`waited for ${what}`);
}

export const rules = { mask: [] as string[], block: [] as string[], forbid: [] as string[], allow: [] as string[], nodes_max: 20_000 };
