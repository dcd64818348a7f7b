import { createHash } from 'node:crypto';
import type { Copy } from './claim-protocol.ts';
import type { Agent, TaskFolder } from './states.ts';
import { num, parseNote, text } from './task-file.ts';

/** A file as everybody who decides about copies must see it; one that cannot be read as a note counts too. */
export function copyOf(folder: TaskFolder, name: string, source: string): Copy {
  const parsed = parseNote(source);
  const note = parsed.ok ? parsed.note : null;
  return {
    folder,
    name,
    conflictCopy: name.includes('.sync-conflict-'),
    claimedBy: note && agent(text(note, 'claimed_by')),
    drafted: note !== null && text(note, 'drafted_at') !== undefined,
    rev: (note && num(note, 'rev')) ?? 0,
    hash: createHash('sha256').update(source).digest('hex'),
  };
}

function agent(value: string | undefined): Agent | null {
  return value === 'cloud-agent' || value === 'local-agent' ? value : null;
}
