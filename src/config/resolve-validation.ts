// The settings of what request messages are held against, as the gateway runs by them.
import type { ValidationSettings } from "./settings-validation.ts";

export interface ValidationConfig {
  readonly enabled: boolean;
  readonly outputOnly: "reject" | "ignore";
  readonly maxViolations: number;
}

export function toValidation(settings: ValidationSettings): ValidationConfig {
  return {
    enabled: settings.enabled,
    outputOnly: settings.output_only,
    maxViolations: settings.max_violations,
  };
}
