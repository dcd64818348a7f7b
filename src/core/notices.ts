/**
 * Notices beside the dashboard: that cards wait, that something does not work. Made of numbers and of names of our own
 * processes; no word of a mail, of a note or of a server ever stands in one.
 */

export type NoticeCause = 'waiting' | 'failure';

/** What there would be to tell now. */
export interface NoticeNews {
  /** Cards that wait for the user, by name of their note. */
  readonly cards: readonly string[];
  /** `key` says the same thing by the same words of ours, however often it happens. */
  readonly failures: readonly { readonly key: string; readonly words: string }[];
}

/** What one way of telling has told already. */
export interface NoticeMark {
  readonly cards: readonly string[];
  /** Key, and when it was last there. */
  readonly failures: Readonly<Record<string, number>>;
  /** When a notice was last tried this way; 0: never. Milliseconds since the epoch. */
  readonly triedAt: number;
}

export interface ShortNotice {
  readonly title: string;
  /** Lines with LF between, none at the end. */
  readonly text: string;
  readonly urgent: boolean;
}

export const NO_MARK: NoticeMark = { cards: [], failures: {}, triedAt: 0 };

/** New cards are gathered for so long. */
export const GATHER_MS = 5 * 60_000;
/** A failure may be told sooner, and a flood of them not at once each. */
const FAILURE_GAP_MS = 60_000;
/** What comes and goes is told once, and again only when it was away this long. */
const FORGET_MS = 3_600_000;
/** Names kept; a user with more cards than this reads the dashboard. */
const CARDS_KEPT = 5000;
const FAILURES_SHOWN = 5;

export interface Due {
  readonly notice: ShortNotice;
  /** Once it was told. */
  readonly told: NoticeMark;
}

/**
 * Is there a notice to send now?
 * @param gapMs a way that must be spared waits at least so long between two, whatever happened
 */
export function dueNotice(
  news: NoticeNews,
  mark: NoticeMark,
  now: number,
  causes: readonly NoticeCause[],
  gapMs = 0,
): Due | null {
  const fresh = causes.includes('waiting') ? newCards(news, mark) : 0;
  const failures = causes.includes('failure') ? newFailures(news, mark, now) : [];
  if (fresh === 0 && failures.length === 0) return null;
  const gap = Math.max(gapMs, failures.length > 0 ? FAILURE_GAP_MS : GATHER_MS);
  // A clock that was set back must not silence us.
  if (now >= mark.triedAt && now - mark.triedAt < gap) return null;
  return {
    notice: shortNotice(fresh, news.cards.length, failures),
    told: { ...seen(news, mark, now), triedAt: now },
  };
}

/** What is not there any more is no news when it comes back soon, and costs no room when it does not. */
function seen(news: NoticeNews, mark: NoticeMark, now: number): NoticeMark {
  const failures: Record<string, number> = {};
  for (const [key, at] of Object.entries(mark.failures)) {
    if (isKept(at, now)) failures[key] = at;
  }
  for (const { key } of news.failures) failures[key] = now;
  return { cards: news.cards.slice(0, CARDS_KEPT), failures, triedAt: mark.triedAt };
}

/**
 * Between two notices: what was told and is there still stays told, what left is forgotten in its time. Nothing
 * new becomes old by this.
 */
export function stillTold(news: NoticeNews, mark: NoticeMark, now: number): NoticeMark {
  const here = new Set(news.cards);
  const told = new Set(Object.entries(mark.failures).flatMap(([key, at]) => (isKept(at, now) ? [key] : [])));
  return seen(
    {
      cards: mark.cards.filter((card) => here.has(card)),
      failures: news.failures.filter(({ key }) => told.has(key)),
    },
    mark,
    now,
  );
}

function isKept(at: number, now: number): boolean {
  return at <= now && now - at < FORGET_MS;
}

function newCards(news: NoticeNews, mark: NoticeMark): number {
  const told = new Set(mark.cards);
  return news.cards.slice(0, CARDS_KEPT).filter((card) => !told.has(card)).length;
}

function newFailures(news: NoticeNews, mark: NoticeMark, now: number): readonly string[] {
  const told = new Map(Object.entries(mark.failures));
  const fresh = news.failures.filter(({ key }) => !isKept(told.get(key) ?? Number.POSITIVE_INFINITY, now));
  return [...new Set(fresh.map(({ words }) => words))];
}

function shortNotice(fresh: number, waiting: number, failures: readonly string[]): ShortNotice {
  const lines = failures.slice(0, FAILURES_SHOWN);
  if (failures.length > lines.length) lines.push(`and ${failures.length - lines.length} more`);
  if (fresh > 0) lines.push(waitingWords(fresh, waiting));
  const title = failures.length > 0 ? 'Handover needs a look' : `Handover: ${cardsWait(waiting)}`;
  return { title, text: lines.join('\n'), urgent: failures.length > 0 };
}

function waitingWords(fresh: number, waiting: number): string {
  if (fresh === waiting) return `${cardsWait(waiting)} for you.`;
  return `${fresh} new; ${cardsWait(waiting)} for you.`;
}

function cardsWait(count: number): string {
  return count === 1 ? '1 card waits' : `${count} cards wait`;
}

/** RFC 3834 and what Exchange heeds; see daily-notice.ts. */
export const STATE_NOTICE_HEADERS = {
  'Auto-Submitted': 'auto-generated',
  'X-Auto-Response-Suppress': 'All',
  'X-Handover-Notice': 'state',
} as const;

/** The mail to oneself: made anew from numbers and names by the one process that can send. */
export function stateNotice(facts: { readonly waiting: number; readonly failures: readonly string[] }): {
  readonly subject: string;
  readonly text: string;
} {
  const { waiting, failures } = facts;
  const shown = failures.slice(0, FAILURES_SHOWN);
  const more = failures.length - shown.length;
  const lines = [
    waiting === 0 ? 'No card waits for you.' : `${cardsWait(waiting)} for you.`,
    ...(shown.length === 0 ? [] : ['', 'Needs a look:', ...shown.map((words) => `- ${words}`)]),
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
    'Open Dashboard in your vault for the rest.',
    '',
    'This mail was made by Handover on your own machine, at most one an hour. NOTIFY turns it off.',
  ];
  const what = failures.length > 0 ? 'something needs a look' : cardsWait(waiting);
  return { subject: `Handover: ${what}`, text: `${lines.join('\n')}\n` };
}
