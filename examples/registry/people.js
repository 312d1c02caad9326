// The invented people of this example. Nobody here exists; the numbers are from the range 555-01xx that is kept for fiction.
// A zip code is text where somebody typed it as text, and a number where the sheet made one of it: then its zeros are gone.
export const BORROWERS = [
  // id, full name, street, city, state, zip code, home, cell, email
  [
    101,
    'Ada Quill',
    '12 Harbor Street',
    'Boston',
    'MA',
    '02139',
    '(617) 555-0101',
    '617-555-0102',
    'ada.quill@example.com',
  ],
  [
    102,
    'Bo Lindqvist',
    '7 Mill Lane',
    'Albany',
    'NY',
    12207,
    '+1 518 555 0103',
    null,
    'Bo.Lindqvist@Example.com',
  ],
  [103, 'Cy O’Hara', '9 "The Elms", Back Road', 'Newark', 'NJ', 7102, null, 9735550104, 'cy@example.org'],
  [104, 'Dee Ångström', '3 Sky Court', 'Salem', 'OR', '97301-4301', '503.555.0105', '503.555.0105', null],
  [105, 'Eli Park', '88 Long Road', 'Austin', 'TX', 73301, null, null, 'eli.park@example.net'],
  [106, 'Fay Moreau', null, null, null, null, null, '(504) 555-0106', 'fay@example.com'],
  [
    107,
    'Gus Quill',
    '12 Harbor Street',
    'Boston',
    'MA',
    '02139',
    '(617) 555-0101',
    null,
    'gus.quill@example.com',
  ],
  [
    108,
    'Hana Sato',
    '41 Pine Avenue',
    'San Juan',
    'PR',
    '00901',
    7875550107,
    '787 555 0108',
    ' hana@example.org ',
  ],
]

export const ROLE_PROFILES = [
  // borrower, role
  [101, 'borrower'],
  [101, 'guarantor'],
  [102, 'borrower'],
  [103, 'co-borrower'],
  [103, 'Guarantor'],
  [103, 'broker'],
  [104, 'borrower'],
  [105, 'broker'],
  [107, 'co-borrower'],
  [108, 'borrower'],
]

export const SHEETS = {
  borrower: [
    ['id', 'full_name', 'street', 'city', 'state', 'zip_code', 'phone_home', 'phone_cell', 'email'],
    ...BORROWERS,
  ],
  role_profile: [['borrower_id', 'role_profile'], ...ROLE_PROFILES],
}
