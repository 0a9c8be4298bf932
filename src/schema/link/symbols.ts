// The table of every declared full name, and protoc's scoped lookup in it.
import type { Position } from "../../diagnostic.ts";
import { isMisnested } from "./doubt.ts";
import type { EnumNode, FieldNode, FileNode, MessageNode, ServiceNode } from "./node.ts";
import { formatPlace } from "./problems.ts";
import type { Problems } from "./problems.ts";

interface Placed {
  readonly name: string;
  readonly file: FileNode;
  readonly position: Position;
}

export type Symbol = Placed &
  (
    | { readonly kind: "message"; readonly node: MessageNode }
    | { readonly kind: "enum"; readonly node: EnumNode }
    | { readonly kind: "extension"; readonly node: FieldNode }
    | { readonly kind: "service"; readonly node: ServiceNode }
    | { readonly kind: "field" | "oneof" | "enum value" | "method" | "package" }
  );

export type TypeSymbol = Symbol & { readonly kind: "message" | "enum" };
export type ExtensionSymbol = Symbol & { readonly kind: "extension" };

export type Lookup<Found> =
  | { readonly kind: "found"; readonly symbol: Found }
  /** Declared, but in a file that is not imported. */
  | { readonly kind: "hidden"; readonly symbol: Found }
  /** Something of that name that is not what was asked for. */
  | { readonly kind: "other"; readonly symbol: Symbol }
  /** The first part was found in an inner scope, the rest is not in there; the name exists from the outermost. */
  | { readonly kind: "shadowed"; readonly by: string; readonly symbol: Found }
  | { readonly kind: "unknown" };

export class SymbolTable {
  readonly #symbols = new Map<string, Symbol>();
  readonly #packages = new Map<string, Symbol>();
  readonly #contested = new Set<string>();
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** False, after a report, when the name is taken. */
  add(symbol: Symbol): boolean {
    const other = this.#symbols.get(symbol.name) ?? this.#packages.get(symbol.name);
    if (other === undefined) {
      this.#symbols.set(symbol.name, symbol);
      return true;
    }
    symbol.file.hasUnresolved = true;
    this.#contested.add(symbol.name);
    if (other.kind === "message") other.node.isUnsure = true;
    if (isOutOfPlace(symbol) || isOutOfPlace(other)) return false;
    this.#problems.error({
      position: symbol.position,
      rule: "duplicate-name",
      message: `${symbol.kind} "${symbol.name}" is already declared as ${article(other.kind)} at ${formatPlace(other.position)}`,
      hint:
        symbol.kind === "enum value" || other.kind === "enum value"
          ? "enum values are siblings of their enum, not members of it: prefix them with the enum's name"
          : "rename one of them, or drop one if the file was loaded twice under two names",
    });
    return false;
  }

  /** It was declared a second time: who refers to it may mean that one. */
  isContested(name: string): boolean {
    return this.#contested.has(name);
  }

  /** Every prefix of `name` becomes a package of `file`. */
  addPackage(name: string, file: FileNode, position: Position): void {
    for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) {
      const prefix = name.slice(0, end);
      if (this.#packages.has(prefix)) continue;
      const other = this.#symbols.get(prefix);
      if (other !== undefined) {
        this.#problems.error({
          position,
          rule: "duplicate-name",
          message: `package "${prefix}" is already declared as ${article(other.kind)} at ${formatPlace(other.position)}`,
          hint: "rename the package or the other declaration",
        });
      }
      this.#packages.set(prefix, { kind: "package", name: prefix, file, position });
    }
  }

  get(name: string): Symbol | undefined {
    return this.#symbols.get(name);
  }

  *names(kinds: ReadonlySet<Symbol["kind"]>): Iterable<string> {
    for (const symbol of this.#symbols.values()) if (kinds.has(symbol.kind)) yield symbol.name;
  }

  /**
   * protoc's rule: the innermost scope that has the first part decides, and the rest must be in there.
   * `scope` is the full name of what encloses the reference.
   */
  lookup<Found extends Symbol>(
    name: string,
    scope: string,
    file: FileNode,
    accept: (symbol: Symbol) => symbol is Found,
  ): Lookup<Found> {
    const result = this.#search(name, scope, file, accept);
    if (result.kind === "found") {
      for (const path of file.visible.get(result.symbol.file) ?? []) file.usedImports.add(path);
      return result;
    }
    const anywhere = this.#search(name, scope, undefined, accept);
    if (anywhere.kind === "found") return { kind: "hidden", symbol: anywhere.symbol };
    return result;
  }

  /** `file` undefined: everything is visible. */
  #search<Found extends Symbol>(
    name: string,
    scope: string,
    file: FileNode | undefined,
    accept: (symbol: Symbol) => symbol is Found,
  ): Lookup<Found> {
    if (name.startsWith(".")) return judge(this.#find(name.slice(1), file), accept);
    const dot = name.indexOf(".");
    const first = dot < 0 ? name : name.slice(0, dot);
    let other: Lookup<Found> = { kind: "unknown" };
    for (let inner = scope; ; inner = inner.slice(0, Math.max(0, inner.lastIndexOf(".")))) {
      const prefix = inner === "" ? "" : `${inner}.`;
      const symbol = this.#find(prefix + first, file);
      if (symbol !== undefined && dot < 0) {
        const judged = judge(symbol, accept);
        if (judged.kind === "found") return judged;
        if (other.kind === "unknown") other = judged;
      } else if (symbol !== undefined && isAggregate(symbol)) {
        const judged = judge(this.#find(prefix + name, file), accept);
        return judged.kind === "unknown" && inner !== "" ? this.#shadowed(name, symbol.name, file, accept) : judged;
      }
      if (inner === "") return other;
    }
  }

  #shadowed<Found extends Symbol>(
    name: string,
    by: string,
    file: FileNode | undefined,
    accept: (symbol: Symbol) => symbol is Found,
  ): Lookup<Found> {
    const outer = judge(this.#find(name, file), accept);
    return outer.kind === "found" ? { kind: "shadowed", by, symbol: outer.symbol } : outer;
  }

  #find(name: string, file: FileNode | undefined): Symbol | undefined {
    const symbol = this.#symbols.get(name);
    if (symbol !== undefined && (file === undefined || file.visible.has(symbol.file))) return symbol;
    if (file !== undefined && !file.visiblePackages.has(name)) return undefined;
    return this.#packages.get(name);
  }
}

/** It has this full name only because of an error around it. */
function isOutOfPlace({ file, position }: Symbol): boolean {
  return file.raw.damage?.hasLostPackage === true || isMisnested({ file, position });
}

function judge<Found extends Symbol>(
  symbol: Symbol | undefined,
  accept: (symbol: Symbol) => symbol is Found,
): Lookup<Found> {
  if (symbol === undefined) return { kind: "unknown" };
  return accept(symbol) ? { kind: "found", symbol } : { kind: "other", symbol };
}

function isAggregate(symbol: Symbol): boolean {
  return symbol.kind === "package" || symbol.kind === "message" || symbol.kind === "enum" || symbol.kind === "service";
}

export function isTypeSymbol(symbol: Symbol): symbol is TypeSymbol {
  return symbol.kind === "message" || symbol.kind === "enum";
}

export function isExtensionSymbol(symbol: Symbol): symbol is ExtensionSymbol {
  return symbol.kind === "extension";
}

/** `a message`, `an enum`. */
export function article(kind: string): string {
  return `${/^[aeio]/.test(kind) ? "an" : "a"} ${kind}`;
}
