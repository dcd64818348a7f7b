/**
 * Robots and two Handovers that could answer each other for ever, with users who say yes to every card: mail goes
 * round only as often as people say so, each mail is answered at most once, and what a robot sent is never answered.
 */
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openWorld, type World } from '../crash/world.ts';
import { PROCESSES } from '../crash/supervisor.ts';
import type { AcceptedMail } from '../helpers/smtp.ts';
import { until as untilWithin } from '../helpers/until.ts';
import { takePlaces } from './places.ts';

/** Against hanging only. */
const LIMIT_MS = 90_000;
vi.setConfig({ testTimeout: 4 * LIMIT_MS, hookTimeout: LIMIT_MS });
const until: typeof untilWithin = (what, look) => untilWithin(what, look, LIMIT_MS);

const PENDING = 'Pending_Approval/email';
const ALPHA = 'office@alpha.example';
const BETA = 'office@beta.example';

/** A Handover with its mailbox, and how often its user said yes. */
interface House {
  readonly world: World;
  readonly address: string;
  yes: number;
}

let alpha: House;
let beta: House;
const houses: House[] = [];
let serial = 0;
/** What nobody wrote: kept to see that it is answered by nobody. */
const byRobots: string[] = [];

beforeAll(async () => {
  alpha = await openHouse(ALPHA);
  beta = await openHouse(BETA);
});
afterAll(async () => {
  for (const house of houses) await house.world.stop(false);
});

async function openHouse(address: string): Promise<House> {
  const world = await openWorld({
    smtp: { hooks: { onMail: (mail) => route(mail) } },
    more: { MAIL_FROM: `Office <${address}>`, FIRST_CONTACT: 'allow', DIGEST_AT: '00:00' },
  });
  const house = { world, address, yes: 0 };
  // Before anything is sent: the notice to oneself is delivered too.
  houses.push(house);
  for (const name of PROCESSES) await world.processes.start(name);
  return house;
}

/** The rest of the world: where a mail goes, and which robots answer it. */
async function route(mail: AcceptedMail): Promise<void> {
  for (const to of mail.envelope.to) {
    const parsed = await PostalMime.parse(mail.raw);
    const home = houses.find((house) => house.address === to);
    if (home) await home.world.dovecot.deliver('office', mail.raw, mail.envelope.from);
    else await robot(to, mail, parsed);
  }
}

async function robot(to: string, mail: AcceptedMail, parsed: Email): Promise<void> {
  const back = houses.find((house) => house.address === mail.envelope.from);
  if (!back) return;
  const answer = ROBOTS[to.split('@')[0] ?? ''];
  if (!answer) return;
  const raw = answer(to, back.address, parsed, mail.raw.toString('latin1'));
  for (const one of [raw].flat()) {
    byRobots.push(/^Message-ID: (.*)$/m.exec(one)?.[1] ?? '');
    await back.world.dovecot.deliver('office', one.replace(/\r?\n/g, '\r\n'), '');
  }
}

type Robot = (me: string, you: string, mail: Email, raw: string) => string | string[];

const newId = (): string => `<robot-${++serial}@robots.example>`;
const head = (from: string, you: string, subject: string, ...more: string[]): string =>
  [`From: ${from}`, `To: ${you}`, `Subject: ${subject}`, `Message-ID: ${newId()}`, ...more].join('\n');

const ROBOTS: Readonly<Record<string, Robot>> = {
  // RFC 5230: what Sieve's vacation sends.
  vacation: (me, you, mail) =>
    `${head(me, you, `Auto: ${mail.subject ?? ''}`, 'Auto-Submitted: auto-replied (vacation)', `In-Reply-To: ${mail.messageId}`, `References: ${mail.messageId}`)}\n\nI am away.\n`,
  // A responder that knows nothing of RFC 3834 and marks itself as Outlook's and older ones do.
  away: (me, you, mail) =>
    `${head(me, you, `Out of office: ${mail.subject ?? ''}`, 'X-Auto-Response-Suppress: All', 'X-Autoreply: yes', 'Precedence: auto_reply', `In-Reply-To: ${mail.messageId}`)}\n\nI am out of office.\n`,
  // A list that sends everybody everything, the writer too, and its own notice that the mail is waiting.
  list: (me, _you, mail, raw) => [
    raw
      .replace(/\r\n/g, '\n')
      .replace(
        '\n',
        '\nList-Id: Friends <friends.lists.example>\nList-Post: <mailto:list@lists.example>\nPrecedence: list\nX-Loop: list@lists.example\n',
      ),
    `${head(`friends-bounces@lists.example`, me, 'Your message awaits moderator approval', 'Precedence: bulk', 'X-List-Administrivia: yes', 'Auto-Submitted: auto-generated', `In-Reply-To: ${mail.messageId}`)}\n\nIt is being held.\n`,
  ],
  // Refused after it was accepted; then somebody bounces the bounce.
  gone: (_me, you, mail, raw) => {
    const bounce = dsn(you, 'gone@nowhere.example', mail.messageId ?? '', raw);
    return [
      bounce,
      dsn(you, 'mailer-daemon@mx.nowhere.example', /^Message-ID: (.*)$/m.exec(bounce)?.[1] ?? '', bounce),
    ];
  },
};

