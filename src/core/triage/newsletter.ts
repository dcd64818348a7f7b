/**
 * Newsletters. List-Unsubscribe proves none: sales tools put it on letters that one person wrote to another
 * (RFC 8058 and the rules of Google and Yahoo for senders of 2024 ask for it on all that is mass mail, and
 * services add it to everything). So it is weighed against what else the mail shows; two points are a newsletter.
 */

import type { IncomingMail } from '../mail.ts';
import { isLetter } from './lists.ts';
import {
  answersOurs,
  asksSomething,
  firstOf,
  has,
  header,
  isAnswer,
  isOwn,
  linksIn,
  localPart,
  ownWords,
} from './mail-view.ts';
import { DESK } from './robots.ts';

const ENOUGH = 2;
const MAX_TEXT = 100_000;

export function newsletter(mail: IncomingMail, own: readonly string[]): string | null {
  const campaign = campaignSign(mail);
  // What a group writes over the mails it passes on says nothing about them.
  const listed = !isLetter(mail, own);
  const unsubscribe = listed && has(mail, 'list-unsubscribe');
  const masthead = NEWS_SENDER.test(localPart(mail.from?.address ?? ''));
  if (campaign === null && !unsubscribe && !masthead) return null;
  if (answersOurs(mail)) return null;
  if (massPoints(mail, own, campaign, listed) - personPoints(mail) < ENOUGH) return null;
  if (campaign !== null) return `It is a newsletter (${campaign}).`;
  return unsubscribe
    ? 'It is a newsletter: one can unsubscribe from it.'
    : `It is a newsletter of ${mail.from?.address ?? ''}.`;
}

function massPoints(
  mail: IncomingMail,
  own: readonly string[],
  campaign: string | null,
  listed: boolean,
): number {
  const text = mail.text.slice(0, MAX_TEXT);
  const reached = [...mail.to, ...mail.cc].some((a) => isOwn(a.address, own));
  return (
    (listed && has(mail, 'list-id') ? 6 : 0) +
    (listed && has(mail, 'list-unsubscribe') ? 2 : 0) +
    (has(mail, 'list-unsubscribe-post') ? 1 : 0) +
    (listed && has(mail, 'list-help') ? 1 : 0) +
    (campaign === null ? 0 : 6) +
    (NEWS_SENDER.test(localPart(mail.from?.address ?? '')) ? 2 : 0) +
    (firstOf(mail, COMPLAINT_HEADERS) === null ? 0 : 1) +
    (UNSUBSCRIBE.test(text) ? 1 : 0) +
    (IN_BROWSER.test(text) ? 2 : 0) +
    (reached ? 0 : 1) +
    (linksIn(text) >= 6 ? 1 : 0)
  );
}

function personPoints(mail: IncomingMail): number {
  const words = ownWords(mail);
  const letter = words.length <= 2_000 && linksIn(words) <= 3;
  const named = isNamedAfterSender(mail);
  // Advertisements ask too; most of all above a line that lets one leave.
  const question = named && !UNSUBSCRIBE.test(mail.text.slice(0, MAX_TEXT)) ? 2 : 1;
  return (isAnswer(mail) ? 4 : 0) + (named ? 2 : 0) + (letter && asksSomething(words) ? question : 0);
}

/** `Ada Lovelace <ada.lovelace@…>`, `<alovelace@…>`: a mailbox of one person, not of a desk or a brand. */
function isNamedAfterSender(mail: IncomingMail): boolean {
  const { from } = mail;
  if (!from || DESK.test(localPart(from.address))) return false;
  const plain = (s: string) => s.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const domain = plain(from.address.slice(from.address.lastIndexOf('@') + 1));
  const local = plain(localPart(from.address));
  const names = plain(from.name)
    .split(/[^\p{L}]+/u)
    .filter((word) => word.length >= 3);
  // A brand stands in its domain as well: `Acme <acme@acme.example>`.
  return names.some((word) => local.includes(word) && !domain.includes(word));
}

/**
 * What the tools for campaigns write, and nothing else does: Mailchimp, Constant Contact, Marketo, Sendinblue
 * (Brevo), Campaign Monitor, Mailgun and Customer.io campaigns, Inxmail, CleverReach, Emarsys, Salesforce
 * Marketing Cloud, Klaviyo, phpList.
 */
const CAMPAIGN_HEADERS = [
  ...[
    'x-campaign',
    'x-campaignid',
    'x-campaign-id',
    'x-mc-user',
    'x-roving-id',
    'x-marketoid',
    'x-mailin-campaign',
  ],
  ...['x-cmail-campaignid', 'x-mailgun-campaign-id', 'x-rpcampaign', 'x-cr-mailing-id', 'x-emarsys-identify'],
  ...[
    'x-sfmc-stack',
    'x-kmail-message',
    'x-messageid-phplist',
    'x-mailer-lid',
    'x-newsletter',
    'x-newsletter-id',
  ],
  ...['x-mailing-id', 'x-broadcast-id', 'x-icpinfo', 'x-sib-campaign'],
] as const;

/** RFC 9477, the feedback loops of Gmail, Microsoft and the Certified Senders Alliance. Services put them on all they send. */
const COMPLAINT_HEADERS = [
  ...['feedback-id', 'x-feedback-id', 'x-msfbl', 'x-csa-complaints', 'cfbl-address', 'x-report-abuse'],
  ...['x-report-abuse-to', 'x-complaints-to'],
] as const;

const MAILERS =
  /mailchimp|constant contact|campaign monitor|cleverreach|phplist|sailthru|sendy|acymailing|mailster|newsletter2go|rapidmail/i;

function campaignSign(mail: IncomingMail): string | null {
  const mailer = header(mail, 'x-mailer');
  if (MAILERS.test(mailer)) return `X-Mailer: ${mailer}`;
  return firstOf(mail, CAMPAIGN_HEADERS);
}

const NEWS_SENDER =
  /^(?:.+[-_.])?(?:news|newsletters?|nieuwsbrief|infolettre|boletin|mailings?|promo(?:tion)?s?|deals|offers|angebote|marketing|campaigns?|digest|weekly|broadcasts?)(?:[-_.+].+)?$/;

const UNSUBSCRIBE =
  /\bunsubscribe\b|\bopt[- ]out\b|email preferences|\babbestellen\b|\babmelden\b|newsletter abbestell|se désabonner|désinscri|darse de baja|cancelar (?:la )?suscripci|disiscri|annulla l'iscrizione|afmelden|uitschrijven|avmeld|afmeld|avregistrera|wypisz/i;

const IN_BROWSER =
  /(?:view|read|open|see)\b.{0,40}\bin (?:your|a|the) (?:web ?)?browser|view (?:it )?online|web ?version|im browser (?:ansehen|anzeigen|öffnen|lesen)|onlineversion|dans (?:votre|un) navigateur|version en ligne|en (?:su|tu|el) navegador|nel (?:tuo )?browser|in (?:je|uw) browser/i;
