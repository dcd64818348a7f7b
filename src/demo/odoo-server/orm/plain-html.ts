const KEPT = /^<\/?(?:p|br|b|i|u|strong|em|ul|ol|li|a|span|div|h[1-6]|table|tbody|tr|td|th)\b[^<>]*>$/i;

/** What Odoo keeps of HTML: harmless elements; a bare text becomes a paragraph. */
export function plainHtml(text: string): string {
  const clean = text
    .replace(/<(script|style)\b[^]*?(?:<\/\1>|$)/gi, '')
    .replace(/<!--[^]*?(?:-->|$)/g, '')
    .replace(/<[^<>]*>/g, (tag) =>
      KEPT.test(tag) ? tag.replace(/\son\w+\s*=\s*("[^"]*"|'[^']*'|\S+)/gi, '') : '',
    );
  const escaped = clean
    .replace(/&(?!(?:\w{1,20}|#\d{1,7}|#x[0-9a-f]{1,6});)/gi, '&amp;')
    .replace(/<(?![/a-z])/gi, '&lt;');
  if (escaped === '') return '';
  return /^\s*<(?:p|div|ul|ol|h[1-6]|table)\b/i.test(escaped) ? escaped : `<p>${escaped}</p>`;
}
