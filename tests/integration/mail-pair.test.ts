import { createTransport } from 'nodemailer';
import { expect, it, onTestFinished } from 'vitest';
import { startMailPair } from '../../src/demo/mail-pair.ts';

const RAW = 'From: a@example.org\r\nTo: b@example.net\r\nSubject: hi\r\n\r\n.dot\r\n';

it('files what is submitted into the mailbox of each recipient', async () => {
  const pair = await startMailPair('secret');
  onTestFinished(() => pair.stop());
  const submit = async (pass: string): Promise<unknown> => {
    const smtp = createTransport({
      host: '127.0.0.1',
      port: pair.smtpPort,
      auth: { user: 'a@example.org', pass },
    });
    return smtp.sendMail({
      raw: RAW,
      envelope: { from: 'a@example.org', to: ['B@example.net', 'c@example.com'] },
    });
  };
  await submit('secret');
  expect(pair.sent).toEqual([
    { from: 'a@example.org', to: ['b@example.net', 'c@example.com'], raw: Buffer.from(RAW) },
  ]);
  expect(pair.imap.mails('b@example.net').map((mail) => mail.raw.toString())).toEqual([RAW]);
  expect(pair.imap.mails('c@example.com')).toHaveLength(1);
  await expect(submit('wrong')).rejects.toMatchObject({ responseCode: 535 });
  expect(pair.sent).toHaveLength(1);
});
