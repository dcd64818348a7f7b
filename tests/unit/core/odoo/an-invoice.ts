import type { Invoice, InvoiceLine } from '../../../../src/core/odoo/invoice.ts';

export function aLine(over: Partial<InvoiceLine> = {}): InvoiceLine {
  return {
    id: 7,
    display: 'product',
    label: 'Consulting',
    product: null,
    quantity: 10,
    unit: null,
    priceUnit: 100,
    discount: 0,
    taxes: [{ id: 1, name: '19%' }],
    account: { id: 400, name: '400000 Product Sales' },
    subtotal: 1000,
    total: 1190,
    ...over,
  };
}

export function anInvoice(over: Partial<Invoice> = {}): Invoice {
  return {
    id: 107,
    type: 'out_invoice',
    state: 'draft',
    postedBefore: false,
    number: null,
    writeDate: '2026-11-20 09:00:00',
    company: { id: 1, name: 'My Company' },
    journal: { id: 1, name: 'Customer Invoices' },
    partner: { id: 42, name: 'ACME GmbH' },
    partnerEmail: 'billing@acme.example',
    partnerVat: 'DE123456789',
    currency: { id: 1, name: 'EUR' },
    decimals: 2,
    invoiceDate: null,
    dueDate: '2026-12-20',
    paymentTerm: null,
    reference: 'PO-77',
    origin: '',
    fiscalPosition: null,
    bankAccount: null,
    terms: '',
    autoPost: 'no',
    lines: [aLine()],
    taxLines: [{ name: '19%', amount: 190 }],
    untaxed: 1000,
    tax: 190,
    total: 1190,
    paymentState: 'not_paid',
    ...over,
  };
}
