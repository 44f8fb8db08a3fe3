// An agent in 30 lines: it takes the chats that it is offered, greets, gives a FAQ link and
// finishes; the rest it leaves to others.
// VAXEL_URL=http://127.0.0.1:8080 VAXEL_KEY=vxk_… node agent.ts (Node 22.18 or newer)

const api = process.env.VAXEL_URL + '/api/v1'
const headers = { Authorization: 'Bearer ' + process.env.VAXEL_KEY, 'Content-Type': 'application/json' }
async function call(method: string, path: string, body?: object): Promise<any> {
  const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) })
  const json = answer.status === 204 ? undefined : await answer.json()
  if (!answer.ok) throw new Error(`${json.code}: ${json.detail}`)
  return json
}
const available = () => call('PUT', '/me/status', { status: 'available' })
const maybe = (call: Promise<any>) => call.catch(() => null) // an offer may be gone, a customer may have left
const taken = new Set<string>() // a frame may come twice

const { ticket } = await call('POST', '/socket-ticket')
const socket = new WebSocket(api.replace('http', 'ws') + '/socket', 'vaxel.v1')
socket.onopen = () => socket.send(JSON.stringify({ t: 'hello', ticket }))
socket.onclose = (e) => process.exit(e.code === 1000 ? 0 : 1)
socket.onmessage = async (e) => {
  const { t, data } = JSON.parse(e.data)
  if (t === 'welcome') await available() // from now on every offer is heard
  const offer = `/offers/${data?.interaction}/${data?.no}`
  if (t !== 'offer.created' || taken.has(offer)) return
  taken.add(offer)
  if (data.channel !== 'chat') return maybe(call('POST', offer + '/decline')).then(available) // a declined call sends its agent on a break
  if (!(await maybe(call('POST', offer + '/accept')))) return
  const at = `/interactions/${data.interaction}`
  await maybe(call('POST', at + '/messages', { client_id: `hello-${data.interaction}`, text: 'Hej! Här är en artikel som hjälper.' }))
  await maybe(call('POST', at + '/articles', { client_id: `link-${data.interaction}`, shortcut: 'återköp' }))
  const lists = (await call('GET', `/transaction-codes?queue=${data.queue}`)).items.filter((l: any) => l.required)
  const leaf = (list: any) => list.codes.find((c: any) => !list.codes.some((child: any) => child.parent === c.id))?.id // a parent only groups
  await call('POST', at + '/finish', { codes: lists.map(leaf) })
}
