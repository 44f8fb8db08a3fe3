// What the server and the widget say to each other over the socket; channels/chat/frame.go is the other half.

export type Phase = "boot" | "pre" | "offline" | "bot" | "queued" | "open" | "ended";

export interface Topic {
  id: string;
  label: Record<string, string>;
}

export interface Field {
  id: string;
  kind: string; // text, choice, tick
  label: Record<string, string>;
  required?: boolean;
  options?: string[];
}

export interface Texts {
  greeting?: string;
  closed?: string;
  thanks?: string;
}

export interface Form {
  question?: string;
  name?: string;
  email?: string;
  topics?: Topic[];
  fields?: Field[];
  consent?: string; // ask
  callback?: string; // always: they may ask to be called
  privacy?: string;
  months?: number;
  preview?: boolean; // agents see what is being written, and it is said here
}

export interface Site {
  name: string;
  languages: string[];
  form: Form;
  color?: string;
  texts?: Record<string, Texts>; // by language
  open: boolean;
  until?: number; // Unix milliseconds
  wait?: number; // seconds
  files?: number; // bytes that one may hold; without it none are taken
}

export interface Sent {
  name: string;
  type: string;
  size: number;
  url: string; // below the widget's own address
}

export interface Card {
  id: string;
  lang: string;
  title: string;
  snippet: string;
  url: string;
}

export interface Line {
  pos: number;
  kind: string;
  from: string;
  name?: string;
  text?: string;
  lang?: string; // of the text
  cid?: string;
  at: number;
  card?: Card;
  file?: Sent;
  what?: string;
  cause?: string; // of an end that was no goodbye: closed, form, callback, settled
}

export interface FrameOut {
  t: string;
  token?: string;
  phase?: Phase;
  now?: number;
  site?: Site;
  prev?: number;
  pos?: number;
  lines?: Line[];
  line?: Line;
  done?: boolean;
  cid?: string;
  at?: number;
  position?: number;
  wait?: number;
  callback?: boolean;
  name?: string;
  on?: boolean;
  code?: string;
  detail?: string;
  retry_after?: number;
  conversation?: string;
  known?: boolean;
}

// A line of ours that is not acknowledged yet. It is kept in the browser and sent again until it is.
export interface Out {
  t: "form" | "msg" | "letter" | "callback" | "file"; // of a file text is its name; its bytes live as long as the page
  cid: string;
  text: string;
  at: number;
  name?: string;
  email?: string;
  topic?: string;
  fields?: Record<string, string>;
  phone?: string;
  due?: number; // when they want to be called; without it soon
  acked?: boolean; // stored; its place in the stream is still to come
  failed?: string; // refused for good, and why
}
