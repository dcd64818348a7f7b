import { describe, expect, it } from 'vitest';
import { providerOfImap, submissionCandidates } from '../../../src/core/mail-providers.ts';

const hosts = (imap: string) => [...new Set(submissionCandidates(imap).map(({ host }) => host))];

describe('submission servers of an IMAP server', () => {
  it.each([
    ['imap.gmail.com', ['smtp.gmail.com', 'mail.gmail.com', 'imap.gmail.com']],
    ['outlook.office365.com', ['smtp.office365.com', 'smtp-mail.outlook.com']],
    ['imap-mail.outlook.com', ['smtp.office365.com', 'smtp-mail.outlook.com']],
    ['imap.mail.me.com', ['smtp.mail.me.com', 'mail.mail.me.com', 'imap.mail.me.com']],
    ['IMAP.Example.org', ['smtp.example.org', 'mail.example.org', 'imap.example.org']],
    ['mail.example.org', ['smtp.example.org', 'mail.example.org']],
  ])('%s', (imap, expected) => {
    expect(hosts(imap)).toEqual(expected);
  });

  it.each([
    'example.org',
    'mail.co.uk',
    'imap.com.au',
    'server7.example.org',
    '192.0.2.7',
    '::1',
    'localhost',
  ])('of %s lie nowhere else: no key is shown to a neighbour', (imap) => {
    expect(hosts(imap)).toEqual([imap]);
  });

  it('are called with TLS, from the start or required', () => {
    expect(submissionCandidates('posteo.de')).toEqual([
      { host: 'posteo.de', port: 465, secure: 'true' },
      { host: 'posteo.de', port: 587, secure: 'starttls' },
    ]);
  });
});

describe('a provider', () => {
  it.each([
    ['imap.gmail.com', 'google'],
    ['imap.googlemail.com', 'google'],
    ['outlook.office365.com', 'microsoft'],
    ['imap.gmail.com.example.org', 'other'],
    ['notoutlook.office365.com', 'other'],
  ])('of %s is %s', (imap, provider) => {
    expect(providerOfImap(imap)).toBe(provider);
  });
});
