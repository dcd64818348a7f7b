import { expect, it } from 'vitest';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { mailNote, openReplier } from '../helpers/replier.ts';

const INBOX = 'Needs_Action/email';

it('a note about a bounce is left to the approval handler, also when a thousand of them wait before a mail', async () => {
  const replier = await openReplier();
  const { source } = mailNote({ kind: 'email_bounce' });
  const names = Array.from({ length: 60 }, (_, n) => {
    const id = taskIdFromMessage('t', `<${n}@example.com>`);
    return { id, name: `Delivery report - failure notice ${id}.md` };
  });
  for (const { id, name } of names)
    await replier.put(`${INBOX}/${name}`, source.replace(/^id: .*$/m, `id: ${id}`));
  const mail = mailNote({ title: 'Zoe - Question' });
  await replier.put(`${INBOX}/${mail.name}`, mail.source);
  const { more } = await replier.pass({ perPass: 5 });
  expect(more).toBe(false);
  expect((await replier.names(INBOX)).sort()).toEqual(names.map(({ name }) => name).sort());
  expect(await replier.names('Pending_Approval/email')).toEqual([mail.name]);
});

it('under any other name it is put back and not claimed again and again', async () => {
  const replier = await openReplier();
  const { source } = mailNote({ kind: 'email_bounce' });
  const name = `renamed by the user.md`;
  await replier.put(`${INBOX}/${name}`, source);
  for (let pass = 0; pass < 3; pass++) await replier.pass();
  expect(await replier.names(INBOX)).toEqual([name]);
  expect(replier.moves.length).toBe(1);
});

it('a mail whose sender calls himself a delivery report is drafted like any other', async () => {
  const replier = await openReplier();
  const { name, source } = mailNote({ title: 'Delivery report - hello' });
  const hostile = name.replace(/^.*(?= em-)/, 'Delivery report - hello');
  await replier.put(`${INBOX}/${hostile}`, source);
  await replier.pass();
  expect(await replier.names('Pending_Approval/email')).toEqual([hostile]);
});
