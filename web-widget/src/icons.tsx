const paths = {
  book: ["M13 13.8H4.6A1.6 1.6 0 0 1 3 12.2V3.8a1.6 1.6 0 0 1 1.6-1.6H13v9.2H4.6A1.5 1.5 0 0 0 3 12.4", "M6 5.3h4"],
  chat: ["M4.3 2.5h7.4a1.8 1.8 0 0 1 1.8 1.8v4.9a1.8 1.8 0 0 1-1.8 1.8H7.4L4 13.7V11a1.8 1.8 0 0 1-1.5-1.8V4.3a1.8 1.8 0 0 1 1.8-1.8Z"],
  check: ["m3.2 8.4 3.2 3.2 6.4-6.8"],
  checks: ["m1.4 8.6 2.9 2.9 5.4-6M7.6 11l.5.5 6.5-6.5"],
  clip: ["m13.2 7.6-5.3 5.3a3.2 3.2 0 0 1-4.5-4.5l5.6-5.6a2.1 2.1 0 0 1 3 3l-5.6 5.6a1 1 0 0 1-1.5-1.5l5-5"],
  clock: ["M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2", "M8 4.8V8l2.2 1.6"],
  dots: ["M3.5 8v.01M8 8v.01M12.5 8v.01"], // more
  down: ["m4.5 6.3 3.5 3.5 3.5-3.5"],
  okc: ["M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2", "m5.4 8.2 1.8 1.8 3.4-3.7"],
  right: ["m6.3 4.5 3.5 3.5-3.5 3.5"],
  send: ["M2.6 8 13.4 3l-3.6 10.4-2.3-4.1Z", "m7.5 9.3 2.6-2.7"],
  smile: ["M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2", "M5.4 9.6a3 3 0 0 0 5.2 0M6 6.2v.01M10 6.2v.01"],
  warn: ["M8 2.4 14.2 13H1.8Z", "M8 6.4v3M8 11.2v.01"],
  x: ["m4 4 8 8M12 4l-8 8"],
};

export function Icon({ of, size, turned }: { of: keyof typeof paths | string[]; size?: number; turned?: boolean }) {
  return (
    <svg class={"i i-" + (typeof of === "string" ? of : "own") + (size ? ` i-${size}` : "")} viewBox="0 0 16 16" aria-hidden="true">
      {(typeof of === "string" ? paths[of] : of).map((d) => <path d={d} transform={turned ? "rotate(180 8 8)" : ""} />)}
    </svg>
  );
}

// The agent's presence: shape and colour.
export function Present() {
  return (
    <svg class="st" viewBox="0 0 14 14" aria-hidden="true">
      <circle class="f" cx="7" cy="7" r="7" /><path class="k" d="m4.2 7.2 1.9 1.9 3.7-4" />
    </svg>
  );
}

export function Typing() {
  return (
    <svg class="typing" viewBox="0 0 20 8" aria-hidden="true">
      <circle cx="3" cy="4" r="2.5" /><circle cx="10" cy="4" r="2.5" /><circle cx="17" cy="4" r="2.5" />
    </svg>
  );
}

// The way to the agent, who is the ring at its end; four places are drawn, the rest lie before them.
export function Steps({ place }: { place: number }) {
  const at = (n: number) => 210 - 52 * Math.min(n, 4) + (n > 3 ? 4 : 0);
  const me = at(place);
  const ahead = [1, 2, 3].filter((n) => n < Math.min(place, 4));
  return (
    <svg class="w-steps" viewBox="0 0 220 18" aria-hidden="true">
      <path d="M8 9H204" />
      <circle class="agent" cx="212" cy="9" r="6" />
      {ahead.map((n) => <circle class="c" cx={at(n)} cy="9" r="5" />)}
      <circle class="halo" cx={me} cy="9" r="8" /><circle class="me" cx={me} cy="9" r="6" />
    </svg>
  );
}
