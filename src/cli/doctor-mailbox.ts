import { providerOfImap } from '../core/mail-providers.ts';
import { InboxFault, type InboxFaultKind } from '../mail/inbox/imap-fault.ts';
import { ImapInbox, INBOX_DEFAULTS } from '../mail/inbox/imap-inbox.ts';
import { about, type Check, fine, found, type Patient } from './doctor-check.ts';
import type { FaultCode } from './doctor-codes.ts';

/** A server that is silent for longer than a doctor waits does not answer. */
const SILENCE_MS = 20_000;

/** Opens the mailbox as the watcher does, with EXAMINE: nothing in it changes. */
export const checkMailbox: Check = async (patient) => {
  const { imap, authOf, ca } = patient;
  const { host, port, secure, mailbox } = imap;
  const where = `${imap.login.user} on ${host}`;
  try {
    const auth = authOf(imap.login);
    const limits = { ...INBOX_DEFAULTS, silenceMs: SILENCE_MS };
    const inbox = await ImapInbox.open({ ...limits, host, port, secure, mailbox, auth, ca });
    inbox.close();
    return about(patient, fine('mailbox', `${mailbox} of ${where} opens, read-only`));
  } catch (error) {
    if (!(error instanceof InboxFault)) throw error;
    const { code, message } = error;
    const cure = code === 'auth' ? passwordCure(imap.host, patient.account.cure) : undefined;
    return about(patient, found(CODE_OF[code], `${where}: ${message}`, cure));
  }
};

const CODE_OF: Readonly<Record<InboxFaultKind, FaultCode>> = {
  auth: 'mailbox-refused',
  login: 'mailbox-login',
  mailbox: 'mailbox-name',
  tls: 'mailbox-tls',
  network: 'mailbox-unreachable',
};

/** https://support.google.com/accounts/answer/185833 and https://learn.microsoft.com/en-us/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online */
function passwordCure(host: string, settings: Patient['account']['cure']): string {
  switch (providerOfImap(host)) {
    case 'microsoft':
      return 'Microsoft takes no passwords for IMAP: set IMAP_AUTH=oauth and run handover login (docs/providers.md)';
    case 'google':
      return 'Gmail takes an app password (with two-step verification) or IMAP_AUTH=oauth: see docs/providers.md';
    case 'other':
      return `check ${settings}; many providers want an app password: see docs/providers.md`;
  }
}
