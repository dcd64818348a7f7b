import { z } from 'zod';
import { dailyNotice } from '../../core/daily-notice.ts';
import { dayFrom, localTime } from '../../core/local-time.ts';
import { skippedCount, skippedPageName } from '../../core/skipped-page.ts';
import type { Vault } from '../../vault/vault.ts';
import type { Tool } from '../tool.ts';
import { noticeAnswer } from './answers.ts';
import type { EmailDeps } from './email-deps.ts';

const input = z.strictObject({});
const PAGE_BYTES = 1_048_576;

export const sendDailyNotice: Tool<typeof input, typeof noticeAnswer, EmailDeps> = {
  name: 'send_daily_notice',
  title: 'Send the daily notice',
  description:
    'Mails to the user’s own address how many cards wait and how many mails were skipped yesterday: once a day, only where the user switched it on, never to anybody else. Neither recipient nor text can be given.',
  input,
  output: noticeAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async (_input, { vault, timeZone, notice }) => {
    if (notice === null) return { result: 'off' };
    if (notice.dryRun) return { result: 'dry_run' };
    if (await vault.paused()) return { result: 'paused' };
    const day = localTime(notice.now(), timeZone).slice(0, 10);
    const sent = await notice.send(day, dailyNotice(await factsOf(vault, day)));
    return sent.kind === 'not_sent'
      ? { result: 'not_sent', words: sent.words.slice(0, 500) }
      : { result: sent.kind };
  },
};

async function factsOf(vault: Vault, day: string) {
  const [mails, invoices, quarantined] = await Promise.all(
    (['Pending_Approval/email', 'Pending_Approval/odoo', 'Quarantine'] as const).map((folder) =>
      vault.list(folder),
    ),
  );
  const page = await vault.readOther(skippedPageName(dayFrom(day, -1)), PAGE_BYTES);
  return {
    day,
    waiting: (mails?.length ?? 0) + (invoices?.length ?? 0),
    skipped: page.ok ? skippedCount(page.text) : null,
    quarantined: quarantined?.length ?? 0,
  };
}
