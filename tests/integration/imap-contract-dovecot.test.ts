import { startDovecot } from '../helpers/dovecot.ts';
import { imapContract } from './imap-contract.ts';

imapContract('Dovecot', async () => {
  const dovecot = await startDovecot();
  return {
    port: dovecot.imapPort,
    password: dovecot.password,
    deliver: (user, raw) => dovecot.deliver(user, raw),
    setUidValidity: (user, value) => dovecot.setUidValidity(user, value),
    cutAll: () => dovecot.restart(),
    stop: () => dovecot.stop(),
  };
});
