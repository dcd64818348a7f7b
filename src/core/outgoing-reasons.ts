/**
 * What a careful person would ask about an approved mail just before it leaves: is somebody new among the recipients, does
 * the text say what nobody said before? Pure; stages/check-outgoing.ts gathers the facts.
 */
import { createHash } from 'node:crypto';
import { addressKey } from './address-list.ts';
import type { Reason } from './approval-step.ts';
import type { Address } from './mail.ts';
import { inlineCode } from './markdown-text.ts';
import { type Finding, findingWords } from './outgoing-check.ts';
import type { Contact } from './people/contacts.ts';
import { oddRecipients } from './people/odd-recipients.ts';

export type FirstContactRule = 'ask' | 'allow' | 'refuse';

export interface RecipientFacts {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly rule: FirstContactRule;
  /** Addresses of the mail that is answered. */
  readonly thread: readonly string[];
  readonly contacts: readonly Contact[];
  /** Those of the recipients that a mail went to before. */
  readonly writtenTo: readonly string[];
  /** Addresses on the card as it was offered; may be a draft of ours or what came back to the user before. */
  readonly offered: readonly string[];
  /** No answer: the recipients are the user's, and nobody looked at them before. */
  readonly isNew: boolean;
  /** The user's own. */
  readonly own: readonly string[];
  /** Codes told at an earlier yes. */
  readonly told: readonly string[];
}

/** Whom the user typed in by mistake, and whom nobody knows; one reason each. The codes hold the address: told once. */
export function recipientReasons(facts: RecipientFacts): readonly Reason[] {
  const offered = keys(facts.offered);
  const people = new Map([...facts.to, ...facts.cc].map((a) => [addressKey(a.address), a]));
  const typed = [...people.values()].filter((a) => facts.isNew || !offered.has(addressKey(a.address)));
  const odd = oddRecipients(typed, facts).filter(
    // A copy to oneself is a habit; oneself as the one who is written to is a slip.
    ({ code, address }) => code !== 'own' || keys(facts.to.map((a) => a.address)).has(addressKey(address)),
  );
  const said = new Set(odd.map(({ address }) => addressKey(address)));
  const reasons = odd.map(({ address, words }): Reason => ({ code: `odd:${addressKey(address)}`, words }));
  if (facts.rule === 'allow') return reasons;
  for (const key of strangers(facts, people.keys())) {
    const asked = ['first-contact', 'stranger'].some((code) => facts.told.includes(`${code}:${key}`));
    const refused = facts.rule === 'refuse' && (asked || facts.isNew);
    if (offered.has(key) && !asked && !refused) continue;
    const who = inlineCode(key, 200);
    if (facts.rule === 'refuse') {
      reasons.push({
        code: `stranger:${key}`,
        words: `${who} stands neither in this thread nor in \`Contacts\`, and \`FIRST_CONTACT\` is \`refuse\`. Put it into a note in \`Contacts\`, or take it out.`,
      });
    } else if (!said.has(key)) {
      reasons.push({
        code: `first-contact:${key}`,
        words: `You never wrote to ${who}, and it stands neither in this thread nor in \`Contacts\`.`,
      });
    }
  }
  return reasons;
}

function strangers(facts: RecipientFacts, recipients: Iterable<string>): string[] {
  const contacts = facts.contacts.flatMap((contact) => contact.addresses);
  const known = keys([...facts.own, ...facts.thread, ...contacts, ...facts.writtenTo]);
  return [...recipients].filter((key) => !known.has(key));
}

/** The kinds that stop a yes once; links and addresses are the drafter's to warn of, the user types them daily. */
const ASKED: ReadonlySet<string> = new Set(['hidden', 'secret', 'account']);

/** One reason for each kind; a second yes sends exactly what was told, and anything new is told again. */
export function textReasons(findings: readonly Finding[]): readonly Reason[] {
  const asked = findings.filter((f) => ASKED.has(f.kind));
  return [...new Set(asked.map((f) => f.kind))].map((kind): Reason => {
    const of = asked.filter((f) => f.kind === kind);
    const hash = createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 32);
    return { code: `says:${hash}`, words: findingWords(of).join(' ') };
  });
}

function keys(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(addresses.map(addressKey));
}
