import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  autoPostOf,
  displayOf,
  lineFields,
  numberOf,
  termsFromOdoo,
  termsToOdoo,
} from '../../../src/odoo/versions.ts';

describe('lines of a document', () => {
  it('say themselves what they are since 16', () => {
    expect(lineFields('19.0')).toEqual([]);
    expect(displayOf({ display_type: 'product' }, '19.0')).toBe('product');
    expect(displayOf({ display_type: 'line_subsection' }, '19.0')).toBe('section');
    for (const type of ['tax', 'payment_term', 'rounding', 'cogs', 'epd'] as const) {
      expect(displayOf({ display_type: type }, '19.0')).toBeNull();
    }
    expect(displayOf({ display_type: false }, '19.0')).toBeNull();
  });

  it('are told by a flag before', () => {
    expect(lineFields('14.0')).toEqual(['exclude_from_invoice_tab']);
    expect(displayOf({ display_type: false, exclude_from_invoice_tab: false }, '14.0')).toBe('product');
    expect(displayOf({ display_type: false, exclude_from_invoice_tab: true }, '14.0')).toBeNull();
    expect(displayOf({ display_type: 'line_note', exclude_from_invoice_tab: false }, '14.0')).toBe('note');
  });
});

describe('what versions call differently', () => {
  it('is read the same', () => {
    expect([autoPostOf('no'), autoPostOf(false), autoPostOf('monthly'), autoPostOf(true)]).toEqual([
      ...['no', 'no', 'monthly', 'at_date'],
    ]);
    expect([numberOf(''), numberOf('/'), numberOf('INV/1')]).toEqual([null, null, 'INV/1']);
  });

  it('keeps the terms as they were written, whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('14.0', '19.0'), (raw, version) => {
        // Blanks at the end of a line and more than one empty line do not count.
        const terms = raw.replace(/\s+/g, ' ').trim();
        expect(termsFromOdoo(termsToOdoo(terms, version), version)).toBe(terms);
      }),
    );
    expect(termsFromOdoo(termsToOdoo('a\n<b>x</b> &amp; y', '19.0'), '19.0')).toBe('a\n<b>x</b> &amp; y');
  });

  it("reads the terms of Odoo's own editor as text", () => {
    const html = '<p>Net <strong>30</strong>&nbsp;days</p><ul><li>a &lt;b&gt;</li></ul><script>x()</script>';
    expect(termsFromOdoo(html, '19.0')).toBe('Net 30 days\na <b>');
  });
});
