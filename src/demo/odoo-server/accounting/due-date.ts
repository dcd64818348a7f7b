/** `YYYY-MM-DD`, some days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export interface Instalment {
  /** Null where a person took the date away. */
  readonly date: string | null;
  readonly percent: number;
}

/** `30:0,70:60` is 30 per cent now and the rest in 60 days; `30` all in 30 days. */
export function instalments(dueDays: string, from: string): readonly Instalment[] {
  return dueDays.split(',').map((part) => {
    const [first = '0', second] = part.split(':');
    return second === undefined
      ? { date: addDays(from, Number(first)), percent: 100 }
      : { date: addDays(from, Number(second)), percent: Number(first) };
  });
}
