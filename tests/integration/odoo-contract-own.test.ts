import { startOdooServer } from '../../src/demo/odoo-server/server.ts';
import { odooContract } from './odoo-contract.ts';

odooContract('the demo server', async () => {
  const server = await startOdooServer();
  const { url, db, users } = server;
  const ended = 'e'.repeat(40);
  server.addKey(users.billing.login, ended, new Date('2020-01-01T00:00:00Z'));
  return { url, db, ...users, lapsed: { ...users.billing, apiKey: ended }, stop: () => server.stop() };
});
