import { type MailRules, NO_RULES, readMailRules } from '../core/mail-rules.ts';
import type { Vault } from '../vault/vault.ts';

export interface HouseRules {
  /** `Company_Handbook.md` as it stands, ''; looked at anew for every mail. */
  text(): Promise<string>;
  rules(): Promise<MailRules>;
}

const HANDBOOK = 'Company_Handbook.md';
const HANDBOOK_BYTES = 65_536;

/**
 * The user's rules about mail, parsed when the page changed.
 * @param onFaults told of what cannot be read, when that changed: a sentence for the user, or null.
 */
export function houseRules(
  vault: Pick<Vault, 'readOther'>,
  onFaults: (words: string | null) => void,
): HouseRules {
  let known = { text: '', rules: NO_RULES };
  const text = async (): Promise<string> => {
    const read = await vault.readOther(HANDBOOK, HANDBOOK_BYTES);
    return read.ok ? read.text : '';
  };
  return {
    text,
    rules: async () => {
      const now = await text();
      if (now === known.text) return known.rules;
      known = { text: now, rules: readMailRules(now) };
      onFaults(wordsFor(known.rules.faults));
      return known.rules;
    },
  };
}

function wordsFor(faults: readonly string[]): string | null {
  const [first] = faults;
  if (first === undefined) return null;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return `Mail rules in ${HANDBOOK}: ${first.slice(0, 200)}${more}`;
}
