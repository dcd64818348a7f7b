/** One page of text as PDF 1.4, in Helvetica: enough to be opened, and to be told from something else. */
export function drawPdf(lines: readonly string[]): Buffer {
  const text = lines.slice(0, 50).map((line) => `(${plain(line)}) Tj 0 -16 Td`);
  const stream = `BT /F1 11 Tf 50 790 Td ${text.join('\n')} ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, at) => {
    const offset = body.length;
    body += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`;
  const end = `trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(body + table + end, 'latin1');
}

/** What Latin-1 has; brackets and backslashes would end the text. */
function plain(line: string): string {
  return line
    .slice(0, 200)
    .replace(/[^\x20-\x7e\xa0-\xff]/g, '?')
    .replace(/[()\\]/g, '\\$&');
}
