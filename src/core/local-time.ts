/** `YYYY-MM-DDTHH:mm:ss` in a time zone: the only form that Obsidian shows as a date and time. */
export function localTime(ms: number, timeZone: string): string {
  const parts = formatOf(timeZone).formatToParts(ms);
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`;
}

/** Reads what `localTime` wrote, or a date alone (midnight); null when it is neither. Zone-aware. */
export function parseLocalTime(value: string, timeZone: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(value.trim());
  if (!match) return null;
  const parts: (string | undefined)[] = match.slice(1);
  const [year, month, day, hour, minute, second] = parts.map((v) => (v === undefined ? 0 : Number(v)));
  const asUtc = Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0);
  if (Number.isNaN(asUtc)) return null;
  // The offset is that of the result, not of the guess: looked up twice, it is right on both sides of a change.
  let guess = asUtc;
  for (let pass = 0; pass < 2; pass++) {
    const shown = Date.parse(`${localTime(guess, timeZone)}Z`);
    guess += asUtc - shown;
  }
  return guess;
}

/** The day that is `by` days after `day`, both `YYYY-MM-DD`. */
export function dayFrom(day: string, by: number): string {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, (date ?? 1) + by)).toISOString().slice(0, 10);
}

/** Making one costs as much as parsing a mail (measured), and a vault has one zone. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  return format;
}
