import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attachmentRisk, attachmentWarnings } from '../../../src/core/attachment-risk.ts';
import { attachmentName } from '../../../src/core/filename.ts';

describe('the name under which a stranger’s file is kept', () => {
  it.each([
    ['Angebot Müller (1).pdf', 'Angebot Müller _1_.pdf'],
    ['../../.bashrc', '_.._.bashrc'],
    ['..\\..\\a.pdf', '_.._a.pdf'],
    ['/etc/passwd', '_etc_passwd'],
    ['a.tar.gz', 'a.tar.gz'],
    ['a#b^c|d[[e]].pdf', 'a_b_c_d_e_.pdf'],
    ['a:b.txt:evil.pdf', 'a_b.txt_evil.pdf'],
    ['invoice\u202Efdp.exe', 'invoice_fdp.exe.txt'],
    ['a\u200B\u3164b.pdf', 'a_b.pdf'],
    ['cv.pdf.exe', 'cv.pdf.exe.txt'],
    ['cv.exe. .', 'cv.exe.txt'],
    ['CV.EXE', 'CV.EXE.txt'],
    ['page.html', 'page.html.txt'],
    ['open.settingcontent-ms', 'open.settingcontent-ms.txt'],
    ['link.desktop', 'link.desktop.txt'],
    ['note.MD', 'note.MD.txt'],
    ['board.canvas', 'board.canvas.txt'],
    ['report.docm', 'report.docm'],
    // Signs that belong to a letter of the script stay; a tower of them does not.
    ['हिन्दी.pdf', 'हिन्दी.pdf'],
    ['e\u0301.pdf', 'é.pdf'],
    [`a${'\u0316'.repeat(200)}.pdf`, 'a\u0316\u0316\u0316.pdf'],
    ['\u0301.pdf', 'pdf'],
    // A long name must not be cut so that its end becomes another one.
    [`${'x'.repeat(116)}.exe.ordinaryending`, `${'x'.repeat(116)}.exe.txt`],
    [`${'x'.repeat(117)}.md.ordinaryending`, `${'x'.repeat(117)}.md.txt`],
    ['', 'attachment'],
    ['...', 'attachment'],
  ])('of %j is %j', (given, kept) => {
    expect(attachmentName(given)).toBe(kept);
  });

  it('is always one short, visible component that starts no program and is no note', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('.exe', '.md', '.', ' ', '/', '\\', '..', '\u202e', 'é', '.html', 'x'.repeat(118)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const name = attachmentName(pieces.join(''));
        expect(name).not.toMatch(/[/\\:*?"<>|#^[\]]|^[. ~-]|[. ]$|\.(?:md|base|canvas)$/i);
        expect(name).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(name).not.toBe('');
        // With the id of the task in front it still fits.
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180);
        expect(attachmentRisk(name)).not.toBe('runs');
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('what the card says of attachments', () => {
  it('is nothing of ordinary ones, and one line of each kind of risk', () => {
    expect(attachmentWarnings(['a.pdf', 'b.docx', 'c.zip', 'd'])).toEqual([]);
    expect(attachmentWarnings(['a.exe', 'b.LNK', 'c.xlsm'])).toEqual([
      '2 attachments are programs or pages that would run when opened: saved with .txt at the end of the name.',
      'One attachment may hold macros: do not enable them.',
    ]);
    expect(attachmentWarnings(['a.hta'])[0]).toMatch(/^One attachment is a program or a page/);
  });

  it.each(['js', 'iso', 'vbs', 'jar', 'url', 'terminal', 'xll', 'html', 'appimage'])(
    'knows .%s',
    (ending) => {
      expect(attachmentRisk(`x.${ending}`)).toBe('runs');
    },
  );

  it.each(['pdf', 'svg', 'zip', 'docx', 'eml', 'xml'])('lets .%s pass', (ending) => {
    expect(attachmentRisk(`x.${ending}`)).toBeNull();
  });
});
