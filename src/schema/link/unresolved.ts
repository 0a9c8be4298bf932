// What is said about a name that did not resolve: not imported, something else, hidden by an inner scope, or unknown.
import { nearest } from "../../diagnostic.ts";
import type { Position } from "../../diagnostic.ts";
import { bundledFileDeclaring } from "../load/bundled.ts";
import type { FileNode } from "./node.ts";
import { formatPlace } from "./problems.ts";
import type { Problems } from "./problems.ts";
import { article } from "./symbols.ts";
import type { Lookup, Symbol, SymbolTable } from "./symbols.ts";
import type { Damage } from "../proto-file.ts";

interface Unresolved {
  readonly name: string;
  readonly scope: string;
  readonly position: Position;
  /** `a type`, `a message`, `an extension`. */
  readonly wanted: string;
}

interface Reporting {
  readonly symbols: SymbolTable;
  readonly problems: Problems;
  readonly file: FileNode;
}

export function reportLookup(reporting: Reporting, reference: Unresolved, result: Lookup<Symbol>): void {
  const { problems, file } = reporting;
  const { name, position, wanted } = reference;
  file.hasUnresolved = true;
  if (mayBeLost(file, reference, result)) return;
  if (result.kind === "hidden" && reporting.symbols.isContested(result.symbol.name)) return;
  if (result.kind === "hidden") {
    const { symbol } = result;
    problems.error({
      position,
      rule: "not-imported",
      message: `"${name}" is declared in "${symbol.file.raw.path}", which this file does not import`,
      hint: `add: import "${symbol.file.raw.path}";`,
      once: importKey(file, symbol.file.raw.path),
    });
  } else if (result.kind === "other") {
    problems.error({
      position,
      rule: "wrong-kind",
      message: `"${name}" is ${article(result.symbol.kind)}, not ${wanted}; it is declared at ${formatPlace(result.symbol.position)}`,
    });
  } else if (result.kind === "shadowed") {
    problems.error({
      position,
      rule: "shadowed-name",
      message: `"${name}" is looked for in "${result.by}", the innermost scope with that first part, and is not in there`,
      hint: `write ".${name}" to start from the outermost scope`,
    });
  } else {
    reportUnknown(reporting, reference);
  }
}

/** What could not be read may hold the name, or the import that shows it. */
function mayBeLost(file: FileNode, { name, wanted }: Unresolved, result: Lookup<Symbol>): boolean {
  // Where no name could be read, that was reported.
  if (name === "" || name.endsWith(".")) return true;
  const isExtension = wanted === "an extension";
  // To ask all of them for every name would be the square of a hostile input.
  if (file.damages.length > 100) return true;
  const isDeclared = (damage: Damage) => (isExtension ? damage.mayName(name) : damage.mayDeclare(name));
  if (result.kind === "other" || result.kind === "shadowed")
    return file.damages.some((damage) => damage.isMisnested && isDeclared(damage));
  return (file.mayImportMore && !(wanted === "a type" && isScalarSlip(name))) || file.damages.some(isDeclared);
}

/** No import declares `strng` or `int`: messages begin with a capital. */
function isScalarSlip(name: string): boolean {
  return /^[a-z0-9]{3,8}$/.test(name) && (scalarSynonyms.has(name) || nearest(name, scalarWords) !== undefined);
}

/** One missing import is one mistake, however many names it would bring. */
function importKey(file: FileNode, path: string): string {
  return `${file.raw.path}\0${path}`;
}

function reportUnknown({ symbols, problems, file }: Reporting, { name, scope, position, wanted }: Unresolved): void {
  const isExtension = wanted === "an extension";
  const problem = {
    position,
    rule: isExtension ? "unknown-option" : "unknown-type",
    message: `${isExtension ? "extension" : "type"} "${name}" is not declared`,
  };
  const bundled = problems.maySearch ? bundledFileDeclaring(name, scope) : undefined;
  if (bundled !== undefined) {
    problems.error({ ...problem, hint: `add: import "${bundled}";`, once: importKey(file, bundled) });
    return;
  }
  const hint = problems.maySearch ? suggestion(symbols, problems, { name, scope, isExtension }) : undefined;
  problems.error({ ...problem, hint });
}

const typeKinds: ReadonlySet<Symbol["kind"]> = new Set(["message", "enum"]);
const extensionKinds: ReadonlySet<Symbol["kind"]> = new Set(["extension"]);
const scalarSynonyms = new Map([
  ["int", "int32"],
  ["integer", "int32"],
  ["long", "int64"],
  ["uint", "uint32"],
  ["short", "int32"],
  ["byte", "bytes"],
  ["boolean", "bool"],
  ["str", "string"],
  ["String", "string"],
  ["float32", "float"],
  ["float64", "double"],
  ["number", "double"],
  ["timestamp", "google.protobuf.Timestamp"],
  ["Timestamp", "google.protobuf.Timestamp"],
  ["Duration", "google.protobuf.Duration"],
  ["Any", "google.protobuf.Any"],
  ["Empty", "google.protobuf.Empty"],
]);

interface Unknown {
  readonly name: string;
  readonly scope: string;
  readonly isExtension: boolean;
}

/** Compares as written, with the short names of the enclosing packages, and with the full names. */
function suggestion(
  symbols: SymbolTable,
  problems: Problems,
  { name, scope, isExtension }: Unknown,
): string | undefined {
  const synonym = isExtension ? undefined : scalarSynonyms.get(name);
  if (synonym !== undefined) return `did you mean "${synonym}"?`;
  const scopes = new Set<string>([""]);
  for (let end = scope.length; end > 0; end = scope.lastIndexOf(".", end - 1)) scopes.add(`${scope.slice(0, end)}.`);
  const bare = name.startsWith(".") ? name.slice(1) : name;
  const candidates = function* () {
    for (const known of symbols.names(isExtension ? extensionKinds : typeKinds)) {
      if (known !== bare) yield* spellings(known, bare, scopes);
    }
    if (!isExtension) yield* scalarWords;
  };
  const near = problems.suggest(bare, candidates());
  return elsewhere(symbols, bare, isExtension) ?? near;
}

const scalarWords = ["double", "float", "int32", "int64", "uint32", "uint64", "bool", "string", "bytes"];

/** How `known` could be written in one of the scopes, for comparing with `written`: short, or with its packages. */
function* spellings(known: string, written: string, scopes: ReadonlySet<string>): Iterable<string> {
  const short = known.slice(known.lastIndexOf(".") + 1);
  if (!written.includes(".")) {
    yield scopes.has(known.slice(0, -short.length)) ? short : known;
    return;
  }
  for (const prefix of scopes) {
    if (known.startsWith(prefix) && known !== prefix + written) yield known.slice(prefix.length);
  }
}

/** The same short name in another package: the commonest mistake is to leave the package out. */
function elsewhere(symbols: SymbolTable, name: string, isExtension: boolean): string | undefined {
  const short = `.${name.slice(name.lastIndexOf(".") + 1)}`;
  for (const known of symbols.names(isExtension ? extensionKinds : typeKinds)) {
    if (known.endsWith(short)) return `did you mean "${known}"?`;
  }
  return undefined;
}
