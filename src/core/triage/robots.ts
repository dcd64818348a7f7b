/**
 * Addresses nobody reads behind. RFC 3834 section 2 names MAILER-DAEMON, owner-* and *-request, RFC 2142 the
 * accounts of a system; the rest is what senders themselves say: that no answer is wanted.
 */

import { asciiDomain } from '../address-list.ts';
import type { IncomingMail } from '../mail.ts';
import { addressesIn, header, isAnswer, isOwn, isOwnDomain, localPart, sameHouse } from './mail-view.ts';

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

/** Desks of a company. Behind them people answer; beside a no-reply sender they are only where help is found. */
export const DESK =
  /^(?:support|help|helpdesk|hilfe|info|hello|hallo|contact|kontakt|service|services|kundenservice|customer[-_.]?(?:service|care|support)|care|office|team|sales|billing|accounts?|orders?|bestellung(?:en)?|shop|store|feedback|admin|webmaster|enquir(?:y|ies)|inquir(?:y|ies)|privacy|security|legal|news|newsletter|marketing|press)$/;

/** A form on a web page sends as no-reply and names the person in Reply-To: that person waits for an answer. */
export function waitingPerson(mail: IncomingMail, own: readonly string[]): string | null {
  const { from } = mail;
  const person = mail.replyTo.find(
    ({ address }) =>
      !isRobot(address) &&
      !isOwn(address, own) &&
      !(from && sameHouse(address, from.address) && DESK.test(localPart(address).replace(/\+.*$/, ''))),
  );
  return person?.address ?? null;
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
  if (!robot || waitingPerson(mail, own) !== null || isRewritten(mail)) return null;
  return `Nobody reads answers to ${address}.`;
}

/** Groups and forwarders put their own address over that of a sender whose domain forbids them to pass it on (DMARC). */
function isRewritten(mail: IncomingMail): boolean {
  const before = addressesIn(header(mail, 'x-original-from'))[0];
  return before !== undefined && !isRobot(before);
}
