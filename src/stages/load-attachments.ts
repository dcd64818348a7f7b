/** The files of an approved mail, read once and held against what was offered. */
import { createHash } from 'node:crypto';
import { inlineCode } from '../core/markdown-text.ts';
import {
  ATTACHMENT_LIMITS,
  mediaType,
  type OutgoingAttachment,
  sentName,
} from '../core/outgoing-attachments.ts';
import type { Vault } from '../vault/vault.ts';
import type { SealedFile } from './mail-effects.ts';

export type LoadedFiles =
  | { readonly ok: true; readonly files: readonly SealedFile[] }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** The vault is written by others too: a file that is not byte for byte the offered one stops the mail. */
export async function loadAttachments(
  vault: Pick<Vault, 'readAttachment'>,
  attachments: readonly OutgoingAttachment[],
): Promise<LoadedFiles> {
  const files: SealedFile[] = [];
  const reasons: string[] = [];
  let total = 0;
  for (const { name, sha256 } of attachments) {
    const shown = `The attachment ${inlineCode(name, 120)}`;
    const read = await vault.readAttachment(name, ATTACHMENT_LIMITS.fileBytes);
    if (!read.ok) {
      reasons.push(`${shown} ${WORDS[read.why]}`);
      continue;
    }
    if (createHash('sha256').update(read.bytes).digest('hex') !== sha256) {
      reasons.push(`${shown} is not the file that was offered: it was changed since.`);
      continue;
    }
    total += read.bytes.length;
    files.push({ filename: sentName(name), contentType: mediaType(name), content: read.bytes });
  }
  if (total > ATTACHMENT_LIMITS.allBytes) reasons.push('The attachments are larger than 15 MB together.');
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, files };
}

const WORDS = {
  gone: 'is not in `Attachments/` (any more).',
  'not-a-file': 'is no regular file.',
  'too-large': 'is larger than 10 MB.',
} as const;
