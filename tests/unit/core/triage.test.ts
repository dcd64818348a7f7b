import { describe, expect, it } from 'vitest';
import type { IncomingMail } from '../../../src/core/mail.ts';
import { triage } from '../../../src/core/triage.ts';

const me = { addresses: ['me@example.org', 'sales@example.org'] };

function mail(headers: Record<string, string> = {}, change: Partial<IncomingMail> = {}): IncomingMail {
  return {
    messageId: '<1@example.com>',
    inReplyTo: null,
    references: [],
    from: { name: 'Ada', address: 'ada@example.com' },
    replyTo: [],
    to: [{ name: '', address: 'me@example.org' }],
    cc: [],
    subject: 'Question',
    date: null,
    text: 'Can you help?',
    headers: new Map(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), [v]])),
    attachments: [],
    remarks: [],
    ...change,
  };
}

const from = (address: string, replyTo?: string) =>
  mail({}, { from: { name: '', address }, replyTo: replyTo ? [{ name: '', address: replyTo }] : [] });

describe('a mail gets a card', () => {
  it.each([
    ['from a person', mail()],
    ['that says Auto-Submitted: no', mail({ 'Auto-Submitted': 'no' })],
    ['that says Auto-Submitted: No with a comment', mail({ 'Auto-Submitted': 'No (really)' })],
    ['that only asks robots not to answer', mail({ 'X-Auto-Response-Suppress': 'All' })],
    ['with a return path', mail({ 'Return-Path': '<ada@example.com>' })],
    ['with first-class precedence', mail({ Precedence: 'first-class' })],
    ['from a web form that names a person to answer', from('no-reply@forms.example.net', 'ada@example.com')],
    ['from a person whose name begins like a robot', from('norepinephrine@example.com')],
    ['without a readable sender', mail({}, { from: null })],
  ])('%s', (_what, input) => {
    expect(triage(input, me)).toEqual({ verdict: 'card' });
  });
});

describe('a mail is skipped with its reason', () => {
  it.each([
    [
      'a vacation reply',
      mail({ 'Auto-Submitted': 'auto-replied' }),
      /automatically \(Auto-Submitted: auto-replied/,
    ],
    ['an automatic mail with parameters', mail({ 'Auto-Submitted': 'auto-generated; x=y' }), /automatically/],
    ['an unknown kind of automatic mail', mail({ 'Auto-Submitted': 'no-really' }), /automatically/],
    ['bulk mail', mail({ Precedence: 'Bulk' }), /Precedence: bulk/],
    ['a list mail', mail({ 'List-Id': 'Friends <f.example.net>' }), /mailing list \(Friends/],
    ['a newsletter', mail({ 'List-Unsubscribe': '<mailto:u@example.net>' }), /newsletter/],
    ['a bounce', mail({ 'Content-Type': 'multipart/report; report-type=delivery-status' }), /report/],
    ['mail with an empty return path', mail({ 'Return-Path': '<>' }), /return path is empty/],
    ['mail of the mail system', from('MAILER-DAEMON@mx.example.net'), /Nobody reads/],
    ['mail from noreply', from('noreply@example.net'), /Nobody reads answers to noreply@example.net/],
    ['mail from do-not-reply with a tag', from('do-not-reply+abc@example.net'), /Nobody reads/],
    ['mail from a list owner', from('owner-friends@example.net'), /Nobody reads/],
    ['mail from a list robot', from('friends-request@example.net'), /Nobody reads/],
    ['a robot that names a robot', from('noreply@example.net', 'no-reply@example.net'), /Nobody reads/],
    [
      'a calendar invitation',
      mail({}, { attachments: [{ filename: 'invite.ics', contentType: 'text/calendar', size: 9 }] }),
      /calendar/,
    ],
    ['my own mail', from('Sales@Example.org'), /your own address/],
  ])('%s', (_what, input, reason) => {
    const result = triage(input, me);
    expect(result.verdict).toBe('skip');
    expect(result.verdict === 'skip' ? result.reason : '').toMatch(reason);
  });

  it('a header of any length gives a short reason', () => {
    const result = triage(mail({ 'List-Id': 'x'.repeat(10_000) }), me);
    expect(result.verdict === 'skip' ? result.reason.length : 0).toBe(200);
  });
});
