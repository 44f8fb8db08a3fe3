// Asks for something until it comes: when called, and by itself after 2, 4, 8, 16 and 32 s. Whoever has reason to hope
// calls again, which asks at once; nothing is asked for twice at a time, nor once it has come.
export function until(ask: () => Promise<void>): () => void {
  let tries = 0;
  let timer = 0;
  let asked = false;
  const again = () => {
    if (asked) return;
    asked = true;
    clearTimeout(timer);
    ask().catch(() => {
      asked = false;
      if (++tries < 6) timer = window.setTimeout(again, 1000 * 2 ** tries);
    });
  };
  return again;
}
