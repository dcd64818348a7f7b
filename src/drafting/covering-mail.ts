/** The text that goes with a posted invoice, from the user's template `for: covering_mail` or from ours. */
import { moneyText } from '../core/odoo/amounts.ts';
import { fillTemplate } from './fill-template.ts';
import type { Handbook } from './handbook.ts';
import { guessLanguage } from './language.ts';
import type { Template } from './template.ts';

interface Facts {
  readonly kind: 'odoo_invoice' | 'odoo_credit_note';
  readonly number: string;
  readonly date: string;
  readonly dueDate: string | null;
  readonly total: number;
  readonly currency: string;
  readonly partner: string;
}

type Language = 'en' | 'de';

interface Words {
  readonly document: Readonly<Record<Facts['kind'], string>>;
  readonly body: Readonly<Record<Facts['kind'], string>>;
}

const OURS: Readonly<Record<Language, Words>> = {
  en: {
    document: { odoo_invoice: 'Invoice', odoo_credit_note: 'Credit note' },
    body: {
      odoo_invoice:
        'Hello,\n\nplease find attached the invoice {{number}} of {{date}} over {{total}}.\n\n{{due}}\n\n{{signature}}',
      odoo_credit_note:
        'Hello,\n\nplease find attached the credit note {{number}} of {{date}} over {{total}}.\n\n{{signature}}',
    },
  },
  de: {
    document: { odoo_invoice: 'Rechnung', odoo_credit_note: 'Gutschrift' },
    body: {
      odoo_invoice:
        'Guten Tag,\n\nanbei erhalten Sie die Rechnung {{number}} vom {{date}} über {{total}}.\n\n{{due}}\n\n{{signature}}',
      odoo_credit_note:
        'Guten Tag,\n\nanbei erhalten Sie die Gutschrift {{number}} vom {{date}} über {{total}}.\n\n{{signature}}',
    },
  },
};

/**
 * In the language of the handbook where there is a template or a text of ours in it, else English. `{{number}}`, `{{date}}`,
 * `{{due_date}}`, `{{due}}` (a sentence, or nothing), `{{total}}`, `{{partner}}`, `{{document}}` and `{{signature}}` are filled
 * in; any other blank stays for the user.
 */
export function coveringMailText(
  facts: Facts,
  house: { readonly templates: readonly Template[]; readonly handbook: Handbook },
): { readonly subject: string; readonly text: string; readonly source: string } {
  const { handbook } = house;
  const spoken = guessLanguage(`${handbook.signature}\n${handbook.text}`);
  const template = pick(house.templates, spoken);
  const asked = template?.language ?? spoken;
  const language: Language = asked === 'de' ? 'de' : 'en';
  const words = OURS[language];
  const filled = fillTemplate(template?.body ?? words.body[facts.kind], {
    ...values(facts, language),
    document: words.document[facts.kind],
    signature: handbook.signature,
  });
  return {
    subject: `${words.document[facts.kind]} ${facts.number}`,
    text: filled.text,
    source: template === null ? 'covering mail' : `template ${template.name}`,
  };
}

function pick(templates: readonly Template[], spoken: string | null): Template | null {
  const own = templates
    .filter((template) => template.for === 'covering_mail')
    .sort((a, b) => b.priority - a.priority);
  const fits = (language: string | null) => own.filter((template) => template.language === language);
  const [best] = [...fits(spoken), ...fits(null), ...fits('en'), ...own];
  return best ?? null;
}

function values(facts: Facts, language: Language): Record<string, string> {
  const money = moneyText(facts.total, 2);
  const due = facts.dueDate === null ? '' : dayText(facts.dueDate, language);
  const sentence = { en: `It is due on ${due}.`, de: `Bitte überweisen Sie den Betrag bis zum ${due}.` };
  return {
    number: facts.number,
    date: dayText(facts.date, language),
    due_date: due,
    due: due === '' ? '' : sentence[language],
    total: `${language === 'de' ? germanAmount(money) : money} ${facts.currency}`,
    partner: facts.partner,
    // Nobody is addressed by a name that the books do not have.
    name: '',
  };
}

/** `2026-11-20`, in German `20.11.2026`. */
function dayText(date: string, language: Language): string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) ?? [];
  return language === 'de' && year !== undefined ? `${day}.${month}.${year}` : date;
}

function germanAmount(text: string): string {
  return text.replace(/[.,]/g, (sign) => (sign === '.' ? ',' : '.'));
}
