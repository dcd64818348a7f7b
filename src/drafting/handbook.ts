import { fillTemplate } from './fill-template.ts';

/** What `Company_Handbook.md` says: the whole page for a drafter that can read, and the signature. */
export interface Handbook {
  readonly text: string;
  readonly signature: string;
}

export const HANDBOOK_BYTES = 65_536;
const MAX_SIGNATURE_CHARS = 2_000;

/** The signature is the fenced block under `## Signature`, else the text there. */
export function readHandbook(markdown: string, myName: string): Handbook {
  const text = markdown
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .trim();
  const section = /^##[ \t]+Signature[ \t]*\n([\s\S]*?)(?=^##?[ \t]|$(?![\s\S]))/im.exec(text)?.[1] ?? '';
  const fenced = /^(`{3,}|~{3,})[^\n]*\n([\s\S]*?)\n?^\1[ \t]*$/m.exec(section);
  const raw = (fenced ? fenced[2] : section) ?? '';
  const signature = fillTemplate(raw.trim().slice(0, MAX_SIGNATURE_CHARS), { my_name: myName });
  return { text, signature: signature.text };
}
