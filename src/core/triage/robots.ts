/**
 * Addresses nobody reads behind. RFC 3834 section 2 names MAILER-DAEMON, owner-* and *-request, RFC 2142 the
 * accounts of a system; the rest is what senders themselves say: that no answer is wanted.
 */

import { asciiDomain } from '../address-list.ts';
import type { IncomingMail } from '../mail.ts';
import {
  addressesIn,
  header,
  isAnswer,
  isOwn,
  isOwnDomain,
  localPart,
  ownWords,
  sameHouse,
} from './mail-view.ts';

/** "Do not answer" in the languages whose senders we met; separators as they like. */
const NO_ANSWER = new RegExp(
  [
    '(?:noreply|donotreply|donotrespond|dontreply|neverreply|noresponse|noresponder|nepasrepondre|naoresponda)(?![a-z])',
    String.raw`(?:^|[._+=-])(?:(?:do|please)[._-]?)?(?:no|not|dont|never)[._-](?:reply|replies|answer|respond|response|responder)(?![a-z])`,
    String.raw`(?:^|[._+=-])(?:nicht[._-]?antworten|keine?[._-]?antwort|ne[._-]?pas[._-]?repondre|pas[._-]?de[._-]?reponse|n[aã]o[._-]?responda|non[._-]?rispondere|geen[._-]?(?:antwoord|reply)|niet[._-]?(?:antwoorden|beantwoorden)|ikke[._-]?svar|ej[._-]?svar|svara[._-]?(?:inte|ej)|nie[._-]?odpowiadaj|ei[._-]?vastausta)(?![a-z])`,
  ].join('|'),
);

/** The whole local part, a tag after `+` or `=` aside. */
const SYSTEM =
  /^(?:mailer[-_.]?daemon|mail[-_.]?daemon|nobody|root|daemon|cron|crond|anacron|www-data|wwwrun|apache|httpd|nginx|nagios|icinga2?|zabbix|monit|munin|prometheus|alertmanager|grafana|logwatch|logcheck|smartd|fail2ban|jenkins|backuppc|auto[-_.]?reply|auto[-_.]?respond(?:er)?|auto[-_.]?mail(?:er)?|automat(?:ed|ic)|mailer|bounces?|notif(?:y|ier|ication|ications)|benachrichtigung(?:en)?|alerts?|system|listserv|majordomo|wordpress|typo3|drupal|joomla|mediawiki|receipts?|(?:.+[-_.])?bot|scan|scanner|copier|kopierer|mfp|voicemail|asterisk|pbx|synology|qnap|fritz-?box|auto-confirm|(?:account|billing|booking|delivery|order|password|payment|security|shipment|shipping)[-_.](?:alerts?|confirm|confirmations?|notices?|receipts?|tracking|updates?)|mailman|sympa|ecartis|microsoftexchange[0-9a-f]{8,}|owner-.+|.+-(?:request|bounces?|errors)|.+[-_.](?:notifications?|alerts)|(?:notifications?|alerts)[-_.].+)$/;

export function isRobot(address: string): boolean {
  const local = localPart(address);
  const name = local.replace(/(?!^)[+=].*$/, '');
  return NO_ANSWER.test(local) || SYSTEM.test(name) || /^no-?reply\./.test(asciiDomain(address));
}

/** Desks of a company. Behind them people answer; beside a no-reply sender of the same house they are only where help is found. */
export const DESK =
  /^(?:info|hello|hallo|contact|kontakt|office|team|sales|accounts?|admin|webmaster|enquir(?:y|ies)|inquir(?:y|ies)|news|press|support|help|helpdesk|hilfe|services?|kundenservice|customer[-_.]?(?:service|care|support)|care|billing|orders?|bestellung(?:en)?|shop|store|feedback|privacy|security|legal|newsletter|marketing)$/;

/** Nobody who fills in a form has one of these; a shop's mail through a service names them. */
const HELP_DESK =
  /^(?:support|help|helpdesk|hilfe|services?|kundenservice|customer[-_.]?(?:service|care|support)|care|billing|orders?|shop|store|feedback|privacy|newsletter|marketing)$/;

