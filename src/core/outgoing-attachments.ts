/**
 * The property `reply_attachments` of a card: which files of `Attachments/` leave with the mail. Each entry holds the
 * SHA-256 of the file as it was offered, so that a yes covers its bytes and not its name.
 */

export interface OutgoingAttachment {
  /** A file of `Attachments/`. */
  readonly name: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

export type ReadAttachments =
  | { readonly ok: true; readonly attachments: readonly OutgoingAttachment[] }
  | { readonly ok: false; readonly message: string };

/** Of one file, and of all of one mail: what most servers still take after base64. */
export const ATTACHMENT_LIMITS = { files: 10, fileBytes: 10_000_000, allBytes: 15_000_000 } as const;

const ENTRY = /^(?<name>[^/\\]{1,200}) sha256:(?<sha256>[0-9a-f]{64})$/;

/** As it is written into the property. */
export function attachmentEntry({ name, sha256 }: OutgoingAttachment): string {
  return `${name} sha256:${sha256}`;
}

export function readAttachments(entries: readonly string[]): ReadAttachments {
  const attachments: OutgoingAttachment[] = [];
  for (const entry of entries) {
    const { name, sha256 } = ENTRY.exec(entry)?.groups ?? {};
    if (name === undefined || sha256 === undefined || !isPlainName(name)) {
      return { ok: false, message: 'only files that Handover attached itself can leave with a mail.' };
    }
    attachments.push({ name, sha256 });
  }
  if (attachments.length > ATTACHMENT_LIMITS.files) {
    return { ok: false, message: `more than ${ATTACHMENT_LIMITS.files} files.` };
  }
  if (new Set(attachments.map(({ name }) => name)).size < attachments.length) {
    return { ok: false, message: 'a file is named twice.' };
  }
  return { ok: true, attachments };
}

/** What the recipient sees: without the task id that our names in the vault begin with. */
export function sentName(name: string): string {
  return name.replace(/^(?:em|od)-[0-9a-f]{16} /, '');
}

/** Nothing hidden, no note, nothing that could be a path or change the direction of text. */
function isPlainName(name: string): boolean {
  return !/^[.~]|\.md$|[\p{Cc}\p{Cf}\p{Cs}]/iu.test(name);
}

const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  txt: 'text/plain',
  csv: 'text/csv',
  xml: 'application/xml',
};

/** By the extension; what is not known is sent as bytes. */
export function mediaType(name: string): string {
  return TYPES[/\.(\w{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}
