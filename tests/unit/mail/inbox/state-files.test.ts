import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { taskIdFromMessage } from '../../../../src/core/task-id.ts';
import { CursorFile } from '../../../../src/mail/inbox/cursor-file.ts';
import { inboxFault } from '../../../../src/mail/inbox/imap-fault.ts';
import { SeenFiles } from '../../../../src/mail/inbox/seen-ledger.ts';
import { testDir } from '../../../helpers/testdir.ts';

const id = taskIdFromMessage('a', '<1@example.com>');

describe('the ledger of seen mail', () => {
  it('keeps the first entry of an id', async () => {
    const dir = await testDir();
    const ledger = new SeenFiles(dir);
    expect(ledger.look(id)).toBeNull();
    ledger.write(id, { fingerprint: '0e1' });
    await ledger.flush();
    new SeenFiles(dir).write(id, { fingerprint: '0e2' });
    expect(new SeenFiles(dir).look(id)).toEqual({ fingerprint: '0e1' });
    expect(await readdir(join(dir, 'seen', id.slice(3, 5)))).toEqual([id]);
  });

  it.each(['file', 'link'])('treats a %s that is no entry as none', async (what) => {
    const dir = await testDir();
    const shard = join(dir, 'seen', id.slice(3, 5));
    await mkdir(shard, { recursive: true });
    await (what === 'file' ? writeFile(join(shard, id), '') : symlink('/etc/passwd', join(shard, id)));
    expect(new SeenFiles(dir).look(id)).toBeNull();
  });
});

describe('the cursor', () => {
  const cursor = {
    uidValidity: '18446744073709551615',
    lastUid: 7,
    baseline: '2026-01-01T00:00:00Z',
    oldBelow: 0,
  };

  it('comes back as it was saved, one for each account', async () => {
    const dir = await testDir();
    await new CursorFile(dir, 'w', 'a/b INBOX').save(cursor);
    expect(await new CursorFile(dir, 'w', 'a/b INBOX').load()).toEqual(cursor);
    expect(await new CursorFile(dir, 'w', 'a_b INBOX').load()).toBeNull();
  });

  it('that cannot be read is an error and never a new start', async () => {
    const dir = await testDir();
    await new CursorFile(dir, 'w', 'a').save(cursor);
    const [name] = await readdir(join(dir, 'w'));
    await writeFile(join(dir, 'w', name ?? ''), '{');
    await expect(new CursorFile(dir, 'w', 'a').load()).rejects.toThrow(
      /the cursor cannot be read: .*delete it/,
    );
  });
});

describe('a fault of the mail server', () => {
  it.each([
    [
      { authenticationFailed: true, responseText: 'bad\r\n\u202Epassword' },
      'auth',
      /refuses the login: bad password/,
    ],
    [
      { responseStatus: 'NO', responseText: 'Mailbox does not exist' },
      'mailbox',
      /cannot be opened: Mailbox/,
    ],
    [{ tlsFailed: true }, 'tls', /no trusted TLS/],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'tls', /SELF_SIGNED/],
    [{ code: 'ECONNREFUSED' }, 'network', /ECONNREFUSED/],
    ['odd', 'network', /connection lost/],
  ])('%j is told as what it is', (error, code, message) => {
    expect(inboxFault(error)).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});
