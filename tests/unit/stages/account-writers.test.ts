import { describe, expect, it } from 'vitest';
import { accountNamed, accountOf, type MailAccount } from '../../../src/core/mail-account.ts';
import type { TaskNote } from '../../../src/core/task-file.ts';
import { accountWriters } from '../../../src/stages/account-writers.ts';

function account(name: string): MailAccount {
  const address = `mia@${name}.example`;
  return {
    name,
    from: { name: `Mia of ${name}`, address },
    addresses: [address],
    replyAll: true,
    maxSendsPerHour: 1,
  };
}
const note = (named?: string): TaskNote => ({
  data: named === undefined ? {} : { account: named },
  body: '',
});
const [home, work, club] = [account('default'), account('work'), account('club')];

describe('a note', () => {
  it.each([
    [undefined, 'default'],
    ['', 'default'],
    ['mia@example.org', 'default'],
    ['Club', 'default'],
    ['club', 'club'],
    ['x'.repeat(33), 'default'],
  ])('that says %j is of the account %s', (named, name) => {
    expect(accountOf(note(named))).toBe(name);
  });

  it('that names an account that is not known belongs to none, unless it is the old name of the default one', () => {
    expect(accountNamed([home, work], 'club')).toBeNull();
    expect(accountNamed([home, work], 'mia', ['mia'])).toBe(home);
    expect(accountNamed([work], 'mia', ['mia'])).toBeNull();
    expect(accountNamed([work, club], 'default')).toBeNull();
  });
});

describe('with the one account of before', () => {
  it.each([undefined, 'mia@example.org', 'mia', 'default'])('a note of %j stays as it is', (named) => {
    expect(accountWriters([home])(note(named))).toEqual({
      account: 'default',
      me: { name: 'Mia of default', addresses: ['mia@default.example'], replyAll: true },
      stamp: null,
      from: undefined,
      warnings: [],
    });
  });
});

describe('with several accounts', () => {
  const writerFor = accountWriters([work, club]);

  it('a note is answered from the one it names', () => {
    expect(writerFor(note('club'))).toMatchObject({
      account: 'club',
      me: { name: 'Mia of club', addresses: ['mia@club.example'] },
      stamp: null,
      from: 'Mia of club <mia@club.example>',
      warnings: [],
    });
  });

  it.each([undefined, 'mia@example.org'])('a note of %j is the first one’s from then on', (named) => {
    expect(writerFor(note(named))).toMatchObject({ account: 'work', stamp: 'work', warnings: [] });
  });

  it('a note of one that is not known keeps its word and says so', () => {
    expect(writerFor(note('other'))).toMatchObject({
      account: 'work',
      stamp: null,
      warnings: ['Draft: the account other is not known where this was drafted; it was written as work.'],
    });
  });
});
