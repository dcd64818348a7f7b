import { providerOfImap } from '../core/mail-providers.ts';
import { InboxFault } from '../mail/inbox/imap-fault.ts';
import { ImapInbox, INBOX_DEFAULTS } from '../mail/inbox/imap-inbox.ts';
import { type Check, finding, type Patient } from './doctor-check.ts';

/** Opens the mailbox as the watcher does, with EXAMINE: nothing in it changes. */
export const checkMailbox: Check = async (patient) => {
  const { imap, authOf, ca } = patient;
  const { host, port, secure, mailbox } = imap;
  const where = `${imap.login.user} on ${host}`;
  try {
    const auth = authOf(imap.login);
    const inbox = await ImapInbox.open({ ...INBOX_DEFAULTS, host, port, secure, mailbox, auth, ca });
    inbox.close();
    return finding(patient, 'mailbox', 'ok', `${mailbox} of ${where} opens, read-only`);
  } catch (error) {
    if (!(error instanceof InboxFault)) throw error;
    return finding(patient, 'mailbox', 'fault', `${where}: ${error.message}`, cureOf(error, patient));
  }
};

function cureOf({ code }: InboxFault, { account, imap }: Patient): string {
  switch (code) {
    case 'auth':
      return passwordCure(imap.host, account.cure);
    case 'login':
      return 'as it says';
    case 'mailbox':
      return 'check IMAP_MAILBOX: its name as the server spells it';
    case 'tls':
      return 'check IMAP_HOST, IMAP_PORT and IMAP_SECURE; with a certificate of your own, TLS_CA_FILE';
    case 'network':
      return 'check IMAP_HOST and IMAP_PORT, and the connection of this machine';
  }
}

/** https://support.google.com/accounts/answer/185833 and https://learn.microsoft.com/en-us/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online */
function passwordCure(host: string, settings: string): string {
  switch (providerOfImap(host)) {
    case 'microsoft':
      return 'Microsoft takes no passwords for IMAP: set IMAP_AUTH=oauth and run handover login (docs/providers.md)';
    case 'google':
      return 'Gmail takes an app password (with two-step verification) or IMAP_AUTH=oauth: see docs/providers.md';
    case 'other':
      return `check ${settings}; many providers want an app password: see docs/providers.md`;
  }
}
