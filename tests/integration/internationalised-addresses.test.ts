import PostalMime from 'postal-mime';
import { afterEach, expect, it } from 'vitest';
import { parseAddressList } from '../../src/core/address-list.ts';
import { deliveryVerdict } from '../../src/core/delivery-verdict.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { composeMessage } from '../../src/mail/submission/compose-message.ts';
import { submit } from '../../src/mail/submission/submit.ts';
import { type SmtpOptions, startSmtp, type TestSmtp } from '../helpers/smtp.ts';

let server: TestSmtp | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function send(options: SmtpOptions, to: string, envelope: readonly string[]) {
  server = await startSmtp(options);
  const read = parseAddressList(to);
  if (!read.ok) throw new Error(read.message);
  const eml = await composeMessage({
    taskId: 'em-0123456789abcdef' as TaskId,
    messageId: '<em-0123456789abcdef.abc@example.org>',
    date: new Date('2026-11-20T08:01:02Z'),
    from: { name: 'Mia', address: 'mia@example.org' },
    to: read.addresses,
    cc: [],
    subject: 'Grüße',
    inReplyTo: null,
    references: [],
    text: 'Hallo\n',
  });
  const facts = await submit({
    smtp: { host: server.host, port: server.port, secure: 'false', auth: null },
    eml,
    envelope: { from: 'mia@example.org', to: envelope },
    onBodyStarts: () => undefined,
  });
  return { facts, verdict: deliveryVerdict(facts), mails: server.mails };
}

const NAMED = 'Jürgen <jürgen@müller.example>';
const ENVELOPE = ['jürgen@xn--mller-kva.example'];

it('reach a server that takes them, with SMTPUTF8, letter by letter', async () => {
  const { verdict, mails } = await send({}, NAMED, ENVELOPE);
  expect(verdict.verdict).toBe('sent');
  expect(mails[0]).toMatchObject({ smtpUtf8: true });
  expect(mails[0]?.envelope.to[0]).toMatch(/^jürgen@(?:müller|xn--mller-kva)\.example$/);
  const arrived = await PostalMime.parse(mails[0]?.raw ?? '');
  expect(arrived.to).toEqual([{ name: 'Jürgen', address: 'jürgen@müller.example' }]);
});

it('are refused before anything leaves where the server cannot take them, in words that say why', async () => {
  const { verdict, facts, mails } = await send({ smtpUtf8: false }, NAMED, ENVELOPE);
  expect(verdict).toEqual({
    verdict: 'failed',
    cause: 'local',
    words:
      'the mail server takes only addresses in ASCII letters (it does not offer SMTPUTF8), so not jürgen@xn--mller-kva.example; nothing was sent',
  });
  expect(facts.accepted).toEqual([]);
  expect(mails).toEqual([]);
});

it('do not drag a mail to ten others out in part', async () => {
  const { verdict, mails } = await send({ smtpUtf8: false }, `bo@example.com, ${NAMED}`, [
    'bo@example.com',
    ...ENVELOPE,
  ]);
  expect(verdict.verdict).toBe('failed');
  expect(mails).toEqual([]);
});

it('need nothing of the server when only the domain has other letters: it travels as punycode', async () => {
  const { verdict, mails } = await send({ smtpUtf8: false }, 'Jürgen <j@müller.example>', [
    'j@xn--mller-kva.example',
  ]);
  expect(verdict.verdict).toBe('sent');
  // smtp-server shows the domain in letters again.
  expect(mails[0]?.envelope.to[0]).toMatch(/^j@(?:müller|xn--mller-kva)\.example$/);
  expect(mails[0]?.smtpUtf8).toBeUndefined();
  expect(mails[0]?.raw.toString('latin1')).toMatch(/^To: .*<j@xn--mller-kva\.example>\r$/m);
});
