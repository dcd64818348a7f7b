import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IncomingMail } from '../../src/core/mail.ts';
import { listAddresses } from '../../src/core/people/list-addresses.ts';
import type { PeopleNotes } from '../../src/core/people/people-notes.ts';
import { planReply } from '../../src/core/reply.ts';
import { parseMessage } from '../../src/mail/message/parse-message.ts';
import { peopleStore, type PeopleStoreOptions } from '../../src/mail/people/people-store.ts';
import { contactsReader } from '../../src/mail/people/read-contacts.ts';
import { Vault } from '../../src/vault/vault.ts';
import { OWN } from '../fixtures/mail/corpus/make/voice.ts';
import { testDir } from '../helpers/testdir.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-21T09:00:00Z');
const OLD = 'DE89 3704 0044 0532 0130 00';
const NEW = 'DE02 1203 0000 0000 2020 51';

function mail(from: string, text = 'When do you open?', headers = ''): Promise<IncomingMail> {
  const eml = `From: ${from}\r\nTo: mia@house.example\r\nSubject: x\r\n${headers}Content-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;
  return parseMessage(new TextEncoder().encode(eml));
}

interface House {
  readonly people: PeopleNotes;
  readonly stateDir: string;
  readonly later: (days: number) => void;
  readonly again: () => PeopleNotes;
}

async function house(
  contacts: Readonly<Record<string, string>> = {},
  change: Partial<PeopleStoreOptions> = {},
): Promise<House> {
  const root = await testDir(
    Object.fromEntries(Object.entries(contacts).map(([name, text]) => [`Contacts/${name}.md`, text])),
  );
  await mkdir(join(root, 'Contacts'), { recursive: true });
  const vault = await Vault.open(root);
  const stateDir = await testDir();
  let now = START;
  const options = {
    stateDir,
    own: ['Mia Berg <mia@house.example>', 'info@house.example'],
    contacts: contactsReader(vault, () => now),
    now: () => now,
    ...change,
  };
  return {
    people: peopleStore(options),
    stateDir,
    later: (days) => {
      now += days * DAY;
    },
    again: () => peopleStore(options),
  };
}

async function wrote(people: PeopleNotes, from: string, text?: string): Promise<readonly string[]> {
  const came = await mail(from, text);
  const warnings = await people.warningsFor(came);
  await people.remember(came);
  return warnings;
}

describe('a sender', () => {
  it('is new once, also for another process and after a mail that came twice', async () => {
    const { people, again } = await house();
    expect(await wrote(people, 'Anna Lund <anna@example.com>')).toEqual([
      'First mail from anna@example.com.',
    ]);
    expect(await wrote(people, 'Anna Lund <ANNA@example.com>')).toEqual([]);
    expect(await wrote(again(), 'Anna Lund <anna@example.com>')).toEqual([]);
  });

  it('is not known by a mail that nobody remembered', async () => {
    const { people } = await house();
    await people.warningsFor(await mail('anna@example.com'));
    expect(await people.warningsFor(await mail('anna@example.com'))).toHaveLength(1);
  });

  it('is no stranger when the contacts have the address', async () => {
    const { people } = await house({ 'Anna Lund': '---\nemail: anna@example.com\n---\n' });
    expect(await wrote(people, 'Anna Lund <anna@example.com>')).toEqual([]);
    expect(await wrote(people, 'bo@example.com')).toEqual([
      'First mail from bo@example.com; others at example.com wrote before.',
    ]);
  });

  it('is shown with the other spelling of a domain in other letters', async () => {
    const { people } = await house();
    expect(await wrote(people, 'anna@müller.example')).toEqual([
      'First mail from anna@müller.example (xn--mller-kva.example).',
    ]);
    expect(await wrote(people, 'bo@xn--mller-kva.example')).toEqual([
      'First mail from bo@xn--mller-kva.example (müller.example); others at müller.example wrote before.',
    ]);
  });

  it('is nobody to warn of when it is the user, or nobody', async () => {
    const { people } = await house();
    expect(await wrote(people, 'Mia Berg <MIA@house.example>')).toEqual([]);
    expect(await wrote(people, 'undisclosed')).toEqual([]);
  });
});

describe('a domain that looks like a known one', () => {
  it.each([
    ['of a correspondent', 'anna@example.com', 'anna@exarnple.com', 'example.com'],
    ['of the user', 'x@y.example', 'boss@hause.example', 'house.example'],
  ])('%s is told of at every mail, and in one sentence', async (_what, known, from, domain) => {
    const { people } = await house();
    await wrote(people, known);
    for (const text of ['one', 'two', 'three']) {
      expect(await wrote(people, from, text)).toEqual([
        `${from} is not at ${domain}, which you know: its domain only looks like it.`,
      ]);
    }
  });

  it('is told of in Reply-To as well', async () => {
    const { people } = await house({ Anna: 'anna@example.com' });
    await wrote(people, 'bo@other.example');
    const came = await mail('bo@other.example', 'x', 'Reply-To: anna@examp1e.com\r\n');
    expect(await people.warningsFor(came)).toEqual([
      'anna@examp1e.com is not at example.com, which you know: its domain only looks like it.',
    ]);
  });

  it('is none when the user put the address into a contact', async () => {
    const { people } = await house({ Anna: 'anna@example.com', Bo: 'bo@exampel.com' });
    expect(await wrote(people, 'bo@exampel.com')).toEqual([]);
  });
});

describe('a name', () => {
  it('of a contact at another house is told of at every mail', async () => {
    const { people } = await house({ 'Anna Lund': 'anna@example.com' });
    for (const name of ['Anna Lund', '"Lund, Anna"', 'Аnna Lund']) {
      expect(await wrote(people, `${name} <anna.l@elsewhere.example>`)).toEqual([
        `${name.replaceAll('"', '')} is the name of anna@example.com, in Contacts; anna.l@elsewhere.example is another address.`,
      ]);
    }
    expect(await wrote(people, 'Anna Lund <anna.lund@example.com>')).toEqual([
      'First mail from anna.lund@example.com; others at example.com wrote before.',
    ]);
  });

  it('of the user at another house is told of', async () => {
    const { people } = await house();
    expect(await wrote(people, 'Mia Berg <mia.b@elsewhere.example>')).toEqual([
      'Mia Berg is your own name, and mia.b@elsewhere.example is not yours.',
    ]);
  });

  it('that somebody had before is told of once: people have two addresses', async () => {
    const { people } = await house();
    await wrote(people, 'Bo Dahl <bo@example.com>');
    expect(await wrote(people, 'Bo Dahl <bo@private.example>')).toEqual([
      'Bo Dahl is the name of bo@example.com, who wrote before; bo@private.example is another address.',
    ]);
    expect(await wrote(people, 'Bo Dahl <bo@private.example>')).toEqual([]);
    expect(await wrote(people, 'Bo <bo@third.example>')).toEqual(['First mail from bo@third.example.']);
  });
});

describe('a bank account', () => {
  it('that differs from the earlier ones of this house is told of for a month', async () => {
    const { people, later, again } = await house();
    await wrote(people, 'anna@example.com', `Pay to ${OLD}`);
    await wrote(people, 'bo@example.com');
    later(100);
    const told = [
      `It names a bank account that this sender never named before: ${NEW}. Ask the sender by telephone, under a number you know, before you pay.`,
    ];
    expect(await wrote(people, 'bo@example.com', `now to ${NEW}`)).toEqual(told);
    later(3);
    expect(await wrote(again(), 'anna@example.com', NEW)).toEqual(told);
    expect(await wrote(people, 'anna@example.com', OLD)).toEqual([]);
    later(30);
    expect(await wrote(people, 'anna@example.com', `${NEW} or ${OLD}`)).toEqual([]);
  });

  it('is no change the first time, nor beside another one, nor when it is quoted or the user’s own', async () => {
    const { people } = await house({}, { ownText: () => Promise.resolve(`We are at ${NEW}`) });
    await wrote(people, 'anna@example.com', `Pay to ${OLD}`);
    expect(await wrote(people, 'anna@example.com', `Is ${NEW} your account?`)).toEqual([]);
    const both = await house();
    expect(await wrote(both.people, 'anna@example.com', `${OLD} or ${NEW}`)).toEqual([
      'First mail from anna@example.com.',
    ]);
    expect(await wrote(both.people, 'anna@example.com', `${NEW} or ${OLD}`)).toEqual([]);
    const quoted = await house();
    await wrote(quoted.people, 'anna@example.com', OLD);
    expect(await wrote(quoted.people, 'anna@example.com', `Yes.\n> pay to ${NEW}`)).toEqual([]);
  });

  it('of one address at a provider for everybody is not compared with that of another', async () => {
    const { people } = await house();
    await wrote(people, 'anna@gmail.com', OLD);
    await wrote(people, 'bo@gmail.com');
    expect(await wrote(people, 'bo@gmail.com', NEW)).toEqual([]);
    expect(await wrote(people, 'anna@gmail.com', NEW)).toHaveLength(1);
  });

  it('that is announced in words is told of, whoever writes, and kept nowhere as it is', async () => {
    const { people, stateDir } = await house();
    const text = `Please note our new bank details: ${OLD}`;
    expect(await wrote(people, 'anna@example.com', text)).toEqual([
      'It speaks of new bank details. Ask the sender by telephone, under a number you know, before you pay.',
      'First mail from anna@example.com.',
    ]);
    for (const path of await readdir(stateDir, { recursive: true })) {
      expect(path).not.toMatch(/3704|0532/);
    }
  });
});

describe('what is kept', () => {
  it('is one entry of a kind for an address, however many mails come', async () => {
    const { people, stateDir } = await house();
    for (let n = 0; n < 50; n += 1) await wrote(people, 'Anna Lund <anna@example.com>', `${OLD} ${n}`);
    const entries = await readdir(join(stateDir, 'people'), { recursive: true, withFileTypes: true });
    expect(entries.filter((e) => e.isSymbolicLink())).toHaveLength(3);
    expect((await readFile(join(stateDir, 'people/domains'), 'utf8')).trim().split('\n')).toHaveLength(1);
  });

  it('may be torn, and is then not known', async () => {
    const { people, stateDir, again } = await house();
    await wrote(people, 'anna@example.com');
    await writeFile(join(stateDir, 'people/domains'), 'example.com\nexampl', { flag: 'w' });
    await wrote(again(), 'bo@later.example');
    const kept = await readFile(join(stateDir, 'people/domains'), 'utf8');
    expect(kept).toMatch(/^example\.com\nexampl\nlater\.example [0-9a-f]{8}\n$/);
    const strange = await mail('carl@exampel.com');
    expect(await again().warningsFor(strange)).toEqual(['First mail from carl@exampel.com.']);
  });

  it('is not known where something else lies in its place', async () => {
    const { people, stateDir, again } = await house();
    await wrote(people, 'anna@example.com');
    const who = join(stateDir, 'people/who');
    const [shard] = await readdir(who);
    const [entry] = await readdir(join(who, shard ?? ''));
    const path = join(who, shard ?? '', entry ?? '');
    await rm(path);
    await symlink('/etc/passwd', path);
    expect(await again().warningsFor(await mail('anna@example.com'))).toHaveLength(1);
    await rm(path);
    await writeFile(path, 'a file');
    expect(await again().warningsFor(await mail('anna@example.com'))).toHaveLength(1);
  });

  it('is learned again when a crash came in the middle', async () => {
    const { people, again } = await house();
    const came = await mail('Anna Lund <anna@example.com>', `to ${OLD}`);
    await people.remember(came);
    await again().remember(came);
    expect(await again().warningsFor(came)).toEqual([]);
  });
});

describe('on ordinary mail', () => {
  it('the cards of the corpus have no false alarm, and at most two sentences each', async () => {
    const dir = join(import.meta.dirname, '../fixtures/mail');
    const corpus = (await readdir(join(dir, 'corpus'))).filter((f) => /^card-.*\.eml$/.test(f)).sort();
    expect(corpus.length).toBeGreaterThan(150);
    const { people } = await house({}, { own: OWN });
    const counts = new Map<string, number>();
    const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
    for (const file of corpus) {
      const came = await parseMessage(await readFile(join(dir, 'corpus', file)));
      const plan = planReply(
        { ...came, lists: listAddresses(came.headers) },
        { addresses: OWN, replyAll: true },
      );
      const warnings = [...(await people.warningsFor(came)), ...plan.warnings];
      await people.remember(came);
      count(`${warnings.length} sentences`);
      for (const warning of warnings) count(kindOf(warning));
    }
    process.stdout.write(`${corpus.length} cards: ${JSON.stringify(Object.fromEntries(counts))}\n`);
    expect(Math.max(...Array.from(counts.keys(), (what) => Number.parseInt(what, 10) || 0))).toBeLessThan(3);
    expect(counts.get('look-alike') ?? 0).toBe(0);
    expect(counts.get('account') ?? 0).toBe(0);
    expect(counts.get('letters') ?? 0).toBe(0);
  });
});

function kindOf(warning: string): string {
  if (/only looks like it/.test(warning)) return 'look-alike';
  if (/bank/.test(warning)) return 'account';
  if (/letters/.test(warning)) return 'letters';
  if (/is the name of|calls itself|your own name/.test(warning)) return 'name';
  if (warning.startsWith('First mail')) return 'first mail';
  return /another domain/.test(warning) ? 'reply-to' : 'other';
}
