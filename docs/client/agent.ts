// An agent in a few lines: it takes the chats that it is offered, greets, gives a FAQ link
// and finishes; the rest it leaves to others.
// VAXEL_URL=http://127.0.0.1:8080 VAXEL_KEY=vxk_… node agent.ts (Node 22.18 or newer)

const api = process.env.VAXEL_URL + '/api/v1'

async function call(method: string, path: string, body?: object): Promise<any> {
  const headers = { Authorization: 'Bearer ' + process.env.VAXEL_KEY, 'Content-Type': 'application/json' }
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
  const frame = JSON.parse(e.data)
  if (frame.t === 'welcome') await available() // from now on every offer is heard
  if (frame.t !== 'offer.created') return
  const { interaction, no, queue, channel } = frame.data
  const offer = `/offers/${interaction}/${no}`
  if (taken.has(offer)) return
  taken.add(offer)
  if (channel !== 'chat') {
    await maybe(call('POST', offer + '/decline'))
    return available() // a declined call sends its agent on a break
  }
  if (!(await maybe(call('POST', offer + '/accept')))) return
  const at = `/interactions/${interaction}`
  await maybe(call('POST', at + '/messages', { client_id: `hello-${interaction}`, text: 'Hej! Här är en artikel som hjälper.' }))
  await maybe(call('POST', at + '/articles', { client_id: `link-${interaction}`, shortcut: 'återköp' }))
  const lists = await call('GET', `/transaction-codes?queue=${queue}`)
  await call('POST', at + '/finish', { codes: lists.items.filter((l: any) => l.required).map(choose) })
}

// choose takes the first code of a list that is not the parent of others: that one only groups them.
function choose(list: any): string {
  return list.codes.find((c: any) => !list.codes.some((child: any) => child.parent === c.id))?.id
}
