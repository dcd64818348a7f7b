import { describe, expect, it } from 'vitest';
import type { FoundPartner, FoundProduct, FoundTax } from '../../../../src/core/odoo/found.ts';
import { choosePartner, chooseProduct, chooseTaxes } from '../../../../src/core/odoo/resolve.ts';

const partner = (id: number, name: string, email = ''): FoundPartner => ({
  id,
  name,
  email,
  vat: '',
  street: '',
  city: '',
  country: '',
});

function byName(name: string, items: readonly FoundPartner[], more = false) {
  const choice = choosePartner({ by: 'name', name }, 'customer', { items, more });
  return choice.ok ? choice.value.id : choice.question.choices;
}

describe('a customer by name', () => {
  it('is taken when one is exactly it, whatever its case and dots', () => {
    expect(byName('acme  gmbh', [partner(1, 'ACME GmbH'), partner(2, 'ACME GmbH & Co. KG')])).toBe(1);
    expect(byName('A.C.M.E. Inc', [partner(1, 'A.C.M.E., Inc.')])).toBe(1);
  });

  it('is taken without its legal form when only one fits', () => {
    expect(byName('ACME', [partner(1, 'ACME GmbH')])).toBe(1);
    expect(byName('ACME', [partner(1, 'ACME GmbH & Co. KG')])).toBe(1);
    expect(byName('ACME', [partner(1, 'ACME GmbH'), partner(2, 'ACME AG')])).toHaveLength(2);
  });

  it('is never taken because it is the only one that was found', () => {
    expect(byName('Meier', [partner(1, 'Obermeier AG')])).toEqual(['#1 · Obermeier AG']);
    expect(byName('ACME GmbH', [partner(1, 'ACME GmbH, Jane Doe')])).toEqual(['#1 · ACME GmbH, Jane Doe']);
  });

  it('is asked about when there may be others that fit as loosely', () => {
    expect(byName('ACME', [partner(1, 'ACME GmbH')], true)).toEqual(['#1 · ACME GmbH', '… and others']);
    expect(byName('ACME GmbH', [partner(1, 'ACME GmbH')], true)).toBe(1);
  });

  it('of a hostile name is shown harmless, and never more than a dozen', () => {
    const many = Array.from({ length: 40 }, (_, id) => partner(id + 1, `ACME [[${id}]] \`x\` <b>\n## H`));
    const choices = byName('ACME', many);
    expect(choices).toHaveLength(13);
    expect(String(choices)).not.toMatch(/\[\[|`|<b>|\n/);
  });
});

it('a customer by e-mail address is the one that has it, and nobody who only looks like it', () => {
  const items = [partner(1, 'A', 'Jane@ACME.example'), partner(2, 'B', 'xjane@acme.example')];
  const choice = choosePartner({ by: 'email', email: 'jane@acme.example' }, 'customer', {
    items,
    more: false,
  });
  expect(choice.ok && choice.value.id).toBe(1);
});

const product = (id: number, name: string, code = ''): FoundProduct => ({
  id,
  name,
  code,
  unit: null,
  listPrice: 1,
  taxIds: [],
});

describe('a product', () => {
  const choose = (typed: string, items: readonly FoundProduct[]) => {
    const choice = chooseProduct(typed, 3, { items, more: false });
    return choice.ok ? choice.value.id : choice.question.asks;
  };

  it('is known by its code, its name or both as Odoo shows them', () => {
    const items = [product(1, '[C-1] Consulting', 'C-1'), product(2, '[C-10] Consulting day', 'C-10')];
    expect(['c-1', 'consulting', '[C-1] Consulting', '#2'].map((typed) => choose(typed, items))).toEqual([
      1, 1, 1, 2,
    ]);
  });

  it('is asked about when two have the code or the name', () => {
    expect(choose('C', [product(1, 'A', 'C'), product(2, 'B', 'c')])).toBe(
      'Line 3: more than one product is “C”.',
    );
    expect(choose('A', [product(1, 'A'), product(2, '[X] A', 'X')])).toContain('more than one product');
  });
});

describe('taxes', () => {
  const taxes: readonly FoundTax[] = [
    { id: 1, name: '19%', percent: 19, priceInclude: false },
    { id: 2, name: '19% incl.', percent: 19, priceInclude: true },
    { id: 3, name: '7 % reduced', percent: 7, priceInclude: false },
    { id: 4, name: 'Eco fee', percent: null, priceInclude: false },
  ];
  const choose = (...words: string[]) => {
    const choice = chooseTaxes(words, 1, taxes);
    return choice.ok ? choice.value : choice.question.choices.map((line) => line.split(' · ')[0]);
  };

  it('are known by name, number or rate', () => {
    expect(choose('19%')).toEqual([1]);
    expect(choose('#2')).toEqual([2]);
    expect(choose('7 %', 'eco fee')).toEqual([3, 4]);
    expect(choose('7,0%')).toEqual([3]);
  });

  it('are asked about when the rate fits more than one, with those alone to choose from', () => {
    expect(choose('19,0 %')).toEqual(['#1', '#2']);
    expect(choose('21%')).toEqual(['#1', '#2', '#3', '#4']);
  });
});
