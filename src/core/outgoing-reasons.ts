/**
 * What a careful person would ask about an approved mail just before it leaves: is somebody new among the recipients, does
 * the text say what nobody said before? Pure; stages/check-outgoing.ts gathers the facts.
 */
import { createHash } from 'node:crypto';
import { addressKey, asciiDomain } from './address-list.ts';
import type { Reason } from './approval-step.ts';
import type { Address } from './mail.ts';
import { inlineCode } from './markdown-text.ts';
import { type Finding, findingWords } from './outgoing-check.ts';

export type FirstContactRule = 'ask' | 'allow' | 'refuse';

export interface RecipientFacts {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly rule: FirstContactRule;
  /** Addresses of the thread and of `Contacts/`, and those written to before. */
  readonly known: readonly string[];
  /** Addresses on the card as it was offered; may be a draft of ours or what came back to the user before. */
  readonly offered: readonly string[];
  /** The user's own. */
  readonly own: readonly string[];
  /** Codes told at an earlier yes. */
  readonly told: readonly string[];
  /** Which of the known domains can this one be taken for? */
  readonly lookAlike: (domain: string, known: readonly string[]) => string | null;
}

/** Whom nobody knows, each once. What can be overruled is told once: the codes hold the address. */
export function recipientReasons(facts: RecipientFacts): readonly Reason[] {
  const known = keys(facts.known);
  const offered = keys(facts.offered);
  const own = keys(facts.own);
  const domains = [...new Set([...facts.known, ...facts.own].map(asciiDomain))];
  const reasons: Reason[] = [];
  for (const key of keys([...facts.to, ...facts.cc].map((a) => a.address))) {
    const shown = inlineCode(key, 200);
    if (own.has(key)) {
      if (!offered.has(key) && keys(facts.to.map((a) => a.address)).has(key)) {
        reasons.push({
          code: `own-address:${key}`,
          words: `Your own address ${shown} stands in \`reply_to\`.`,
        });
      }
      continue;
    }
    if (facts.rule === 'allow' || known.has(key)) continue;
    const asked = facts.told.includes(`first-contact:${key}`) || facts.told.includes(`stranger:${key}`);
    if (offered.has(key) && !asked) continue;
    const meant = facts.lookAlike(asciiDomain(key), domains);
    const like = meant === null ? '' : ` Its domain looks like ${inlineCode(meant, 100)}, which you know.`;
    reasons.push(
      facts.rule === 'ask'
        ? {
            code: `first-contact:${key}`,
            words: `You never wrote to ${shown}, and it stands neither in this thread nor in \`Contacts\`.${like}`,
          }
        : {
            code: `stranger:${key}`,
            words: `${shown} stands neither in this thread nor in \`Contacts\`, and \`FIRST_CONTACT\` is \`refuse\`. Put it into a note in \`Contacts\`, or take it out.${like}`,
          },
    );
  }
  return reasons;
}

/** The kinds that stop a yes once; links and addresses are the drafter's to warn of, the user types them daily. */
const ASKED: ReadonlySet<string> = new Set(['hidden', 'secret', 'account']);

/** One reason for each kind; a second yes sends exactly what was told, and anything new is told again. */
export function textReasons(findings: readonly Finding[]): readonly Reason[] {
  const asked = findings.filter((f) => ASKED.has(f.kind));
  return [...new Set(asked.map((f) => f.kind))].flatMap((kind): Reason[] => {
    const of = asked.filter((f) => f.kind === kind);
    const hash = createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 32);
    return [{ code: `says:${hash}`, words: findingWords(of).join(' ') }];
  });
}

function keys(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(addresses.map(addressKey));
}
