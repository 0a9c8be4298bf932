// Prints diagnostics: for people (coloured, counted) or machines (JSON).
import { formatDiagnostic } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { printable } from "./terminal.ts";
import type { Style } from "./terminal.ts";

export function formatForPeople(diagnostic: Diagnostic, style: Style): string {
  const text = printable(formatDiagnostic(diagnostic));
  const word = `${diagnostic.severity}:`;
  const at = text.indexOf(word);
  const paint = diagnostic.severity === "error" ? style.red : style.yellow;
  return `${style.bold(text.slice(0, at))}${paint(word)}${text.slice(at + word.length)}`;
}

export function formatForMachines(diagnostics: readonly Diagnostic[]): string {
  const entries = diagnostics.map(({ severity, position, message, hint, rule }) => ({
    severity,
    rule,
    file: position?.file,
    line: position?.line,
    column: position?.column,
    message,
    hint,
  }));
  return JSON.stringify(entries, undefined, 2);
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}

/** `2 errors, 1 warning`. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic["severity"]): string | undefined => {
    const number = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return number === 0 ? undefined : plural(number, severity);
  };
  return [count("error"), count("warning")].filter((part) => part !== undefined).join(", ");
}

export function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
