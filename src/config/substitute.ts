// ${NAME} in the values of sluice.yaml: secrets and addresses come from the environment, never structure.

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substitution {
  readonly text: string;
  readonly problems: readonly { readonly message: string; readonly hint: string }[];
}

/**
 * `Reference = "${" NAME [":-" FALLBACK] "}"`, `$${` is a literal `${`. The fallback stands in for a variable that is
 * unset or empty. What a variable holds is never substituted again.
 */
export function substituteEnvironment(text: string, environment: Environment): Substitution {
  if (!text.includes("${")) return { text, problems: [] };
  const problems: { message: string; hint: string }[] = [];
  const result = text.replace(
    /\$\$\{|\$\{([^}]*)(\}?)/g,
    (match, body: string | undefined, close: string | undefined) => {
      if (body === undefined) return "${";
      const reference = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(body);
      if (reference === null || close === "") {
        problems.push({
          message: `"${match}" is not a reference to a variable`,
          hint: "write ${NAME} or ${NAME:-fallback}, and $${ for a literal ${",
        });
        return match;
      }
      const [, name, fallback] = reference;
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
      if (value === undefined)
        problems.push({
          message: `the environment variable ${name} is not set`,
          hint: `set it, or write \${${name}:-fallback}`,
        });
      return value ?? "";
    },
  );
  return { text: result, problems };
}
