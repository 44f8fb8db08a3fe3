// A sentence with what it speaks of. A name keeps to itself where a script is met that runs from right to left (UAX #9,
// isolates), so that it moves nothing beside it.
export function fill(text: string, ...values: (string | number)[]): string {
  for (const v of values) text = text.replace("{}", () => (/[\u0590-\u08ff]/.test(text + v) ? `\u2068${v}\u2069` : `${v}`));
  return text;
}

// So many minutes or months, by the language's own rules.
export function span(n: number, unit: string, lang: string): string {
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(n);
}
