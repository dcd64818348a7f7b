import { isLoopback } from '../core/loopback.ts';
import { providerOfImap, submissionCandidates } from '../core/mail-providers.ts';
import { type Probed, probeSubmission } from '../mail/submission/probe-submission.ts';
import type { SmtpAccount } from '../mail/submission/submit-as.ts';
import type { SmtpServer } from '../runtime/mail-servers.ts';
import { about, type Check, fine, type Finding, found, type Patient } from './doctor-check.ts';

/**
 * The laptop: does the submission server take the key it has? Any other machine: does it take the key of the
 * mailbox, which should only read? Logs in and leaves; no mail is sent.
 */
export const checkSending: Check = (patient) => {
  const { role, account } = patient;
  if (role === 'laptop' && account.smtp !== null) return ownServer(patient, account.smtp);
  return mailboxKey(patient);
};

async function ownServer(patient: Patient, smtp: SmtpServer): Promise<Finding> {
  const { host, port, secure, login } = smtp;
  const auth = login === null ? null : patient.authOf(login);
  const probed = await probeSubmission({ host, port, secure, auth, ca: patient.ca });
  const user = login?.user ?? '';
  switch (probed.kind) {
    case 'accepted':
      return about(patient, fine('sending', `${host} takes the login of ${user}; no mail was sent`));
    case 'no-login': {
      const words = `${host} offers no login, so that ${user} was not tried`;
      const answers = fine('sending', `${host} answers and wants no login`);
      return about(patient, login === null ? answers : found('smtp-no-login', words));
    }
    case 'refused': {
      const words = `${host} refuses the login of ${user}: ${probed.words}`;
      return about(patient, found('smtp-refused', words, refusedCure(patient)));
    }
    case 'no-answer':
      return about(patient, found('smtp-unreachable', `${host}, port ${port}: ${probed.words}`));
  }
}

/** SMTP AUTH is off for new organisations: https://learn.microsoft.com/en-us/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission */
function refusedCure({ imap, account }: Patient): string {
  if (providerOfImap(imap.host) === 'microsoft') {
    return 'SMTP AUTH may be off for this mailbox, which its administrator can change; else run handover login again';
  }
  return account.smtp?.login?.type === 'oauth2'
    ? 'run handover login again'
    : 'check SMTP_USER and SMTP_PASSWORD';
}

interface Tried {
  readonly host: string;
  readonly port: number;
  readonly probed: Probed;
}

async function mailboxKey(patient: Patient): Promise<Finding> {
  const auth = patient.authOf(patient.imap.login);
  const tried: Tried[] = [];
  for (const server of candidates(patient)) {
    // One refusal is its host's answer: more attempts look like an attack to it.
    if (tried.some(({ host, probed }) => host === server.host && probed.kind === 'refused')) continue;
    const probed = await probeSubmission({ ...server, auth, ca: patient.ca });
    tried.push({ ...server, probed });
    if (probed.kind === 'accepted') break;
  }
  return judged(patient, tried);
}

function candidates({ imap, smtpWish }: Patient): readonly Omit<SmtpAccount, 'auth'>[] {
  if (smtpWish === null) return submissionCandidates(imap.host);
  // Plain text is for this very machine alone, and for those who read their mail that way.
  const local = isLoopback(smtpWish.host) && imap.secure === 'false';
  return [{ ...smtpWish, secure: local ? 'false' : smtpWish.port === 465 ? 'true' : 'starttls' }];
}

function judged(patient: Patient, tried: readonly Tried[]): Finding {
  const open = tried.find(({ probed }) => probed.kind === 'accepted');
  if (open) {
    const words = `THIS KEY CAN SEND: ${open.host}, port ${open.port}, takes the key of the mailbox. Whoever takes over this machine could send mail in your name. (It was only a login; no mail was sent.)`;
    return about(patient, found('key-can-send', words, readOnlyCure(patient)));
  }
  const closed = tried.filter(({ probed }) => probed.kind === 'refused');
  if (closed.length > 0) {
    const hosts = [...new Set(closed.map(({ host }) => host))].join(', ');
    return about(patient, fine('sending', `this key cannot send: ${hosts} refuses it`));
  }
  const hosts = [...new Set(tried.map(({ host }) => host))].join(', ');
  const words = `not proved that this key cannot send: no submission server gave an answer (tried ${hosts}; ${tried[0]?.probed.words ?? 'none is known'})`;
  return about(patient, found('key-not-proved', words));
}

/** Undefined: the usual one. */
function readOnlyCure({ imap }: Patient): string | undefined {
  switch (providerOfImap(imap.host)) {
    case 'google':
      return 'Google has no key that only reads: let Gmail forward a copy to a second mailbox, and read that one here (docs/providers.md)';
    case 'microsoft':
      return 'use an application here that has IMAP.AccessAsUser.All and not SMTP.Send, and log in again (docs/providers.md)';
    case 'other':
      return undefined;
  }
}
