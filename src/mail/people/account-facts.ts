/** The accounts that one sender named, as one line: `a:<hash>.<day>,…`. No account number is kept. */

export interface KnownAccount {
  /** 12 hex digits of its SHA-256. */
  readonly hash: string;
  /** Days since the epoch: when it was first named. */
  readonly day: number;
}

/** What a sender may have; a later one stays unknown, and is told of each time. */
const MAX_KNOWN = 8;
/** So long a new account is told of. */
const NEW_DAYS = 30;

/** [] for what is no such line. */
export function readAccounts(fact: string | null): KnownAccount[] {
  if (fact === null || !/^a:(?:[0-9a-f]{12}\.\d{1,6}(?:,|$)){1,8}$/.test(fact)) return [];
  return fact
    .slice(2)
    .split(',')
    .filter((entry) => entry !== '')
    .map((entry) => ({ hash: entry.slice(0, 12), day: Number(entry.slice(13)) }));
}

export function writeAccounts(known: readonly KnownAccount[]): string {
  return `a:${known.map(({ hash, day }) => `${hash}.${day}`).join(',')}`;
}

export function mergedAccounts(
  known: readonly KnownAccount[],
  named: readonly { readonly hash: string }[],
  today: number,
): KnownAccount[] {
  const added = named.filter(({ hash }) => !known.some((k) => k.hash === hash));
  return [...known, ...added.map(({ hash }) => ({ hash, day: today }))].slice(0, MAX_KNOWN);
}

/** Those that came after another one, and lately; a first account is no change. */
export function newAmong(
  named: readonly { readonly hash: string; readonly shown: string }[],
  known: readonly KnownAccount[],
  today: number,
): string[] {
  const isNew = (hash: string): boolean => {
    const entry = known.find((k) => k.hash === hash);
    if (entry === undefined) return known.length > 0;
    return today - entry.day < NEW_DAYS && known.some((k) => k.day < entry.day);
  };
  return named.filter(({ hash }) => isNew(hash)).map(({ shown }) => shown);
}
