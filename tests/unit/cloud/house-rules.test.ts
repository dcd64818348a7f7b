import { describe, expect, it } from 'vitest';
import { houseRules } from '../../../src/cloud/house-rules.ts';
import type { Vault } from '../../../src/vault/vault.ts';

function pages() {
  const state = { page: null as string | null, reads: 0 };
  const vault: Pick<Vault, 'readOther'> = {
    readOther: () => {
      state.reads += 1;
      const { page } = state;
      return Promise.resolve(
        page === null
          ? { ok: false, why: 'gone' as const }
          : { ok: true, text: page, stat: { mtimeMs: 0, ctimeMs: 0, size: page.length } as never },
      );
    },
  };
  const told: (string | null)[] = [];
  return { state, told, house: houseRules(vault, (words) => told.push(words)) };
}

describe('the rules of the handbook', () => {
  it('count from the next mail on when the page is changed, and there are none without it', async () => {
    const { state, house } = pages();
    expect((await house.rules()).never).toEqual([]);
    state.page = '## Mail rules\n\n- Never: @shop.example\n';
    expect((await house.rules()).never).toEqual([{ kind: 'domain', domain: 'shop.example' }]);
    state.page = '## Mail rules\n\n- Always: @shop.example\n';
    expect(await house.rules()).toMatchObject({ never: [], always: [{ domain: 'shop.example' }] });
    state.page = null;
    expect((await house.rules()).always).toEqual([]);
  });

  it('that cannot be read are told once, and when they are mended', async () => {
    const { state, told, house } = pages();
    state.page = '## Mail rules\n\n- Sometimes: @shop.example\n- Never: ???\n';
    await house.rules();
    await house.rules();
    expect(told).toEqual([expect.stringMatching(/^Mail rules in Company_Handbook\.md: .*\(and 1 more\)$/)]);
    state.page = '## Mail rules\n\n- Never: @shop.example\n';
    await house.rules();
    expect(told).toEqual([expect.any(String), null]);
  });
});
