/** Fetches the source of every mail of INBOX and does nothing with it. Run as a process of its own. */
import { connectionTo } from './idle-client.ts';

const [port = '', user = '', password = ''] = process.argv.slice(2);
const client = connectionTo({ host: '127.0.0.1', port: Number(port), user, password });
await client.connect();
await client.mailboxOpen('INBOX', { readOnly: true });
let mails = 0;
for await (const mail of client.fetch('1:*', { uid: true, source: true })) {
  if (mail.source) mails += 1;
}
await client.logout();
process.stdout.write(`${mails}\n`);
