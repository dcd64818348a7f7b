/**
 * Fetches the source of every mail of INBOX and does nothing with it: node bare-fetch.mjs <port> <user> <password>.
 * Plain JavaScript, so that its start costs what a compiled program's does.
 */
import { ImapFlow } from 'imapflow';

const [port = '', user = '', pass = ''] = process.argv.slice(2);
const client = new ImapFlow({
  host: '127.0.0.1',
  port: Number(port),
  secure: false,
  auth: { user, pass },
  logger: false,
});
await client.connect();
await client.mailboxOpen('INBOX', { readOnly: true });
let mails = 0;
for await (const mail of client.fetch('1:*', { uid: true, source: true })) {
  if (mail.source) mails += 1;
}
await client.logout();
process.stdout.write(`${mails}\n`);