/** RFC 3464, as Postfix writes it. */
function dsn(to: string, failed: string, about: string, returned: string): string {
  return `${head('MAILER-DAEMON@mx.nowhere.example (Mail Delivery System)', to, 'Undelivered Mail Returned to Sender', 'Auto-Submitted: auto-replied', 'MIME-Version: 1.0', 'Content-Type: multipart/report; report-type=delivery-status; boundary="B"')}

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.nowhere.example.

<${failed}>: host mx.nowhere.example said: 550 5.1.1 User unknown

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.nowhere.example

Final-Recipient: rfc822; ${failed}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--B
Content-Description: Undelivered Message
Content-Type: message/rfc822

${returned.replace(/\r\n/g, '\n').slice(0, 3000)}
--B--
`;
}

async function write(house: House, from: string, subject: string): Promise<string> {
  const id = `<human-${++serial}@people.example>`;
  const text = `Hello,\n\ncould you tell me whether the lamp is ready?\n\nKind regards\n`;
  const raw = `From: ${from}\nTo: ${house.address}\nSubject: ${subject}\nMessage-ID: ${id}\nDate: ${new Date().toUTCString()}\n\n${text}`;
  await house.world.dovecot.deliver('office', raw.replace(/\n/g, '\r\n'), from);
  return id;
}

/** The user drags every card that waits. */
function sayYesToAll(house: House): number {
  const names = readdirSync(join(house.world.vault, PENDING)).filter((name) => /^[^.].*\.md$/.test(name));
  for (const name of names) {
    renameSync(join(house.world.vault, PENDING, name), join(house.world.vault, 'Approved', name));
    house.yes += 1;
  }
  return names.length;
}

const cards = (house: House) => takePlaces(house.world.vault).filter(({ folder }) => folder === PENDING);
const isNotice = ({ raw }: AcceptedMail): boolean => raw.includes('X-Handover-Notice');
const sentBy = (house: House) => house.world.smtp.mails.filter((mail) => !isNotice(mail));
const answered = async (house: House): Promise<(string | undefined)[]> =>
  Promise.all(sentBy(house).map(async ({ raw }) => (await PostalMime.parse(raw)).inReplyTo));

it('the daily notice goes to oneself, once, and comes back as mail that nobody answers', async () => {
  for (const { world } of [alpha, beta]) {
    await until('it was taken in', () =>
      takePlaces(world.vault).some(({ folder, text }) => folder === 'Skipped' && text.includes('Handover, ')),
    );
    expect(world.smtp.mails.filter(isNotice)).toHaveLength(1);
  }
});

it('two Handovers answer each other only as often as their users say yes, and no mail twice', async () => {
  await write(alpha, BETA, 'The lamp');
  const ROUNDS = 4;
  for (let round = 0; round < ROUNDS; round++) {
    for (const house of [alpha, beta]) {
      await until(`a card in round ${round} at ${house.address}`, () => cards(house).length > 0);
      const sent = sentBy(house).length;
      expect(sayYesToAll(house)).toBe(1);
      await until('it left', () => sentBy(house).length > sent);
    }
  }
  // The last answer lies with alpha as a card, and there the mail rests until somebody says yes.
  await until('the last card', () => cards(alpha).length > 0);
  for (const house of [alpha, beta]) {
    const all = await answered(house);
    expect(all).toHaveLength(house.yes);
    expect(new Set(all).size).toBe(all.length);
    expect(cards(house).length).toBeLessThanOrEqual(1);
  }
  for (const { folder, name } of cards(alpha)) {
    renameSync(join(alpha.world.vault, folder, name), join(alpha.world.vault, 'Rejected', name));
  }
});

it('what robots answer to an answer makes no card, and a bounce opens the task that it is about', async () => {
  const before = sentBy(alpha).length;
  const people = ['vacation@far.example', 'away@far.example', 'list@lists.example', 'gone@nowhere.example'];
  for (const from of people) await write(alpha, from, `Question of ${from.split('@')[0] ?? ''}`);
  await until('four cards', () => cards(alpha).length === people.length);
  sayYesToAll(alpha);
  await until('four answers', () => sentBy(alpha).length === before + people.length);
  await until('the bounced task is back', () =>
    cards(alpha).some(({ text }) => text.includes('User unknown')),
  );
  await until('every mail of a robot has its place', () => {
    const all = takePlaces(alpha.world.vault);
    return byRobots.every((id) => id === '' || all.some(({ text }) => text.includes(id)));
  });
  // Nothing but the bounced task waits, nothing more left, and nothing will: all is quiet.
  expect(cards(alpha)).toHaveLength(1);
  expect(takePlaces(alpha.world.vault).filter(({ folder }) => folder.startsWith('Needs_Action'))).toEqual([]);
  expect(sentBy(alpha)).toHaveLength(before + people.length);
  const all = await answered(alpha);
  expect(new Set(all).size).toBe(all.length);
  for (const id of byRobots) expect(all).not.toContain(id);
});

it('a second yes to the bounced task sends once more, to whom the user now wrote', async () => {
  const sent = sentBy(alpha).length;
  const [card] = cards(alpha);
  if (!card) throw new Error('no card');
  const path = join(alpha.world.vault, card.folder, card.name);
  writeFileSync(
    path,
    card.text.replace(/(?<=^reply_to:\n? *-? *"?)gone@nowhere\.example/m, 'there@far.example'),
  );
  sayYesToAll(alpha);
  await until('it left again', () => sentBy(alpha).length === sent + 1);
  expect(sentBy(alpha).at(-1)?.envelope.to).toEqual(['there@far.example']);
});
