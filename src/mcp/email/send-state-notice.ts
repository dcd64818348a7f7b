import { z } from 'zod';
import { stateNotice } from '../../core/notices.ts';
import type { Tool } from '../tool.ts';
import { noticeAnswer } from './answers.ts';
import type { EmailDeps } from './email-deps.ts';

const input = z.strictObject({});

export const sendStateNotice: Tool<typeof input, typeof noticeAnswer, EmailDeps> = {
  name: 'send_state_notice',
  title: 'Send a notice of how things stand',
  description:
    'Mails to the user’s own address how many cards wait and which processes need a look: at most one an hour, only where the user switched it on, never to anybody else. Neither recipient nor text can be given.',
  input,
  output: noticeAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async (_input, { vault, stateNotice: notice }) => {
    if (notice === null) return { result: 'off' };
    if (notice.dryRun) return { result: 'dry_run' };
    if (await vault.paused()) return { result: 'paused' };
    const { cards, failures } = await notice.news();
    const words = [...new Set(failures.map((one) => one.words))];
    const sent = await notice.send(stateNotice({ waiting: cards.length, failures: words }));
    return sent.kind === 'not_sent'
      ? { result: 'not_sent', words: sent.words.slice(0, 500) }
      : { result: sent.kind };
  },
};
