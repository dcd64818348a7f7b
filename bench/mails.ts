/** Mails as they come: most short and plain, some HTML with a plain part, a few with an attachment. */
export interface BenchMail {
  readonly messageId: string;
  readonly raw: string;
}

const LINE = 'Could you tell me when the delivery is due and whether the price of last year still holds?';
const HTML_LINE = `<tr><td style="font-family:Arial,sans-serif;padding:4px">${LINE}</td></tr>`;
const CRLF = '\r\n';

/** The same `n` gives the same mail. Ten in a hundred carry a file of 60 KB, thirty are HTML of 15 KB. */
export function benchMail(n: number, to: string): BenchMail {
  const messageId = `<bench-${n}@example.org>`;
  const head = [
    `From: Person ${n} <person${n}@example.org>`,
    `To: <${to}>`,
    `Subject: Question ${n} about the order`,
    `Date: ${new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${messageId}`,
    'MIME-Version: 1.0',
  ];
  const body = n % 10 === 0 ? withAttachment(n) : n % 10 <= 3 ? withHtml(n) : plain(n);
  return { messageId, raw: [...head, ...body, ''].join(CRLF) };
}

function plain(n: number): string[] {
  const lines = Array.from({ length: 8 }, () => LINE);
  return [
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Hello,',
    '',
    ...lines,
    '',
    `Regards`,
    `Person ${n}`,
  ];
}

function withHtml(n: number): string[] {
  const html = Array.from({ length: 100 }, () => HTML_LINE);
  return multipart('alternative', [
    plain(n),
    ['Content-Type: text/html; charset=utf-8', '', '<table>', ...html, '</table>'],
  ]);
}

function withAttachment(n: number): string[] {
  const base64 =
    Buffer.alloc(60_000, `${n} `)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  const file = [
    'Content-Type: application/pdf; name="order.pdf"',
    'Content-Disposition: attachment; filename="order.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    ...base64,
  ];
  return multipart('mixed', [plain(n), file]);
}

function multipart(kind: string, parts: readonly string[][]): string[] {
  const boundary = 'bench-boundary';
  return [
    `Content-Type: multipart/${kind}; boundary="${boundary}"`,
    '',
    ...parts.flatMap((part) => [`--${boundary}`, ...part]),
    `--${boundary}--`,
  ];
}
