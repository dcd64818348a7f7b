import { describe, expect, it } from 'vitest';
import { ownWordsOf, saysAccountChanged } from '../../../../src/core/people/account-change.ts';

it.each([
  'Please note our new bank details below.',
  'Our bank account has changed.',
  'We have changed our bank.',
  'please use the updated payment details',
  'Our IBAN has been changed as follows',
  'wir haben eine neue Bankverbindung',
  'Bitte beachten Sie unsere geänderte IBAN',
  'Unsere Bankverbindung hat sich\ngeändert.',
  'Wir haben unsere Bank gewechselt',
  'Änderung unserer Bankverbindung',
  'Veuillez noter nos nouvelles coordonnées bancaires',
  'Nos coordonnées bancaires ont changé',
  'changement de RIB',
  'Nous avons changé de banque',
  'Le informamos de nuestra nueva cuenta bancaria',
  'hemos cambiado de banco',
  'nuevos datos bancarios',
  'Vi comunichiamo il nuovo IBAN',
  'le nostre coordinate bancarie sono cambiate',
  'ons nieuwe rekeningnummer',
  'onze bankgegevens zijn gewijzigd',
])('a new account is heard: %s', (text) => {
  expect(saysAccountChanged(text, false)).toBe(true);
});

it.each([
  'I opened a new account on your site',
  'My account was updated',
  'ein neues Konto im Shop',
  'Please find attached our invoice. Our IBAN is below.',
  'my new address',
  'Could you change the order?',
  'De rekening is betaald',
  'nueva cuenta de correo',
  'un nuovo conto',
  'bank holiday changed our opening hours',
  'the bank moved to a new street',
  'Bitte überweisen Sie auf unser Konto.',
])('an ordinary sentence is none: %s', (text) => {
  expect(saysAccountChanged(text, false)).toBe(false);
});

it('a word that may mean another account counts beside an account number', () => {
  expect(saysAccountChanged('Das ist unser neues Konto:', false)).toBe(false);
  expect(saysAccountChanged('Das ist unser neues Konto:', true)).toBe(true);
});

describe('the words of the sender', () => {
  it.each([
    '-----Original Message-----',
    '-----Ursprüngliche Nachricht-----',
    '________________________________',
    'From: Anna <anna@example.com>',
    'Von: Anna [mailto:anna@example.com]',
  ])('end at the mark of an earlier mail: %s', (mark) => {
    expect(ownWordsOf(`mine\n${mark}\nnot mine`)).toBe('mine');
  });

  it('leave out what is quoted', () => {
    expect(ownWordsOf('mine\n> not mine\n  > nor this\nFrom here on it is mine')).toBe(
      'mine\nFrom here on it is mine',
    );
  });
});
