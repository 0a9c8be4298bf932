// HPACK's Huffman code (RFC 7541 appendix B): decoded four bits at a time by a table, encoded symbol by symbol.

/**
 * Bits of each symbol's code in base 36, symbol 0 first, end-of-string last. The code is canonical (handed out by length, then
 * by symbol), so the lengths are all there is to know.
 */
const lengths = Uint8Array.from(
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
    "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
    "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
    "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq" +
    "u",
  (digit) => Number.parseInt(digit, 36),
);

const symbolCount = 257;
const endOfString = 256;
const codes = assignCodes();

/** Where a symbol was completed, it stands above the next state; end-of-string and dead ends are `failed`. */
const hasSymbol = 0x1_0000;
const failed = 0x2_0000;
/** Row per inner node of the code's tree, column per four bits: next state | symbol << 8 | hasSymbol | failed. */
const transitions = new Uint32Array(256 * 16);
/** States a string may end in: the rest is a prefix of end-of-string shorter than eight bits (RFC 7541 section 5.2). */
const isEnd = new Uint8Array(256);
buildTransitions();

function assignCodes(): Uint32Array {
  const order = Array.from({ length: symbolCount }, (_, symbol) => symbol);
  order.sort((a, b) => lengths[a] - lengths[b] || a - b);
  const assigned = new Uint32Array(symbolCount);
  let code = 0;
  let length = lengths[order[0]];
  for (const symbol of order) {
    code = (code << (lengths[symbol] - length)) >>> 0;
    length = lengths[symbol];
    assigned[symbol] = code++;
  }
  return assigned;
}

/** The code as a binary tree: two entries per inner node; above zero the next node, below zero -1 - symbol. */
function buildTree(): Int32Array {
  const tree = new Int32Array(256 * 2);
  let nodes = 1;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    let node = 0;
    for (let bit = lengths[symbol] - 1; bit > 0; bit--) {
      const at = node * 2 + ((codes[symbol] >>> bit) & 1);
      if (tree[at] === 0) tree[at] = nodes++;
      node = tree[at];
    }
    tree[node * 2 + (codes[symbol] & 1)] = -1 - symbol;
  }
  return tree;
}

function buildTransitions(): void {
  const tree = buildTree();
  for (let state = 0; state < 256; state++) {
    for (let bits = 0; bits < 16; bits++) transitions[state * 16 + bits] = walk(tree, state, bits);
  }
  let ones = 0;
  for (let depth = 0; depth < 8; depth++) {
    isEnd[ones] = 1;
    ones = tree[ones * 2 + 1];
  }
}

/** No code is shorter than five bits, so four of them complete one symbol at most. */
function walk(tree: Int32Array, state: number, bits: number): number {
  let node = state;
  let found = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = tree[node * 2 + ((bits >>> bit) & 1)];
    if (next < 0) {
      const symbol = -1 - next;
      if (symbol === endOfString) return failed;
      found = hasSymbol | (symbol << 8);
      node = 0;
    } else {
      node = next;
    }
  }
  return found | node;
}

/** Where strings are decoded to before they become strings; grows with the longest one seen, to a bound. */
let scratch = Buffer.allocUnsafeSlow(1024);
const keptScratch = 65_536;

/** The text of a Huffman-coded string, or undefined where the code is broken. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const most = Math.ceil(((end - start) * 8) / 5);
  let out = scratch;
  if (most > out.length) {
    out = Buffer.allocUnsafeSlow(most);
    if (most <= keptScratch) scratch = out;
  }
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    const high = transitions[(state << 4) | (byte >>> 4)];
    if ((high & hasSymbol) !== 0) out[length++] = high >>> 8;
    const low = transitions[((high & 0xff) << 4) | (byte & 15)];
    if ((low & hasSymbol) !== 0) out[length++] = low >>> 8;
    if (((high | low) & failed) !== 0) return undefined;
    state = low & 0xff;
  }
  return isEnd[state] === 1 ? out.toString("latin1", 0, length) : undefined;
}

/** Bytes the text takes in Huffman code. The text has no character above 0xff. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits += lengths[text.charCodeAt(at)];
  return (bits + 7) >>> 3;
}

/** Writes the text in Huffman code and returns where it ends. */
export function writeHuffman(out: Uint8Array, start: number, text: string): number {
  let at = start;
  let held = 0;
  let bits = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index);
    // At most 7 bits are held and a code has at most 28 here: too many for 32-bit arithmetic, so a code goes in by bytes.
    for (let rest = lengths[symbol]; rest > 0;) {
      const take = Math.min(rest, 8 - bits);
      rest -= take;
      held = (held << take) | ((codes[symbol] >>> rest) & ((1 << take) - 1));
      bits += take;
      if (bits === 8) {
        out[at++] = held;
        held = 0;
        bits = 0;
      }
    }
  }
  if (bits > 0) out[at++] = (held << (8 - bits)) | (0xff >>> bits);
  return at;
}
