/**
 * Ticket systems mark everything they send as automatic or bulk, an agent's own words too:
 *   Zendesk     Auto-Submitted: auto-generated on all mail (Zendesk help, "authenticated SMTP connector")
 *   RT          Precedence: bulk on all mail (lib/RT/Action/SendEmail.pm, SetRTSpecialHeaders)
 *   Jira        both (mail of Jira 4 to Jira Cloud), ServiceNow both, GLPI Auto-Submitted (glpi issue 2852)
 * A customer who writes through one is a person who waits.
 */

import type { IncomingMail } from '../mail.ts';
import { asksSomething, has, header, isAnswer, ownWords } from './mail-view.ts';

/** True when a ticket system sent it and an agent wrote it. */
export function writtenByAgent(mail: IncomingMail): boolean {
  const system = systemOf(mail);
  if (system === null) return false;
  const words = ownWords(mail);
  if (RECEIPT.test(words.slice(0, 2_000))) return false;
  if (system === 'unknown') return asksSomething(words);
  return system === 'desk' || COMMENT.test(words.slice(0, 4_000));
}

/**
 * `desk`: what leaves it is mostly written by agents. `tracker`: mostly changes of fields. `unknown`: it only
 * shows the line above which an answer by mail is to be written.
 */
function systemOf(mail: IncomingMail): 'desk' | 'tracker' | 'unknown' | null {
  const mailer = header(mail, 'x-mailer');
  if (has(mail, 'x-zendesk-from-account-id') || /^zendesk mailer/i.test(mailer)) return 'desk';
  const managed = header(mail, 'managed-by') || header(mail, 'x-managed-by');
  const rt = has(mail, 'rt-ticket') || has(mail, 'x-rt-ticket') || /^(?:RT|Request Tracker)\b/.test(managed);
  // RT's notice of a new ticket answers nothing that somebody outside had written.
  if (rt) return isAnswer(mail) ? 'desk' : 'tracker';
  const tracker =
    has(mail, 'x-jira-fingerprint') ||
    has(mail, 'x-servicenow-generated') ||
    /^<GLPI[-_]/i.test(mail.inReplyTo ?? mail.messageId ?? '');
  if (tracker) return 'tracker';
  return ABOVE_LINE.test(mail.text.slice(0, 2_000)) ? 'unknown' : null;
}

/** Receipts, surveys and closings, as the systems' default templates word them. */
const RECEIPT =
  /(?:your (?:request|ticket|message|enquiry|inquiry|case)\b.{0,40}(?:has been|was) (?:received|created|logged|closed|solved|resolved|registered|updated automatically)|(?:this is an?|has been sent an?) (?:automatic|automated|auto-generated)|has been (?:automatically )?(?:assigned an ID|created for your)|we(?:'ve| have) received your (?:request|message|email|enquiry|inquiry)|just confirming that we (?:got|received) your request|this message has been automatically generated|how would you rate the (?:support|help)|please do not reply to this (?:e-?mail|message)|ihre? (?:anfrage|ticket|nachricht)\b.{0,60}(?:eingegangen|erhalten|erstellt|angelegt|geschlossen)|wir haben ihre (?:anfrage|nachricht|e-?mail) erhalten|nous avons bien reçu votre|votre demande\b.{0,40}(?:a été|est) (?:reçue|enregistrée|créée)|hemos recibido su|su solicitud\b.{0,40}ha sido|abbiamo ricevuto la (?:tua|sua|vostra)|uw (?:verzoek|vraag|ticket)\b.{0,40}(?:ontvangen|aangemaakt|gesloten))/iu;

const ABOVE_LINE = /\b(?:reply|write|answer)\b.{0,20} above this line/i;

/** Somebody wrote a comment, and may be answered by mail. */
const COMMENT =
  /(?:reply above this line|type your reply above|(?:^|\n).{0,80}\b(?:commented|added a comment|wrote a comment|hat (?:einen Kommentar|kommentiert)|a commenté|comentó)\b)/iu;
