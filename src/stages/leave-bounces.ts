/** Notes about bounces lie in Needs_Action/email for the approval handler; whoever drafts leaves them there. */
import { BOUNCE_KIND, mayBeBounce } from '../core/bounce-note.ts';
import { parseNote, text } from '../core/task-file.ts';
import type { Vault } from '../vault/vault.ts';

const FOLDER = 'Needs_Action/email';
/** Far more than ever wait; what is forgotten is read again. */
const MAX_KNOWN = 10_000;

export interface BounceNotes {
  /** Is the note of this name one? Read once per version, and only when its name says that it may be one. */
  leaves(name: string): Promise<boolean>;
  /** It is one, whatever its name says: it was claimed, and put back. */
  remember(name: string): Promise<void>;
}

export function bounceNotes(vault: Pick<Vault, 'stat' | 'read'>): BounceNotes {
  const known = new Map<string, { readonly ctimeMs: number; readonly bounce: boolean }>();
  const keep = (name: string, ctimeMs: number, bounce: boolean) => {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(name, { ctimeMs, bounce });
  };
  return {
    leaves: async (name) => {
      const before = known.get(name);
      if (before === undefined && !mayBeBounce(name)) return false;
      const stat = await vault.stat({ folder: FOLDER, name });
      if (stat !== null && before?.ctimeMs === stat.ctimeMs) return before.bounce;
      const read = await vault.read({ folder: FOLDER, name });
      if (!read.ok) {
        known.delete(name);
        return false;
      }
      const parsed = parseNote(read.text);
      const bounce = parsed.ok && text(parsed.note, 'kind') === BOUNCE_KIND;
      keep(name, read.stat.ctimeMs, bounce);
      return bounce;
    },
    remember: async (name) => {
      const stat = await vault.stat({ folder: FOLDER, name });
      if (stat !== null) keep(name, stat.ctimeMs, true);
    },
  };
}
