import { type Handbook, HANDBOOK_BYTES, readHandbook, type Signer } from './handbook.ts';
import { templateReader } from './read-templates.ts';
import type { Template } from './template.ts';

/** The pages of the user that a draft is made from; the vault is one. */
export interface HousePages {
  listOther(folder: 'Templates'): Promise<readonly string[]>;
  readOther(
    path: string,
    maxBytes: number,
  ): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false }>;
}

/** Templates and handbook, read anew for every draft, with the signature of who writes. */
export function houseReader(
  pages: HousePages,
  onFault: (name: string, message: string) => void,
): (signer: Signer) => Promise<{ readonly templates: readonly Template[]; readonly handbook: Handbook }> {
  const read = async (path: string, maxBytes: number) => {
    const file = await pages.readOther(path, maxBytes);
    return file.ok ? file.text : null;
  };
  const templates = templateReader(
    {
      list: () => pages.listOther('Templates'),
      read: (name, maxBytes) => read(`Templates/${name}`, maxBytes),
    },
    onFault,
  );
  return async (signer) => ({
    templates: await templates(),
    handbook: readHandbook((await read('Company_Handbook.md', HANDBOOK_BYTES)) ?? '', signer),
  });
}
