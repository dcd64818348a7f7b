/** Mails of a thread that stand behind the one to answer, under `## Original`, as harmless as that one. */
import { localTime } from './local-time.ts';
import { originalSection, quotedMails } from './neutralise.ts';
import type { EarlierMail } from './thread-mails.ts';

/** Newest last. */
export const MAX_EARLIER = 6;
const MAX_CHARS = 4_000;
/** UTF-8 bytes of that many characters at most. */
const MAX_BYTES = 4 * MAX_CHARS;
/** A note may hold more callouts than we ever write. */
const MAX_QUOTED = 50;

export interface ThreadText {
  /** As the header showed it, neutralised; '' when the user wrote it. */
  readonly from: string;
  readonly own: boolean;
  readonly text: string;
}

/** Folded callouts, the oldest of the newest first; '' for none. */
export function earlierSection(mails: readonly EarlierMail[], timeZone: string): string {
  return mails
    .slice(-MAX_EARLIER)
    .map(({ from, own, receivedMs, text }) => {
      const when = receivedMs === null ? '' : localTime(receivedMs, timeZone);
      const shown = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}\n[...]` : text;
      return originalSection({ from, when, text: shown, maxBytes: MAX_BYTES, role: own ? 'own' : 'earlier' })
        .section;
    })
    .join('\n\n');
}

/** What a section `## Original` holds besides the mail itself, in its order. Never throws. */
export function earlierText(section: string): readonly ThreadText[] {
  return quotedMails(section, MAX_QUOTED)
    .slice(1)
    .map(({ role, from, text }) => ({ from, own: role === 'own', text }));
}
