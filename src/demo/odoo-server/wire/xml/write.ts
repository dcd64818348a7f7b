import { PyFloat, type Value } from '../../values.ts';

/** As Python's xmlrpc.client writes it. */
export function writeValue(value: Value): string {
  return `<?xml version="1.0"?>\n<methodResponse>\n<params>\n<param>\n${element(value)}\n</param>\n</params>\n\n</methodResponse>\n`;
}

export function writeFault(code: number | string, text: string): string {
  return `<?xml version="1.0"?>\n<methodResponse>\n<fault>\n${element({ faultCode: code, faultString: text })}\n</fault>\n\n</methodResponse>\n`;
}

function element(value: Value): string {
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (typeof value === 'string') return `<value><string>${escaped(value)}</string></value>`;
  if (value instanceof PyFloat) return `<value><double>${double(value.value)}</double></value>`;
  if (typeof value === 'number') return `<value><int>${value}</int></value>`;
  if (Array.isArray(value)) {
    const items = (value as readonly Value[]).map((item) => `${element(item)}\n`).join('');
    return `<value><array><data>\n${items}</data></array></value>`;
  }
  if (value === null) return '<value><nil/></value>';
  const members = Object.entries(value as Readonly<Record<string, Value>>).map(
    ([name, item]) => `<member>\n<name>${escaped(name)}</name>\n${element(item)}\n</member>\n`,
  );
  return `<value><struct>\n${members.join('')}</struct></value>`;
}

const double = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
