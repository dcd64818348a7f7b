import type { ResolvedHow } from '../../core/effect-state.ts';
import { effectDetails, effectWord } from '../../core/effect-word.ts';
import { externalIdOf } from '../../core/odoo/external-id.ts';
import type { TaskId } from '../../core/task-id.ts';
import { SealRefused } from '../../journal/seal-refused.ts';
import type { EffectView } from '../../stages/mail-effects.ts';
import type { PostSealInput, SealedPosts as PostRecords } from '../../stages/post-effects.ts';
import { type PostJournal, targetBytes } from './sealed-post.ts';

export interface SealedPostsOptions {
  readonly journal: PostJournal;
  /** ODOO_URL and ODOO_DB. */
  readonly url: string;
  readonly db: string;
  /** ODOO_USERNAME. */
  readonly account: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The approval handler's side of the journal: approved cards in, what may be posted sealed. */
export class SealedPosts implements PostRecords {
  readonly #options: SealedPostsOptions;

  constructor(options: SealedPostsOptions) {
    this.#options = options;
  }

  async view(id: TaskId): Promise<EffectView> {
    const { state, sealed, filed } = await this.#options.journal.view(id);
    const word = effectWord(state, this.#options.now());
    if (word === 'none') return { word };
    const card = sealed && {
      noteName: sealed.noteName,
      noteText: sealed.noteText,
      approval: sealed.approval,
    };
    return { word, ...(card ? { sealed: card } : {}), ...effectDetails(state), filed: filed !== null };
  }

  /** @throws SealRefused when it was posted or may have been. */
  async seal({ action, again, hash, noteName, noteText, approvedAt }: PostSealInput): Promise<void> {
    const { journal, url, db, account } = this.#options;
    const externalId = externalIdOf(action.id);
    const { id, kind, odooId, section, properties } = action;
    const result = await journal.seal({
      id,
      hash,
      noteName,
      noteText,
      account,
      approval: { who: 'user', when: approvedAt, hash },
      kind: 'odoo_post',
      odooId,
      externalId,
      url,
      db,
      payload: targetBytes({ id, kind, odooId, externalId, section, properties, again, url, db }),
    });
    if (!result.ok) throw new SealRefused(id, result.state);
  }

  /** @throws SealRefused when it was posted or may have been: such a seal cannot be taken back. */
  async release(id: TaskId, _why: string): Promise<void> {
    const state = await this.#options.journal.withdraw(id);
    if (state.state !== 'withdrawn' && state.state !== 'none') throw new SealRefused(id, state);
  }

  async resolve(id: TaskId, how: ResolvedHow, evidence: string): Promise<void> {
    await this.#options.journal.resolve(id, how, evidence);
  }
}
