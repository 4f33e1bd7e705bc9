// A cell of a CSV file, as `har.page.sheet.cell` in Python has it: what acts or cannot be seen is
// shown by its code, and what looks like a formula has an apostrophe in front.

const INVISIBLE =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e0fff}]/gu;
const FORMULA = /^\s*[-=+@\uff0d\uff1d\uff0b\uff20]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function code(character) {
  const number = character.codePointAt(0);
  const hex = (length) => number.toString(16).padStart(length, "0");
  if (number < 0x100) return SHORT[character] ?? `\\x${hex(2)}`;
  return number < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

/** A text as one quoted cell. */
export function cell(text) {
  const shown = text.replaceAll(INVISIBLE, code);
  const inert = FORMULA.test(shown) && !NUMBER.test(shown) ? `'${shown}` : shown;
  return `"${inert.replaceAll('"', '""')}"`;
}
