import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { IncomingMail } from '../../../../src/core/mail.ts';
import { readMailRules } from '../../../../src/core/mail-rules.ts';
import { triage } from '../../../../src/core/triage/triage.ts';
import { at, FACTS, mail } from './mails.ts';

const NAMES = [
  ...[
    'auto-submitted',
    'precedence',
    'list-id',
    'list-post',
    'list-unsubscribe',
    'x-spam-status',
    'received',
  ],
  ...['return-path', 'x-original-to', 'to', 'cc', 'content-type', 'content-class', 'x-mailer', 'sender'],
  ...['x-forefront-antispam-report', 'x-ms-exchange-organization-scl', 'managed-by', 'x-original-from'],
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '<',
    '<>',
    '@',
    'a@b',
    '<a@b>',
    'no',
    'bulk',
    '?',
    'no-reply@x.example',
    '\ud800',
    'me@example.org',
  ),
);

const anyMail: fc.Arbitrary<IncomingMail> = fc
  .record({
    headers: fc.dictionary(fc.constantFrom(...NAMES), fc.array(anyText, { minLength: 1, maxLength: 3 })),
    subject: anyText,
    text: anyText,
    address: fc.oneof(anyText, fc.constant('ada@example.com')),
    to: fc.array(anyText, { maxLength: 3 }),
    inReplyTo: fc.option(anyText),
  })
  .map(({ headers, subject, text, address, to, inReplyTo }) =>
    mail(headers, {
      subject,
      text,
      inReplyTo,
      from: { name: subject, address },
      to: at(...to),
      replyTo: at(...to),
    }),
  );

it('whatever a mail holds, it gets one verdict, twice the same, with a short reason', () => {
  const rules = readMailRules(
    '## Mail rules\n- Always: subject:"aaa"\n- Never: @b, to:a@b\n- Important: @example.com',
  );
  fc.assert(
    fc.property(anyMail, (input) => {
      const verdict = triage(input, { ...FACTS, rules });
      expect(triage(input, { ...FACTS, rules })).toEqual(verdict);
      if (verdict.verdict === 'skip') expect(verdict.reason.length).toBeLessThanOrEqual(200);
    }),
    { numRuns: 2_000 },
  );
});

it('what only other people can see does not change the verdict: order of headers, case of addresses', () => {
  fc.assert(
    fc.property(anyMail, (input) => {
      const turned = { ...input, headers: new Map([...input.headers].reverse()) };
      const own = { ...FACTS, addresses: FACTS.addresses.map((address) => address.toUpperCase()) };
      const [one, other] = [triage(input, FACTS), triage(turned, own)];
      expect(other.verdict === 'skip' ? other.code : other.verdict).toBe(
        one.verdict === 'skip' ? one.code : one.verdict,
      );
    }),
    { numRuns: 500 },
  );
});

it('a header, a subject or a text of a megabyte costs no more than its beginning', () => {
  const long = [
    ...['a'.repeat(1_000_000), '<'.repeat(1_000_000), 'a@'.repeat(500_000), 'On '.repeat(330_000)],
    ...[
      '?'.repeat(1_000_000),
      'From: a\n'.repeat(125_000),
      'view in '.repeat(125_000),
      `${'no-'.repeat(300_000)}reply`,
    ],
  ];
  for (const text of long) {
    const headers = Object.fromEntries(NAMES.map((name) => [name, Array<string>(200).fill(text)]));
    // It returns: the limit of the test's time is far above what it takes.
    expect(triage(mail(headers, { subject: text, text: text.slice(0, 100_000) }), FACTS).verdict).toBe(
      'skip',
    );
    expect(
      triage(mail({ 'List-Unsubscribe': text }, { subject: text, text: text.slice(0, 100_000) }), FACTS),
    ).toBeDefined();
  }
});
