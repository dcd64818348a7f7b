import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { At } from '../../core/crash-points.ts';
import type { DeliveryVerdict } from '../../core/delivery-verdict.ts';
import type { EffectState } from '../../core/effect-state.ts';
import type { TaskId } from '../../core/task-id.ts';
import { writeDurably } from '../../files/durable.ts';
import type { EffectLimit } from '../../journal/effect-limit.ts';
import type { OdooConnection } from '../open-odoo.ts';
import { lookAtTarget, type TargetLook } from './look-at-target.ts';
import { isPostable, postOnce, type PostVerdict } from './post-once.ts';
import { type PostJournal, type PostTarget, readTarget, type SealedPost } from './sealed-post.ts';

export interface PostDeps {
  readonly journal: PostJournal;
  readonly limit: EffectLimit;
  readonly odoo: OdooConnection;
  /** Where `odoo` leads; what was sealed for another one is never posted here. */
  readonly url: string;
  readonly db: string;
  readonly dryRun: boolean;
  readonly stateDir: string;
  /** Does a PAUSE.md lie in the vault's root or in Approved? */
  readonly paused: () => Promise<boolean>;
  readonly at: At;
}

export type PostResult =
  /** The journal has the answer; nothing was attempted when it had it before. */
  | { readonly kind: 'settled'; readonly state: EffectState }
  | { readonly kind: 'paused' }
  | { readonly kind: 'limited'; readonly until: number }
  /** What would have been posted stands in `file`, relative to STATE_DIR. */
  | { readonly kind: 'dry_run'; readonly file: string };

/**
 * Posts what is sealed under this id, at most once, or says why not. There is no other way to post: no document
 * and no amount comes in here.
 * @throws JournalFault when the sealed bytes are damaged or the result could not be recorded; OdooFault in a
 *   dry run that cannot look.
 */
export async function postSealed(id: TaskId, deps: PostDeps): Promise<PostResult> {
  const { state, sealed } = await deps.journal.view(id);
  if ((state.state !== 'sealed' && state.state !== 'retry') || !sealed) return { kind: 'settled', state };
  if (await deps.paused()) return { kind: 'paused' };
  const target = readTarget(await deps.journal.payload(sealed));
  if (deps.dryRun) return { kind: 'dry_run', file: await describeUnposted(sealed, target, deps) };
  const slot = await deps.limit.take();
  if (!slot.ok) return { kind: 'limited', until: slot.until };
  const begun = await deps.journal.beginAttempt(id, sealed.seal);
  if (!begun.ok) {
    await slot.release();
    return { kind: 'settled', state: begun.state };
  }
  deps.at('odoo-mcp:attempt-recorded');
  const { verdict, phase } = isElsewhere(target, deps)
    ? { verdict: ELSEWHERE, phase: 'look' }
    : await postOnce(deps.odoo, target, () => {
        begun.attempt.transmitting();
        deps.at('odoo-mcp:posting');
      });
  if (verdict.verdict === 'posted') deps.at('odoo-mcp:posted');
  await begun.attempt.finish(forJournal(verdict), phase);
  deps.at('odoo-mcp:result-written');
  if (verdict.verdict === 'retry' || verdict.verdict === 'failed') await slot.release();
  return { kind: 'settled', state: (await deps.journal.view(id)).state };
}

function isElsewhere(target: PostTarget, { url, db }: Pick<PostDeps, 'url' | 'db'>): boolean {
  return target.url !== url || target.db !== db;
}

const ELSEWHERE: PostVerdict = {
  verdict: 'failed',
  cause: 'local',
  words: 'It was approved for another Odoo than the one this machine is set up for now.',
};

function forJournal(verdict: PostVerdict): DeliveryVerdict {
  return verdict.verdict === 'posted' ? { verdict: 'sent', words: verdict.words } : verdict;
}

/** Everything but the post itself is done, so that a dry run tells what the real one would meet. */
async function describeUnposted(sealed: SealedPost, target: PostTarget, deps: PostDeps): Promise<string> {
  const look = isElsewhere(target, deps) ? null : await lookAtTarget(await deps.odoo.get(), target);
  const file = join('dry-run', `${sealed.id}-g${sealed.seal}.md`);
  await mkdir(join(deps.stateDir, 'dry-run'), { recursive: true, mode: 0o700 });
  const text = [
    look === null ? ELSEWHERE.words : LOOKS[isPostable(look, target.again) ? 'as_shown' : look.is],
    ...(look !== null && 'changed' in look ? (look.changed?.lines ?? []) : []),
    `Document ${target.odooId} in the database ${target.db}, key ${target.externalId}.`,
    '',
    target.section,
    '',
  ];
  await writeDurably(join(deps.stateDir, file), text.join('\n'));
  return file;
}

const LOOKS: Readonly<Record<TargetLook['is'], string>> = {
  as_shown: 'DRY_RUN is on: this would have been posted now. In Odoo it is still a draft.',
  changed: 'DRY_RUN is on, and it would not have been posted: the draft was changed in Odoo.',
  deleted: 'DRY_RUN is on, and it would not have been posted: the draft is no longer in Odoo.',
  reset:
    'DRY_RUN is on, and it would not have been posted: it was posted once and set back to draft in Odoo.',
  cancelled: 'DRY_RUN is on, and it would not have been posted: the draft was cancelled in Odoo.',
  posted: 'DRY_RUN is on, and nothing was left to do: it is posted in Odoo already.',
};
