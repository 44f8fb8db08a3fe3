// The customer's page works without this; it adds the chat button, copying and mails that
// come by themselves.
window.vaxel ??= (...args) => (window.vaxel.q ??= []).push(args);

for (const button of document.querySelectorAll('[data-chat]')) button.addEventListener('click', () => window.vaxel('open'));

for (const button of document.querySelectorAll('[data-copy]')) {
  const label = button.textContent;
  let timer;
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// byTheReader shows times in the reader's zone; the server knows only its own machine's.
function byTheReader(within) {
  const now = new Date();
  for (const time of within.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    const day = at.toDateString() === now.toDateString() ? {} : { year: 'numeric', month: 'short', day: 'numeric' };
    time.textContent = at.toLocaleString(document.documentElement.lang, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  }
}
byTheReader(document);

const list = document.getElementById('threads');
let etag = '';

// refresh puts what is new into the list. A reply that is being written stays as it is.
async function refresh() {
  const answer = await fetch(list.dataset.from, { headers: etag ? { 'If-None-Match': etag } : {}, cache: 'no-store' });
  if (answer.status !== 200) return;
  etag = answer.headers.get('ETag') ?? '';
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').body;
  byTheReader(fresh);
  for (const thread of fresh.querySelectorAll('.thread')) {
    const shown = document.getElementById(thread.id);
    if (shown) thread.open = shown.open || thread.dataset.rev !== shown.dataset.rev;
    const reply = shown?.querySelector('.reply textarea');
    if (!reply?.value) continue;
    const target = thread.querySelector('.reply textarea');
    if (target) target.value = reply.value;
  }
  const at = document.activeElement;
  const focus = list.contains(at) && at.id && { id: at.id, from: at.selectionStart, to: at.selectionEnd };
  list.replaceChildren(...fresh.childNodes);
  const again = focus && document.getElementById(focus.id);
  if (!again) return;
  again.focus({ preventScroll: true });
  again.setSelectionRange(focus.from, focus.to);
}

async function follow() {
  if (!document.hidden) await refresh().catch(() => {}); // the server is away: try again
  setTimeout(follow, 1500);
}
follow();
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh().catch(() => {}); });
document.querySelector('[data-refresh]').addEventListener('click', (event) => {
  event.preventDefault();
  refresh().catch(() => location.reload());
});
