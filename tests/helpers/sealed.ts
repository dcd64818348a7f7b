import type { TaskId } from '../../src/core/task-id.ts';
import { composeMessage } from '../../src/mail/submission/compose-message.ts';
import type { MailSealInput } from '../../src/mail/submission/sealed-mail.ts';

/** What the approval handler seals, for tests of what comes after. The id decides the Message-ID. */
export async function sealInput(
  id: TaskId,
  text = 'Hello',
  to = ['anna@example.com'],
): Promise<MailSealInput> {
  const messageId = `<${id}.0123456789abcdef@example.org>`;
  const eml = await composeMessage({
    taskId: id,
    messageId,
    date: new Date('2026-11-20T08:00:00Z'),
    from: { name: 'Me', address: 'me@example.org' },
    to: to.map((address) => ({ name: '', address })),
    cc: [],
    subject: 'Re: Visit',
    inReplyTo: '<q@example.com>',
    references: ['<q@example.com>'],
    text,
  });
  return {
    id,
    hash: `hash of ${text}`,
    messageId,
    payload: eml,
    envelope: { from: 'me@example.org', to },
    subject: 'Re: Visit',
    noteName: `Anna Visit ${id}.md`,
    noteText: `---\nid: "${id}"\n---\n\n## Reply\n\n${text}\n`,
    account: 'me@example.org',
    approval: { who: 'user', when: '2026-11-20T08:00:00Z', hash: `hash of ${text}` },
  };
}
