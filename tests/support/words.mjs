// Words: what was said, by the sandbox's report, beside what a client has of it.

import assert from "node:assert/strict";

/** The words of a text, without case and punctuation. */
export const plain = (text) => text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];

/** How often each word is there. */
function counted(texts) {
  const counts = new Map();
  for (const word of texts.flatMap(plain)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The words that `these` have more often than `those`. */
const beyond = (these, those) => [...these].filter(([word, count]) => count > (those.get(word) ?? 0)).map(([word]) => word);

/** Checks that every word that was `said` is in `texts`, and none of them twice but in those of them that are `marked`. */
export function assertWhole(said, texts, marked = []) {
  const [expected, found] = [counted(said), counted(texts)];
  assert.deepEqual(beyond(expected, found), [], `words are missing: ${JSON.stringify({ said, texts })}`);
  assert.deepEqual(beyond(counted(texts.filter((text) => !marked.includes(text))), expected), [], `words are there twice: ${JSON.stringify({ said, texts })}`);
}
