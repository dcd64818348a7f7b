import { describe, expect, it } from 'vitest';
import {
  ATTACHMENT_LIMITS,
  attachmentEntry,
  attachmentPath,
  fileCode,
  mediaType,
  nameForPath,
  readAttachments,
  sentName,
} from '../../../src/core/outgoing-attachments.ts';

const sha256 = 'ab'.repeat(32);
const read = (...entries: string[]) => readAttachments(entries);

describe('the files that leave with a mail', () => {
  it('are read back as they were written', () => {
    const file = { name: 'em-0123456789abcdef INV-2026-00001.pdf', sha256 };
    expect(read(attachmentEntry(file))).toEqual({ ok: true, attachments: [file] });
    expect(read()).toEqual({ ok: true, attachments: [] });
  });

  it.each([
    'contract.pdf',
    '[[contract.pdf]]',
    `../secret.pdf sha256:${sha256}`,
    `a\\b.pdf sha256:${sha256}`,
    `.env sha256:${sha256}`,
    `~x.pdf sha256:${sha256}`,
    `note.md sha256:${sha256}`,
    `note.MD sha256:${sha256}`,
    `fdp\u202etxt.exe sha256:${sha256}`,
    `a\nb.pdf sha256:${sha256}`,
    `Projects/../../secret.pdf sha256:${sha256}`,
    `.obsidian/app.json sha256:${sha256}`,
    `//etc/passwd sha256:${sha256}`,
    `Projects/ sha256:${sha256}`,
    `Projects/board.canvas sha256:${sha256}`,
    `a\u2028b.pdf sha256:${sha256}`,
    `a.pdf sha256:${sha256.toUpperCase()}`,
    `a.pdf sha256:${sha256.slice(1)}`,
  ])('are refused when an entry is %j', (entry) => {
    expect(read(entry)).toMatchObject({ ok: false });
  });

  it('are few, and each is named once', () => {
    const names = Array.from({ length: ATTACHMENT_LIMITS.files + 1 }, (_, n) => `${n}.pdf sha256:${sha256}`);
    expect(read(...names)).toMatchObject({
      ok: false,
      message: expect.stringContaining('more than') as string,
    });
    expect(read(...names.slice(1))).toMatchObject({ ok: true });
    expect(read(`a.pdf sha256:${sha256}`, `a.pdf sha256:${sha256}`)).toMatchObject({ ok: false });
  });

  it('may lie anywhere in the vault', () => {
    for (const path of ['Attachments/a.pdf', 'Attachments/x/a.pdf', 'a.pdf', 'Projects/Roof/a b.pdf']) {
      const file = { name: nameForPath(path), sha256 };
      expect(attachmentPath(file.name)).toBe(path);
      expect(read(attachmentEntry(file))).toEqual({ ok: true, attachments: [file] });
    }
    expect(nameForPath('Attachments/a.pdf')).toBe('a.pdf');
    // The same file under two names is one file.
    expect(read(`a.pdf sha256:${sha256}`, `Attachments/a.pdf sha256:${sha256}`)).toMatchObject({ ok: false });
    expect(read(`a.pdf sha256:${sha256}`, `/a.pdf sha256:${sha256}`)).toMatchObject({ ok: true });
  });

  it('are told apart by name and bytes', () => {
    const codes = [
      { path: 'a', sha256 },
      { path: 'b', sha256 },
      { path: 'a', sha256: 'cd'.repeat(32) },
    ].map(fileCode);
    expect(new Set(codes).size).toBe(3);
    expect(codes[0]).toMatch(/^file:[0-9a-f]{32}$/);
  });

  it('arrive without the id of the task in front, and as what they are', () => {
    expect(sentName('od-0123456789abcdef INV-2026-00001.pdf')).toBe('INV-2026-00001.pdf');
    expect(sentName('plan.pdf')).toBe('plan.pdf');
    expect(mediaType('x.PDF')).toBe('application/pdf');
    expect(mediaType('x.exe')).toBe('application/octet-stream');
    expect(mediaType('pdf')).toBe('application/octet-stream');
    expect(mediaType('x.constructor')).toBe('application/octet-stream');
    expect(sentName('Projects/Roof/em-0123456789abcdef plan.pdf')).toBe('plan.pdf');
  });
});
