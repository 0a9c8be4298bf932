// RSA keys that a signature may be checked with: not those that can be broken, that check nothing, or that cost too much.
import type { KeyObject } from "node:crypto";

/** Below 2048 bits it can be broken (RFC 7518 section 3.3), far above it costs the checker; an exponent of 1 checks nothing. */
export function isSoundRsa({ asymmetricKeyDetails }: KeyObject, modulus: bigint): boolean {
  const { modulusLength = 0, publicExponent = 1n } = asymmetricKeyDetails ?? {};
  return (
    modulusLength >= 2048 &&
    modulusLength <= 8192 &&
    publicExponent >= 3n &&
    publicExponent < 2n ** 33n &&
    publicExponent % 2n === 1n &&
    !isOfFaultyLibrary(modulus)
  );
}

/**
 * CVE-2017-15361 (ROCA): keys of chips whose library made both primes from powers of 65537 can be factored. So is their product
 * one, modulo each small prime; of other keys that is true of one in a hundred million.
 */
function isOfFaultyLibrary(modulus: bigint): boolean {
  return powers().every(([prime, residues]) => residues.has(modulus % prime));
}

let known: readonly (readonly [prime: bigint, residues: ReadonlySet<bigint>])[] | undefined;

/** Of 65537, modulo each odd prime up to 167. Not before there is a key to look at. */
function powers(): NonNullable<typeof known> {
  known ??= oddPrimes(167n).map((prime) => {
    const residues = new Set<bigint>();
    for (let power = 1n; !residues.has(power); power = (power * 65537n) % prime) residues.add(power);
    return [prime, residues];
  });
  return known;
}

function oddPrimes(last: bigint): bigint[] {
  const primes: bigint[] = [];
  for (let n = 3n; n <= last; n += 2n) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  return primes;
}
