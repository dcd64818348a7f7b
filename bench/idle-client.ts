import { ImapFlow } from 'imapflow';
import type { MailAccount } from '../tests/helpers/dovecot.ts';

export interface IdleClient {
  /** The moment (`performance.now()`) at which the server tells of the next mail. */
  next(): Promise<number>;
  close(): Promise<void>;
}

/** The least that can be done: imapflow in IDLE, and nothing with what it says. */
export async function idleClient(account: MailAccount): Promise<IdleClient> {
  const client = connectionTo(account);
  let told: ((at: number) => void) | null = null;
  client.on('error', () => undefined);
  client.on('exists', () => {
    const at = performance.now();
    told?.(at);
    told = null;
  });
  await client.connect();
  await client.mailboxOpen('INBOX', { readOnly: true });
  return {
    next: () =>
      new Promise((resolve) => {
        told = resolve;
      }),
    close: () => client.logout(),
  };
}

function connectionTo(account: MailAccount): ImapFlow {
  const { host, port, user, password } = account;
  return new ImapFlow({
    host,
    port,
    secure: false,
    auth: { user, pass: password },
    logger: false,
    // The default leaves 15 s between opening and IDLE.
    autoIdleDelay: 20,
  });
}
