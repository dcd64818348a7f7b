import { fillTemplate } from './fill-template.ts';

/** What `Company_Handbook.md` says: the whole page for a drafter that can read, and the signature. */
export interface Handbook {
  readonly text: string;
  readonly signature: string;
}

export const HANDBOOK_BYTES = 65_536;
const MAX_SIGNATURE_CHARS = 2_000;

/** Who writes: the display name of the sender, and the account it is. */
export interface Signer {
  readonly name: string;
  readonly account: string;
}

/**
 * The signature is the fenced block under `## Signature <account>`, else under `## Signature`; without a fence, the text
 * there.
 */
export function readHandbook(markdown: string, { name, account }: Signer): Handbook {
  const text = markdown
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .trim();
  const section = sectionOf(text, `Signature[ \\t]+${account}`) ?? sectionOf(text, 'Signature') ?? '';
  const fenced = /^(`{3,}|~{3,})[^\n]*\n([\s\S]*?)\n?^\1[ \t]*$/m.exec(section);
  const raw = (fenced ? fenced[2] : section) ?? '';
  const signature = fillTemplate(raw.trim().slice(0, MAX_SIGNATURE_CHARS), { my_name: name });
  return { text, signature: signature.text };
}

/** @param title a pattern. */
function sectionOf(text: string, title: string): string | undefined {
  return new RegExp(`^##[ \\t]+${title}[ \\t]*\\n([\\s\\S]*?)(?=^##?[ \\t]|$(?![\\s\\S]))`, 'im').exec(
    text,
  )?.[1];
}
