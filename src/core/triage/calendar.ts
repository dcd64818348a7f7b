/**
 * Messages of calendars (RFC 5546, RFC 6047): a calendar answers them, a mail would only confuse it. When the
 * person who invites asks something in the letter, that question waits for a mail all the same.
 */

import type { IncomingAttachment, IncomingMail } from '../mail.ts';
import { asksSomething, header, ownWords } from './mail-view.ts';

const ENTRY_BYTES = 65_536;

export function calendar(mail: IncomingMail): string | null {
  const method = methodOf(mail);
  if (method === null) return null;
  const words = letterOf(mail);
  if (asksSomething(words)) return null;
  // Published dates need no answer, but somebody may have written a letter around them.
  if (
    method === 'PUBLISH' &&
    /\b(?:please|bitte|merci de|por favor|per favore|alstublieft|graag)\b/i.test(words)
  )
    return null;
  return `It is a message of a calendar (${SAID[method] ?? 'invitation'}): answer it in your calendar.`;
}

const SAID: Readonly<Record<string, string>> = {
  REQUEST: 'invitation',
  REPLY: 'answer to an invitation',
  CANCEL: 'cancelled',
  COUNTER: 'another time proposed',
  DECLINECOUNTER: 'proposal declined',
  REFRESH: 'asks for the newest version',
  ADD: 'further dates',
  PUBLISH: 'published dates',
};

/** The method of RFC 5546, or null when the mail is no calendar message: an .ics file without one is a file. */
function methodOf(mail: IncomingMail): string | null {
  if (/calendarmessage$/i.test(header(mail, 'content-class'))) return 'REQUEST';
  const declared = /^(?:text\/calendar|application\/ics)\b[\s\S]*?\bmethod="?([A-Za-z-]{1,20})/i.exec(
    header(mail, 'content-type'),
  );
  if (declared?.[1] !== undefined) return declared[1].toUpperCase();
  for (const attachment of mail.attachments) {
    if (!/^(?:text\/calendar|application\/ics)$/i.test(attachment.contentType)) continue;
    const method = methodInside(attachment);
    if (method !== null) return method;
  }
  return null;
}

/** A part whose content was too large to keep is taken for an invitation. */
function methodInside({ content }: IncomingAttachment): string | null {
  if (!content) return 'REQUEST';
  const text = new TextDecoder().decode(content.subarray(0, ENTRY_BYTES));
  return /^METHOD(?:;[^:\r\n]{0,100})?:([A-Za-z-]{1,20})/im.exec(text)?.[1]?.toUpperCase() ?? null;
}

/** The sender's words without what Google, Outlook, Teams, Zoom and others put around them. */
function letterOf(mail: IncomingMail): string {
  const title = bareTitle(mail.subject);
  const kept: string[] = [];
  for (const line of ownWords(mail).split('\n')) {
    if (FOOT.test(line)) break;
    if (!FURNITURE.test(line) && bareTitle(line) !== title) kept.push(line);
  }
  return kept.join('\n');
}

function bareTitle(text: string): string {
  return text
    .replace(/^[^:]{2,40}: /, '')
    .replace(/ @ .*$/, '')
    .trim()
    .toLowerCase();
}

/** From here on it is the meeting's own text. */
const FOOT =
  /^\s*(?:[_*~\-=.]{8,}\s*$|Microsoft Teams|Join (?:Zoom|Microsoft Teams|with Google Meet|the meeting|on your computer)|Invitation from Google Calendar|Einladung von Google|You are receiving this (?:courtesy )?e?mail|Sie erhalten diese|.{1,80}\b(?:is inviting you to a scheduled|lädt Sie zu einem geplanten)\b)/i;

/** Lines that end in a question mark and ask nothing (buttons, help), and the fields of the entry. */
const FURNITURE = new RegExp(
  [
    String.raw`^\s*(?:going|attending|will you (?:attend|join)|do you want to accept|nehmen sie teil|teilnehmen|participer|¿?asistirás|parteciperai)(?: ?\([^)]{0,100}\))? ?\?\s*(?:(?:yes|ja|oui|s[ií])\b.{0,300})?$`,
    String.raw`^\s*(?:need help|benötigen sie hilfe|besoin d'aide|can(?:'t|not) make it|need to (?:make changes|cancel|reschedule)[^?]{0,60}|want to (?:change|reschedule)[^?]{0,60})\?`,
    String.raw`^\s*\*?(?:summary|title|titel|titre|subject|betreff|what|was|when|wann|quand|where|wo|où|who|wer|qui)\*?\s*:`,
  ].join('|'),
  'i',
);