/** A form on a web page sends as no-reply and names the person in Reply-To: that person waits for an answer. */
function waitingPerson(mail: IncomingMail, own: readonly string[]): string | null {
  const { from } = mail;
  const person = mail.replyTo.find(
    ({ address }) =>
      !isRobot(address) &&
      !isOwn(address, own) &&
      !HELP_DESK.test(deskName(address)) &&
      !(from && sameHouse(address, from.address) && DESK.test(deskName(address))),
  );
  return person?.address ?? null;
}

function deskName(address: string): string {
  return localPart(address).replace(/\+.*$/, '');
}

/** The form of the user's own web page: it sends from the user's own domain, for somebody outside. */
export function isOwnForm(mail: IncomingMail, own: readonly string[]): boolean {
  if (!mail.from || !(isOwnDomain(mail.from.address, own) || isOwn(mail.from.address, own))) return false;
  const person = waitingPerson(mail, own);
  return person !== null && !isOwnDomain(person, own);
}

export function ownMail(mail: IncomingMail, own: readonly string[]): string | null {
  if (!mail.from || !isOwn(mail.from.address, own) || isOwnForm(mail, own)) return null;
  return 'It comes from your own address.';
}

export function robotSender(mail: IncomingMail, own: readonly string[]): string | null {
  const address = mail.from?.address;
  if (address === undefined) return null;
  // RFC 2142: a person reads postmaster and may answer from there; what a server sends from it answers nothing.
  const robot = isRobot(address) || (localPart(address) === 'postmaster' && !isAnswer(mail));
  const refuses = !robot && refusesAnswers(mail);
  if (!(robot || refuses) || waitingPerson(mail, own) !== null || isRewritten(mail)) return null;
  return refuses ? 'It says itself that nobody reads answers to it.' : `Nobody reads answers to ${address}.`;
}

/** Not in an answer, nor in what somebody passed on: there it is a quotation. */
function refusesAnswers(mail: IncomingMail): boolean {
  if (isAnswer(mail) || /^\s*(?:re|aw|sv|antw|fwd?|wg|tr|rv|i)\s*:/i.test(mail.subject)) return false;
  return NO_ANSWERS_PLEASE.test(ownWords(mail));
}

const NO_ANSWERS_PLEASE = new RegExp(
  [
    String.raw`\b(?:do not|don't) (?:reply|respond) (?:directly )?to this (?:automated |automatic |automatically generated )?(?:e-?mail|mail|message|notification)`,
    String.raw`\bthis (?:e-?mail|mail|message) (?:was|is|has been) (?:an )?(?:sent automatically|automatically (?:generated|sent)|generated automatically|automated)\b`,
    String.raw`\b(?:antworten sie|antworte) (?:bitte )?nicht (?:direkt )?auf diese (?:automatisch\w* )?(?:generierte |erzeugte )?(?:e-?mail|mail|nachricht)`,
    String.raw`\bdiese (?:e-?mail|mail|nachricht) (?:wurde|wird|ist) automatisch (?:generiert|erstellt|erzeugt|versandt|versendet|verschickt)`,
    String.raw`\bne pas répondre (?:directement )?à (?:ce|cet|cette) (?:e-?mail|mail|message|courriel|courrier)`,
    String.raw`\bno (?:responda|conteste) (?:directamente )?a este (?:correo|mensaje|e-?mail)`,
    String.raw`\bnon rispondere (?:direttamente )?a quest[ao] (?:e-?mail|mail|messaggio)`,
    String.raw`\b(?:niet|gelieve niet te) (?:te )?antwoorden op (?:deze|dit) (?:e-?mail|mail|bericht)`,
  ].join('|'),
  'i',
);

/** Groups and forwarders put their own address over that of a sender whose domain forbids them to pass it on (DMARC). */
function isRewritten(mail: IncomingMail): boolean {
  const before = addressesIn(header(mail, 'x-original-from'))[0];
  return before !== undefined && !isRobot(before);
}
