const n = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

/** Words about cases that become one or two, in Swedish. */
export const svRegroup = {
  more: 'Mer om ärendet',
  merge: 'Slå samman …',
  mergeTitle: (into: string | number) => `Slå samman med #${into}`,
  mergeLead: 'Allt i det andra ärendet flyttas hit. Dess nummer leder hit, och svar på dess mejl kommer hit.',
  find: 'Nummer eller ord i det andra ärendet',
  none: 'Inget annat ärende passar',
  start: 'Sök ärendet som ska bli en del av det här',
  choose: 'Välj ett ärende',
  mergeGo: (from: string | number, into: string | number) => `Gör #${from} till en del av #${into}`,
  split: 'Dela …',
  splitTitle: (of: string | number) => `Ta ut en del ur #${of}`,
  splitLead: 'Det du markerar blir ett nytt ärende. Hela konversationer flyttas, med den som har dem. Enskilda mejl kopieras, och svar på dem kommer till det nya ärendet.',
  subject: 'Det nya ärendets ämne',
  parts: 'Vad som tas ut',
  whole: (channel: string, at: string) => `${channel}, hela konversationen · ${at}`,
  onlyOne: 'Ärendet har bara en konversation, så den kan inte tas ut hel.',
  nothing: 'Det finns inget att ta ut. Ändra ämnet i stället.',
  offer: 'Erbjud köns operatörer det nya ärendet',
  splitGo: (count: number) => (count === 0 ? 'Markera vad som tas ut' : `Ta ut ${n(count, 'del', 'delar')} till ett nytt ärende`),
  also: (numbers: string) => `även ${numbers}`,
  related: 'Hör kanske ihop',
  because: { reference: 'mejlen hänvisar till varandra', customer: 'samma kund', subject: 'samma ord' } as Record<string, string>,
  events: {
    merged: (number: string | number) => `Ärende #${number} slogs samman med det här`,
    split: (number: string | number) => `En del hör till ärende #${number}`,
  } as Record<string, (number: string | number) => string>,
}
