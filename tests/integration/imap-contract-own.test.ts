import { startImapServer } from '../../src/demo/imap-server/server.ts';
import { imapContract } from './imap-contract.ts';

imapContract('the demo server', async () => {
  const server = await startImapServer({ password: 'secret' });
  return {
    port: server.port,
    password: 'secret',
    deliver: (user, raw) => {
      server.deliver(user, Buffer.from(raw));
    },
    setUidValidity: (user, value) => server.setUidValidity(user, value),
    cutAll: () => server.dropAll(),
    stop: () => server.stop(),
  };
});
