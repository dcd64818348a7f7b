/**
 * The property `reply_attachments` of a card: which files of the vault leave with the mail. Each entry holds the
 * SHA-256 of the file as it was shown, so that a yes covers its bytes and not its name.
 */
import { createHash } from 'node:crypto';

export interface OutgoingAttachment {
  /** A file of `Attachments/`; with a `/` in it a path from the vault's root, `/x.pdf` for a file in the root itself. */
  readonly name: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

export type ReadAttachments =
  | { readonly ok: true; readonly attachments: readonly OutgoingAttachment[] }
  | { readonly ok: false; readonly message: string };

/** Of one file, and of all of one mail: what most servers still take after base64. */
export const ATTACHMENT_LIMITS = { files: 10, fileBytes: 10_000_000, allBytes: 15_000_000 } as const;

const ENTRY = /^(?<name>[^\\]{1,500}) sha256:(?<sha256>[0-9a-f]{64})$/;
const FOLDER = 'Attachments/';

/** As it is written into the property. */
export function attachmentEntry({ name, sha256 }: OutgoingAttachment): string {
  return `${name} sha256:${sha256}`;
}

/** The name in an entry for a path from the vault's root. */
export function nameForPath(path: string): string {
  if (!path.includes('/')) return `/${path}`;
  const bare = path.startsWith(FOLDER) ? path.slice(FOLDER.length) : path;
  return bare.includes('/') ? path : bare;
}

/** The inverse: from the vault's root. */
export function attachmentPath(name: string): string {
  if (!name.includes('/')) return `${FOLDER}${name}`;
  return name.startsWith('/') ? name.slice(1) : name;
}

export function readAttachments(entries: readonly string[]): ReadAttachments {
  const attachments: OutgoingAttachment[] = [];
  for (const entry of entries) {
    const { name, sha256 } = ENTRY.exec(entry)?.groups ?? {};
    if (name === undefined || sha256 === undefined || !isPlainPath(attachmentPath(name))) {
      return { ok: false, message: 'only files that Handover attached itself can leave with a mail.' };
    }
    attachments.push({ name, sha256 });
  }
  if (attachments.length > ATTACHMENT_LIMITS.files) {
    return { ok: false, message: `more than ${ATTACHMENT_LIMITS.files} files.` };
  }
  if (new Set(attachments.map(({ name }) => attachmentPath(name))).size < attachments.length) {
    return { ok: false, message: 'a file is named twice.' };
  }
  return { ok: true, attachments };
}

/** Kept with an offered card: the user was shown these bytes under this name, or they are surely theirs. */
export function fileCode(file: { readonly path: string; readonly sha256: string }): string {
  return `file:${createHash('sha256').update(`${file.path}\0${file.sha256}`).digest('hex').slice(0, 32)}`;
}

/** What the recipient sees: without folders, and without the task id that our names in the vault begin with. */
export function sentName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/^(?:em|od)-[0-9a-f]{16} /, '');
}

/** Nothing hidden, no note, nothing that could lead elsewhere or change the direction of text. */
export function isPlainPath(path: string): boolean {
  return path.length <= 500 && path.split('/').every((part) => isPlainName(part));
}

/** A zero width joiner or non-joiner is a letter's business in some scripts, as in a subject. */
function isPlainName(name: string): boolean {
  return (
    name !== '' && !/^[.~]|\\|(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) && !isNote(name)
  );
}

/** What Obsidian opens as a page of its own. */
export function isNote(name: string): boolean {
  return /\.(?:md|canvas|base)$/i.test(name);
}

/** IANA media types of what people send. https://www.iana.org/assignments/media-types */
const TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  svg: 'image/svg+xml',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  csv: 'text/csv',
  ics: 'text/calendar',
  vcf: 'text/vcard',
  xml: 'application/xml',
  json: 'application/json',
  zip: 'application/zip',
  rtf: 'application/rtf',
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
};

function extension(name: string): string {
  return /\.(\w{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** By the extension; what is not known is sent as bytes. */
export function mediaType(name: string): string {
  const ending = extension(name);
  return (Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined) ?? 'application/octet-stream';
}

/** Does it end like a file that people send? */
export function isFileType(name: string): boolean {
  return Object.hasOwn(TYPES, extension(name));
}
