import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { until as untilWithin } from '../helpers/until.ts';
import { answeredMark, type Place, property, takeCensus } from './census.ts';
import { PROCESSES } from './supervisor.ts';
import { User } from './user.ts';
import { openWorld, type World } from './world.ts';

/**
 * A sent mail comes back, on the real processes: the watcher reads the report, the handler is killed at each point of
 * working it off and started again. One card comes back, and nothing leaves but by a new yes.
 */

const LIMIT_MS = 90_000;
vi.setConfig({ testTimeout: 4 * LIMIT_MS });
const until: typeof untilWithin = (what, look) => untilWithin(what, look, LIMIT_MS);

const POINTS = ['bounce:claimed', 'bounce:recorded', 'bounce:reopening', 'bounce:handled'] as const;

let world: World;
let user: User;
let mails = 0;
let failed = false;

beforeAll(async () => {
  world = await openWorld({});
  user = new User(world.vault, (mark) => received(mark));
  for (const name of PROCESSES) await world.processes.start(name);
});
afterAll(() => world.stop(failed));
afterEach(({ task }) => {
  failed ||= task.result?.state === 'fail';
});

const received = (mark: string) => mailsOf(mark).length;
const mailsOf = (mark: string) => world.smtp.mails.filter((mail) => answeredMark(mail.raw) === mark);
const messageIdOf = (raw: Buffer) => /^Message-ID:\s+(<[^>]+>)/im.exec(raw.toString())?.[1] ?? '';

async function cardOf(mark: string): Promise<Place | undefined> {
  const places = (await takeCensus(world.vault)).notes.get(mark) ?? [];
  return places.find((place) => property(place, 'kind') === 'email_reply');
}

/** A mail that came in, was drafted, approved and sent. */
async function sent(): Promise<string> {
  const mark = `m${String(++mails).padStart(4, '0')}`;
  await world.deliver({ mark, kind: 'plain' });
  await until(`${mark} is in Done`, async () => {
    for (const card of user.cards()) if (card.mark === mark) user.approve(card);
    return (await cardOf(mark))?.folder.startsWith('Done/');
  });
  await until('no effect is under way', async () => (await world.active()).length === 0);
  return mark;
}

/** As Postfix writes it (bounce(8), RFC 3464). */
function report(mark: string, messageId: string): Buffer {
  const lines = [
    'Return-Path: <>',
    'From: MAILER-DAEMON@mail.example.net (Mail Delivery System)',
    'To: office@example.net',
    'Subject: Undelivered Mail Returned to Sender',
    `Message-ID: <20261121080000.${mark}@mail.example.net>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
    '',
    '--part',
    'Content-Description: Notification',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `<${mark}@example.org>: host mx.example.org said: 550 5.1.1 no such user`,
    '',
    '--part',
    'Content-Description: Delivery report',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mail.example.net',
    '',
    `Final-Recipient: rfc822; ${mark}@example.org`,
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 no such user',
    '',
    '--part',
    'Content-Description: Undelivered Message Headers',
    'Content-Type: text/rfc822-headers',
    '',
    'From: Your Office <office@example.net>',
    `To: ${mark}@example.org`,
    `Message-ID: ${messageId}`,
    '',
    '--part--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

describe('killed at', () => {
  it.each(POINTS)(
    '%s, the card is with the user once, and a new yes sends a mail of its own',
    async (point) => {
      const { processes } = world;
      const mark = await sent();
      const [first] = mailsOf(mark);
      await processes.allReady();
      await processes.replace('approval-handler', `${point}@1`);
      await world.dovecot.deliver('office', report(mark, messageIdOf(first!.raw)), '');
      await until(`the handler dies at ${point}`, () =>
        processes.deaths.some((d) => d.crashAt === `${point}@1`),
      );
      await processes.allReady();
      const card = await until('the card is back', async () => {
        const found = await cardOf(mark);
        return found?.folder === 'Pending_Approval/email' ? found : null;
      });
      expect(card.text).toContain('550 5.1.1 no such user');
      expect(received(mark)).toBe(1);
      await until('the report is in Done', async () => {
        const { notes, others } = await takeCensus(world.vault);
        const all = [...[...notes.values()].flat(), ...others].filter(
          (place) => property(place, 'kind') === 'email_bounce',
        );
        return all.length > 0 && all.every((place) => place.folder.startsWith('Done/'));
      });
      await until('it is sent again, once', async () => {
        for (const one of user.cards()) if (one.mark === mark) user.approve(one);
        return (await cardOf(mark))?.folder.startsWith('Done/');
      });
      await until('no effect is under way', async () => (await world.active()).length === 0);
      expect(received(mark)).toBe(2);
      expect(new Set(mailsOf(mark).map(({ raw }) => messageIdOf(raw))).size).toBe(2);
    },
  );
});
