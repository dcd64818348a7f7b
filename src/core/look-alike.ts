import { STATES } from './states.ts';

/** The folders in the root that hold states: `Approved`, `In_Progress`, … */
const STATE_ROOTS: readonly string[] = [
  ...new Set(STATES.map((row) => row.folder.split('/')[0] ?? row.folder)),
];

/** Letters of other scripts that look like one of ours; what NFKC and lower case do not settle. */
const CONFUSABLE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ а: 'a', ɑ: 'a', α: 'a', Ꭺ: 'a', в: 'b', β: 'b', с: 'c', ϲ: 'c', ԁ: 'd', ɗ: 'd', đ: 'd' },
    ...{ е: 'e', ε: 'e', є: 'e', ɡ: 'g', һ: 'h', н: 'h', η: 'n', і: 'i', ι: 'i', ı: 'i', ɩ: 'i' },
    ...{ ј: 'j', к: 'k', κ: 'k', ӏ: 'l', ł: 'l', м: 'm', μ: 'm', п: 'n', ν: 'v', о: 'o', ο: 'o' },
    ...{ ø: 'o', օ: 'o', р: 'p', ρ: 'p', ԛ: 'q', զ: 'q', г: 'r', ѕ: 's', т: 't', τ: 't', υ: 'u' },
    ...{ ս: 'u', ѵ: 'v', ѡ: 'w', ԝ: 'w', х: 'x', χ: 'x', у: 'y', γ: 'y', ʏ: 'y', '0': 'o' },
  }),
);

/** One form for all names that a person, or a file system, may take for the same. */
export function plainLetters(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, '')
    .toLowerCase();
  return (
    Array.from(plain, (char) => CONFUSABLE.get(char) ?? char)
      .join('')
      // Spaces of any width, dots and every kind of dash and underscore.
      .replace(/[\p{Z}\p{Pd}\p{Pc}\s.·⋅•\u2800]/gu, '')
      .replace(/[il1|!]/g, 'l')
  );
}

const BY_SKELETON: ReadonlyMap<string, string> = new Map(
  STATE_ROOTS.map((name) => [plainLetters(name), name]),
);

/** The state folder that `name` can be taken for, or null; null for the true name as well. */
export function lookAlikeOf(name: string): string | null {
  const meant = BY_SKELETON.get(plainLetters(name));
  return meant === undefined || meant === name ? null : meant;
}
