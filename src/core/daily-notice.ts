/**
 * The mail that Handover may send by itself: once a day, to the user's own address alone, and made of numbers. No word of a
 * stranger and none of the cloud stands in it.
 */

import { dayFrom } from './local-time.ts';

export interface NoticeFacts {
  /** `YYYY-MM-DD` in the vault's time zone: the day the notice is sent on. */
  readonly day: string;
  readonly waiting: number;
  /** Of the day before, as the page of that day says; null: there is no page. */
  readonly skipped: number | null;
  readonly quarantined: number;
}

export interface Notice {
  readonly subject: string;
  /** LF. */
  readonly text: string;
}

export function dailyNotice({ day, waiting, skipped, quarantined }: NoticeFacts): Notice {
  const waits = waiting === 0 ? 'nothing waits' : `${cards(waiting)} ${waiting === 1 ? 'waits' : 'wait'}`;
  const lines = [
    waiting === 0
      ? 'No card waits for you.'
      : `${cards(waiting)} ${waiting === 1 ? 'waits' : 'wait'} for you.`,
    skipped === null || skipped === 0
      ? 'No mail was skipped yesterday.'
      : `${mails(skipped)} skipped yesterday; the page "Skipped-${dayFrom(day, -1)}" in your vault names each with its reason.`,
    ...(quarantined === 0 ? [] : [`${quarantined} could not be read and lie in Quarantine.`]),
    'Open Dashboard in your vault for the rest.',
    '',
    'This mail was made by Handover on your own machine. DIGEST_AT turns it off.',
  ];
  return { subject: `Handover, ${day}: ${waits}`, text: `${lines.join('\n')}\n` };
}

const cards = (count: number): string => (count === 1 ? '1 card' : `${count} cards`);
const mails = (count: number): string => (count === 1 ? '1 mail was' : `${count} mails were`);

/**
 * What says that nobody is to answer it, so that no robot and no other Handover ever does. RFC 3834 section 5:
 * `auto-generated` is for what answers nothing. X-Auto-Response-Suppress: [MS-OXCMAIL] section 2.2.3.2.14, which
 * Exchange heeds for its own notices and absence replies.
 */
export const NOTICE_HEADERS = {
  'Auto-Submitted': 'auto-generated',
  'X-Auto-Response-Suppress': 'All',
  'X-Handover-Notice': 'digest',
} as const;
