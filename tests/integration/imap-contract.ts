import { ImapFlow, type FetchMessageObject } from 'imapflow';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../helpers/until.ts';

/** A server that the suite below can drive. */
export interface ServerUnderTest {
  readonly port: number;
  readonly password: string;
  deliver(user: string, raw: string): Promise<void> | void;
  setUidValidity(user: string, value: number): Promise<void> | void;
  /** Every connection ends without a word. */
  cutAll(): Promise<void> | void;
  stop(): Promise<void>;
}

const mail = (n: number | string, extra = ''): string =>
  [
    `From: =?utf-8?Q?Ann_=C3=84?= <ann@example.org>`,
    'To: "Me, Myself" <me@example.net>, Other <other@example.com>',
    `Subject: mail ${n}`,
    `Message-ID: <m${n}@example.org>`,
    'References: <a@example.org>',
    ' <b@example.org>',
    'Date: Thu, 19 Nov 2026 10:00:00 +0100',
    `${extra}Content-Type: text/plain; charset=utf-8`,
    '',
    `Body of ${n}: {5} "quotes" (parens) \\ back äöü`,
    '.',
    '',
  ].join('\r\n');

/** What our code asks of an IMAP server, asked in the same way, of any server. */
export function imapContract(name: string, start: () => Promise<ServerUnderTest>): void {
  describe(`IMAP contract: ${name}`, () => {
    let server: ServerUnderTest;
    let users = 0;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    const newUser = (): string => `user${(users += 1)}`;
    const client = async (user: string, password = server.password): Promise<ImapFlow> => {
      const flow = new ImapFlow({
        host: '127.0.0.1',
        port: server.port,
        secure: false,
        auth: { user, pass: password },
        logger: false,
        autoIdleDelay: 50,
      });
      flow.on('error', () => undefined);
      onTestFinished(() => flow.close());
      await flow.connect();
      return flow;
    };
    const inbox = async (user: string, readOnly = true): Promise<ImapFlow> => {
      const flow = await client(user);
      await flow.mailboxOpen('INBOX', { readOnly });
      return flow;
    };
    const delivered = async (count: number): Promise<string> => {
      const user = newUser();
      for (let n = 1; n <= count; n += 1) await server.deliver(user, mail(n));
      return user;
    };
    const fetchOne = async (flow: ImapFlow, uid: number, query: object): Promise<FetchMessageObject> => {
      const found = await flow.fetchOne(String(uid), query, { uid: true });
      if (!found) throw new Error(`no mail ${uid}`);
      return found;
    };

    it('refuses a wrong password and says that this is why', async () => {
      await expect(client(newUser(), 'wrong')).rejects.toMatchObject({
        authenticationFailed: true,
        serverResponseCode: 'AUTHENTICATIONFAILED',
      });
    });

    it('lists INBOX and the Sent folder with its special use', async () => {
      const list = await (await client(newUser())).list();
      expect(list.map((box) => box.path).sort()).toEqual(['Drafts', 'INBOX', 'Sent']);
      expect(list.find((box) => box.specialUse === '\\Sent')?.path).toBe('Sent');
    });

    it('gives the exact bytes and marks nothing as read, opened for reading or writing', async () => {
      const user = await delivered(1);
      for (const readOnly of [true, false]) {
        const flow = await inbox(user, readOnly);
        const found = await fetchOne(flow, 1, { source: true, flags: true, size: true, internalDate: true });
        // A delivering server may put trace fields on top (RFC 5321 4.4), nothing else.
        const source = found.source?.toString() ?? '';
        expect(source.endsWith(mail(1))).toBe(true);
        expect(found.size).toBe(Buffer.byteLength(source));
        expect(new Date(found.internalDate ?? 0).getFullYear()).toBeGreaterThan(2000);
        expect([...((await fetchOne(flow, 1, { flags: true })).flags ?? [])]).not.toContain('\\Seen');
      }
    });

    it('gives a part of the bytes, and single header fields', async () => {
      const flow = await inbox(await delivered(1));
      const whole = (await fetchOne(flow, 1, { source: true })).source ?? Buffer.alloc(0);
      const part = await fetchOne(flow, 1, { source: { start: 5, maxLength: 20 } });
      expect(part.source).toEqual(whole.subarray(5, 25));
      const beyond = await fetchOne(flow, 1, { source: { start: 0, maxLength: 1_000_000 } });
      expect(beyond.source).toEqual(whole);
      const { headers } = await fetchOne(flow, 1, { headers: ['references', 'message-id', 'x-none'] });
      const text = headers?.toString() ?? '';
      expect(text).toMatch(/References: <a@example\.org>\r\n <b@example\.org>\r\n/);
      expect(text).toContain('Message-ID: <m1@example.org>');
      expect(text).not.toContain('Subject');
    });

    it('gives the envelope', async () => {
      const flow = await inbox(await delivered(1));
      const { envelope } = await fetchOne(flow, 1, { envelope: true });
      expect(envelope).toMatchObject({
        subject: 'mail 1',
        messageId: '<m1@example.org>',
        from: [{ name: 'Ann Ä', address: 'ann@example.org' }],
        replyTo: [{ name: 'Ann Ä', address: 'ann@example.org' }],
        to: [
          { name: 'Me, Myself', address: 'me@example.net' },
          { name: 'Other', address: 'other@example.com' },
        ],
      });
    });

    it('changes no flag through EXAMINE and does through SELECT', async () => {
      const user = await delivered(1);
      const reading = await inbox(user);
      await reading.messageFlagsAdd('1', ['\\Seen'], { uid: true });
      expect([...((await fetchOne(reading, 1, { flags: true })).flags ?? [])]).toEqual(
        expect.not.arrayContaining(['\\Seen']),
      );
      const writing = await inbox(user, false);
      expect(await writing.messageFlagsAdd('1', ['\\Seen'], { uid: true })).toBe(true);
      expect([...((await fetchOne(writing, 1, { flags: true })).flags ?? [])]).toContain('\\Seen');
    });

    it('finds by Message-ID, by UID and by date, and answers a miss with an empty list', async () => {
      const flow = await inbox(await delivered(3));
      const find = (query: object): Promise<number[] | false | undefined> =>
        flow.search(query, { uid: true });
      expect(await find({ header: { 'message-id': '<m2@example.org>' } })).toEqual([2]);
      expect(await find({ header: { 'message-id': '<none@example.org>' } })).toEqual([]);
      expect(await find({ uid: '2:*' })).toEqual([2, 3]);
      expect(await find({ since: new Date(Date.now() - 86_400_000 * 2) })).toEqual([1, 2, 3]);
      expect(await find({ before: new Date('2001-01-01') })).toEqual([]);
      expect(await find({ all: true })).toEqual([1, 2, 3]);
    });

    it('answers a range beyond the last mail with the last mail', async () => {
      const flow = await inbox(await delivered(2));
      const uids = (await flow.fetchAll('9:*', { uid: true }, { uid: true })).map((found) => found.uid);
      expect(uids).toEqual([2]);
    });

    it('fetches a backlog in order', async () => {
      const user = await delivered(40);
      const uids = (await (await inbox(user)).fetchAll('1:*', { source: true }, { uid: true })).map(
        (m) => m.uid,
      );
      expect(uids).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    });

    it('files a copy in Sent, says its UID, and finds it there', async () => {
      const flow = await client(newUser());
      const raw = mail('copy');
      const filed = await flow.append('Sent', raw, ['\\Seen'], new Date('2026-11-19T10:00:00Z'));
      expect(filed).toMatchObject({ uid: 1, destination: 'Sent' });
      const box = await flow.mailboxOpen('Sent', { readOnly: true });
      expect(filed && filed.uidValidity).toBe(box.uidValidity);
      const found = await fetchOne(flow, 1, { source: true, flags: true, internalDate: true });
      expect(found.source?.toString()).toBe(raw);
      expect([...(found.flags ?? [])]).toContain('\\Seen');
      expect(new Date(found.internalDate ?? 0).toISOString()).toBe('2026-11-19T10:00:00.000Z');
      expect(await flow.search({ header: { 'message-id': '<mcopy@example.org>' } }, { uid: true })).toEqual([
        1,
      ]);
    });

    it('takes three megabytes in one literal', async () => {
      const flow = await client(newUser());
      const raw = mail('big', `X-Pad: ${'x'.repeat(900)}\r\n`) + 'line of text\r\n'.repeat(220_000);
      await flow.append('Sent', raw);
      await flow.mailboxOpen('Sent', { readOnly: true });
      expect((await fetchOne(flow, 1, { source: true })).source?.toString()).toBe(raw);
    });

    it('sees in an open Sent folder what another connection filed there', async () => {
      const user = newUser();
      const looking = await client(user);
      await looking.mailboxOpen('Sent', { readOnly: true });
      await (await client(user)).append('Sent', mail('late'));
      await until('the copy is found', async () => {
        await looking.noop();
        const found = await looking.search(
          { header: { 'message-id': '<mlate@example.org>' } },
          { uid: true },
        );
        return Array.isArray(found) && found.length === 1;
      });
    });

    it('tells an idling client of every mail that arrives', async () => {
      const user = newUser();
      const flow = await inbox(user);
      let count = 0;
      flow.on('exists', (event: { count: number }) => {
        count = event.count;
      });
      for (let n = 1; n <= 5; n += 1) await server.deliver(user, mail(n));
      await until('five mails were told', () => count === 5);
    });

    it('deletes only what is marked, and tells others', async () => {
      const user = await delivered(3);
      const other = await inbox(user);
      const gone: number[] = [];
      other.on('expunge', (event: { seq: number }) => gone.push(event.seq));
      const flow = await inbox(user, false);
      expect(await flow.messageDelete('2', { uid: true })).toBe(true);
      expect(await flow.search({ all: true }, { uid: true })).toEqual([1, 3]);
      await until('the other client hears it', async () => {
        await other.noop();
        return gone.length > 0;
      });
      expect(gone).toEqual([2]);
    });

    it('shows a new UIDVALIDITY when the mailbox was rebuilt', async () => {
      const user = await delivered(1);
      const before = (await (await client(user)).mailboxOpen('INBOX')).uidValidity;
      await server.setUidValidity(user, 4242);
      const after = (await (await client(user)).mailboxOpen('INBOX')).uidValidity;
      expect(before).not.toBe(after);
      expect(after).toBe(4242n);
    });

    it('answers STATUS without opening', async () => {
      const status = await (await client(await delivered(2))).status('INBOX', {
        messages: true,
        uidNext: true,
        unseen: true,
      });
      expect(status).toMatchObject({ messages: 2, uidNext: 3, unseen: 2 });
    });

    it('says that a mailbox is missing', async () => {
      const flow = await client(newUser());
      await expect(flow.mailboxOpen('Nowhere')).rejects.toMatchObject({ mailboxMissing: true });
    });

    it('lets a client notice a cut while it idles, and serves the next connection', async () => {
      const user = await delivered(1);
      const flow = await inbox(user);
      let closed = false;
      flow.on('close', () => {
        closed = true;
      });
      await until('the client idles', () => flow.idling);
      await server.cutAll();
      await until('the client sees the end', () => closed);
      expect(flow.usable).toBe(false);
      const again = await inbox(user);
      expect(await again.search({ all: true }, { uid: true })).toEqual([1]);
    });
  });
}
