import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretRules } from '../../../src/core/ignore-lists.ts';
import {
  ownWords,
  SECRET_NAMES,
  secretInText,
  secretName,
  secretWords,
} from '../../../src/core/secret-names.ts';

const root = join(import.meta.dirname, '../../..');

describe('the names of secrets', () => {
  it('are those that .gitignore-sync keeps from travelling, whatever their case', async () => {
    const rules = secretRules(await readFile(join(root, '.gitignore-sync'), 'utf8'));
    expect(rules).toEqual(SECRET_NAMES.map((pattern) => `(?i)${pattern}`));
  });

  it.each([
    '.env',
    '.ENV',
    '.env.local',
    'production.env',
    '.envrc',
    'api-token.txt',
    'access.token',
    'server.pem',
    'Server.KEY',
    'vault.kdbx',
    'id_rsa',
    'id_ed25519.pub',
    'my token (2).json',
    'TOKEN.json',
    'credentials',
    'Credentials.txt',
    'client_secret_12.json',
    'line\nbreak.pem',
  ])('match %j', (name) => {
    expect(secretName(name)).not.toBeNull();
  });

  it.each([
    'env',
    'environment.md',
    'Credentials.md',
    'credentials team.md',
    'key.md',
    'Monkey',
    'token.md',
    'rid_rsa',
    'secret.md',
    '',
  ])('leave %j alone', (name) => {
    expect(secretName(name)).toBeNull();
  });
});

// Written in two parts, so that no scanner of secrets takes this file for one.
const shaped = (...parts: string[]): string => parts.join('');

describe('the content of secrets', () => {
  it.each([
    [shaped('-----BEGIN ', 'PRIVATE KEY-----\nMIIE'), 'a private key'],
    [shaped('-----BEGIN OPENSSH ', 'PRIVATE KEY-----'), 'a private key'],
    [shaped('-----BEGIN PGP ', 'PRIVATE KEY BLOCK-----'), 'a private key'],
    [shaped('AK', 'IA', 'ABCDEFGHIJKLMNOP'), 'an access key of AWS'],
    [shaped('gh', 'p_', 'a'.repeat(36)), 'a token of GitHub'],
    [shaped('xo', 'xb-', '1234567890-abcdefghijkl'), 'a token of Slack'],
    [shaped('sk-', 'ant-', 'api03-', 'x'.repeat(40)), 'a model key'],
    [shaped('AI', 'za', 'b'.repeat(35)), 'a key of Google'],
    [shaped('{"refresh_', 'token": "', '1//0abcdefghijklmnopqrstuv"}'), 'a refresh token of Google'],
    ['SMTP_HOST=x\nSMTP_PASSWORD="correct horse"\n', 'a line of an .env file'],
    ['export DRAFTER_API_KEY=abcdefgh1', 'a line of an .env file'],
  ])('%j is %s', (text, what) => {
    expect(secretInText(`some words\n${text}\nmore`)).toBe(what);
  });

  it.each([
    '-----BEGIN PUBLIC KEY-----',
    'The password is a word, a token of our thanks, the key to success.',
    'sk-short',
    'SMTP_PASSWORD=',
    'SMTP_PASSWORD=<your password>',
    'SMTP_PASSWORD=$(pass show smtp)',
    'risk-assessment-of-the-new-quarterly-planning-process-2026'.slice(2),
    '',
  ])('is not seen in %j', (text) => {
    expect(secretInText(text)).toBeNull();
  });

  it('counts in what the user wrote, not in what a stranger sent', () => {
    const key = shaped('-----BEGIN ', 'PRIVATE KEY-----');
    expect(secretInText(ownWords(`## Reply\n\nYes.\n\n## Original\n\n> ~~~\n> ${key}\n`))).toBeNull();
    expect(secretInText(ownWords(`## Reply\n\n${key}\n`))).not.toBeNull();
  });
});

describe('the sentence', () => {
  it('names the first files, escaped, and counts the rest', () => {
    expect(secretWords([])).toBeNull();
    expect(secretWords(['.env'])).toContain('lie in the vault: .env. Move it');
    const words = secretWords(['a\u001b[2J.pem', 'b\nc.key', 'c.pem', 'd.pem', 'e.pem']) ?? '';
    expect(words).toContain('a[U+001B][2J.pem, b c.key, c.pem and 2 more');
    expect(words).not.toMatch(/[\u0000-\u001f]/);
  });
});
