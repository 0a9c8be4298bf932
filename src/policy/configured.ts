// What the configuration says of methods.
import type { AuthConfig, LimitConfig, PolicyConfig } from "../config/config.ts";
import type { ComposeRule } from "../schema/compose-rule.ts";
import type { Method } from "../schema/descriptor.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";
import type { ConfiguredParts } from "./parts.ts";

export interface Configured {
  readonly auth: AuthConfig | undefined;
  readonly limits: readonly LimitConfig[];
  readonly policies: readonly PolicyConfig[];
  /** What these say of `stream` and `http`. */
  readonly parts: readonly ConfiguredParts[];
  /** Routes that it adds. */
  readonly httpRules: readonly YamlHttpRule[];
  readonly compose: readonly ComposeRule[];
}

/** The gateway answers it itself, from calls of other methods. */
export function isComposed({ name, options }: Method, { compose }: Pick<Configured, "compose">): boolean {
  return options.has("(sluice.compose)") || compose.some(({ method }) => method === name);
}
